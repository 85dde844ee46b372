/** One server-sent event as the bytes that go out. */
export function frame({ id, event, data }: { id?: number; event: string; data: unknown }): Buffer {
  // JSON.stringify escapes CR and LF, and event names are ours: one frame stays one frame.
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

export interface FrameCache {
  /** The bytes of an event of a scan's log, made once however many clients follow. Whether a client may see the event is decided before. */
  of(event: { scanId: string; sequence: number }, make: () => Buffer): Buffer
}

/** Log entries never change, so nothing in here goes stale; it is bounded in number and in size, and the oldest goes first. */
export function frameCache(limits = { frames: 2_000, bytesPerFrame: 4 * 1024 }): FrameCache {
  const kept = new Map<string, Buffer>()
  return {
    of: ({ scanId, sequence }, make) => {
      const key = `${scanId}/${sequence}`
      const before = kept.get(key)
      if (before) return before
      const made = make()
      if (made.length > limits.bytesPerFrame) return made
      kept.set(key, made)
      if (kept.size > limits.frames) {
        for (const oldest of kept.keys()) {
          kept.delete(oldest)
          break
        }
      }
      return made
    },
  }
}
