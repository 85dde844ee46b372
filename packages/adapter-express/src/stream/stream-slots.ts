/** Counts the open streams of each platform tenant, so that one cannot take them all. */
export interface StreamSlots {
  /** The way to give it back (idempotent), or null when the platform tenant has all it may have. */
  take(platformTenantId: string): (() => void) | null
}

export function streamSlots(limit: number): StreamSlots {
  const counts = new Map<string, number>()
  return {
    take: (platformTenantId) => {
      const count = counts.get(platformTenantId) ?? 0
      if (count >= limit) return null
      counts.set(platformTenantId, count + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        const left = (counts.get(platformTenantId) ?? 1) - 1
        if (left === 0) counts.delete(platformTenantId)
        else counts.set(platformTenantId, left)
      }
    },
  }
}
