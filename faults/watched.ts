import type { Queue, Storage } from '@tenantscope/core'

export interface Watch {
  /** A call has not settled after 15 s. */
  onPending: (call: string) => void
  onFailed?: (call: string, error: unknown) => void
}

/** The same storage; tells of calls to its stores that hang or fail. */
export function watchCalls(storage: Storage, watch: Watch): Storage {
  const parts = Object.entries(storage).map(([name, part]) => [
    name,
    typeof part === 'object' && part !== null ? watchStore(name, part, watch) : part,
  ])
  return Object.fromEntries(parts) as Storage
}

/** The same queue, watched in the same way. A delivery lasts as long as its scan, so consuming is not watched. */
export function watchQueue(queue: Queue, watch: Watch): Queue {
  const { enqueue, remove } = queue
  return { ...queue, ...(watchStore('queue', { enqueue, remove }, watch) as Pick<Queue, 'enqueue' | 'remove'>) }
}

function watchStore(store: string, methods: object, watch: Watch): object {
  return Object.fromEntries(
    Object.entries(methods).map(([method, fn]: [string, (...args: unknown[]) => Promise<unknown>]) => {
      const call = `${store}.${method}`
      const watched = async (...args: unknown[]) => {
        const timer = setTimeout(() => watch.onPending(call), 15_000)
        timer.unref()
        try {
          return await fn(...args)
        } catch (error) {
          watch.onFailed?.(call, error)
          throw error
        } finally {
          clearTimeout(timer)
        }
      }
      return [method, watched]
    }),
  )
}
