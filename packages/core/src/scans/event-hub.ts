/** Wakes whoever follows a scan's event log in this process. A wake-up is a hint: the follower reads the log. */
export interface EventHub {
  notify(scanId: string): void
  /** Resolves at the next notification, after `timeoutMs`, or when the signal aborts; never rejects and leaves no timer behind. */
  wait(params: { scanId: string; timeoutMs: number; signal: AbortSignal | undefined }): Promise<void>
  /** Wakes everybody; later waits return at once. */
  close(): void
  readonly closed: boolean
}

export function eventHub(): EventHub {
  const waiters = new Map<string, Set<() => void>>()
  let closed = false
  return {
    get closed() {
      return closed
    },
    notify: (scanId) => {
      for (const wake of [...(waiters.get(scanId) ?? [])]) wake()
    },
    wait: ({ scanId, timeoutMs, signal }) =>
      new Promise((resolve) => {
        if (closed || signal?.aborted) return resolve()
        const group = waiters.get(scanId) ?? new Set()
        waiters.set(scanId, group)
        const wake = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', wake)
          group.delete(wake)
          if (group.size === 0) waiters.delete(scanId)
          resolve()
        }
        const timer = setTimeout(wake, timeoutMs)
        signal?.addEventListener('abort', wake, { once: true })
        group.add(wake)
      }),
    close: () => {
      closed = true
      for (const group of [...waiters.values()]) for (const wake of [...group]) wake()
    },
  }
}
