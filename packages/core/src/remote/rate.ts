/** How often something may happen, per name: a bucket that fills with time. Bounded in memory, in this process only. */
export interface Rate {
  /** Takes one. null: fine; otherwise the milliseconds until there is one again. */
  take(name: string): number | null
  /** The same without taking. */
  look(name: string): number | null
}

/** More names than this are not kept; the oldest go first, and a forgotten bucket is a full one. */
const names = 10_000

export function rate(params: { perSecond: number; burst: number; monotonicMs?: () => number }): Rate {
  const { perSecond, burst, monotonicMs = () => performance.now() } = params
  const buckets = new Map<string, { left: number; at: number }>()
  const level = (name: string, now: number) => {
    const bucket = buckets.get(name)
    return bucket ? Math.min(burst, bucket.left + ((now - bucket.at) * perSecond) / 1_000) : burst
  }
  const wait = (left: number) => (left >= 1 ? null : Math.ceil(((1 - left) * 1_000) / perSecond))
  return {
    look: (name) => wait(level(name, monotonicMs())),
    take: (name) => {
      const now = monotonicMs()
      const left = level(name, now)
      const waitMs = wait(left)
      buckets.delete(name)
      buckets.set(name, { left: waitMs === null ? left - 1 : left, at: now })
      const oldest = buckets.size > names ? buckets.keys().next().value : undefined
      if (oldest !== undefined) buckets.delete(oldest)
      return waitMs
    },
  }
}
