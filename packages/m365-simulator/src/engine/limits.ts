/** Rate limits that Microsoft documents for what a scan reads. */
export const rateLimitNames = ['conditionalAccess', 'reports', 'directory', 'intune', 'fabric'] as const
export type RateLimitName = (typeof rateLimitNames)[number]

/** `'documented'`: all of them; otherwise those that are named. Conditional access is limited in any case. */
export type RateLimitChoice = 'documented' | RateLimitName[]

interface Limit {
  windowMs: number
  units(users: number): number
  /** Whether the refusal says how long to wait. */
  namesTime: boolean
}

const limits: Record<RateLimitName, Limit> = {
  // One request a second and tenant, over all applications, and never a word about the time.
  conditionalAccess: { windowMs: 1000, units: () => 1, namesTime: false },
  reports: { windowMs: 10_000, units: () => 5, namesTime: true },
  // Resource units, by the size of the tenant.
  directory: {
    windowMs: 10_000,
    units: (users) => (users < 50 ? 3500 : users <= 500 ? 5000 : 8000),
    namesTime: true,
  },
  intune: { windowMs: 20_000, units: () => 1000, namesTime: true },
  fabric: { windowMs: 60_000, units: () => 25, namesTime: true },
}

/** What a limit lets through in which time, in a tenant of that size. */
export function limitOf(name: RateLimitName, users: number): { windowMs: number; most: number } {
  const { windowMs, units } = limits[name]
  return { windowMs, most: units(users) }
}

export interface Refusal {
  retryAfterSeconds: number | undefined
}

export interface Use {
  limit: RateLimitName
  tenantId: string
  /** People in the tenant: one of the limits depends on it. */
  users?: number
  units?: number
}

/** Counts what was let through in the window that ends now. A refused request costs nothing. */
export class RateLimits {
  #enforced = new Set<RateLimitName>(['conditionalAccess'])
  readonly #used = new Map<string, { at: number; units: number }[]>()

  enforce(choice: RateLimitChoice): void {
    this.#enforced = new Set(['conditionalAccess', ...(choice === 'documented' ? rateLimitNames : choice)])
  }

  get enforced(): ReadonlySet<RateLimitName> {
    return this.#enforced
  }

  refuses(use: Use, now: number): Refusal | undefined {
    if (!this.#enforced.has(use.limit)) return undefined
    const { windowMs, units: most, namesTime } = limits[use.limit]
    const key = `${use.limit} ${use.tenantId}`
    const recent = (this.#used.get(key) ?? []).filter(({ at }) => now - at < windowMs)
    this.#used.set(key, recent)
    const units = use.units ?? 1
    const spent = recent.reduce((sum, one) => sum + one.units, 0)
    if (spent + units <= most(use.users ?? 0)) {
      recent.push({ at: now, units })
      return undefined
    }
    const oldest = recent[0]?.at ?? now
    return { retryAfterSeconds: namesTime ? Math.max(1, Math.ceil((oldest + windowMs - now) / 1000)) : undefined }
  }
}
