import { describe, expect, it } from 'vitest'
import { RateLimits, type Use } from './limits.ts'

const tenantId = 'one'
const start = 1_000_000

/** How many of so many requests, sent at the same moment, get through. */
function passing(limits: RateLimits, use: Omit<Use, 'tenantId'>, count: number, now = start): number {
  return Array.from({ length: count }, () => limits.refuses({ tenantId, ...use }, now)).filter(
    (refusal) => refusal === undefined,
  ).length
}

describe('rate limits', () => {
  it('hold conditional access to one request a second and tenant, without a time', () => {
    const limits = new RateLimits()
    expect(passing(limits, { limit: 'conditionalAccess' }, 3)).toBe(1)
    expect(limits.refuses({ limit: 'conditionalAccess', tenantId: 'other' }, start)).toBeUndefined()
    expect(limits.refuses({ limit: 'conditionalAccess', tenantId }, start + 999)).toEqual({
      retryAfterSeconds: undefined,
    })
    expect(limits.refuses({ limit: 'conditionalAccess', tenantId }, start + 1000)).toBeUndefined()
  })

  it('leave the others alone until they are chosen', () => {
    const limits = new RateLimits()
    expect(passing(limits, { limit: 'reports' }, 50)).toBe(50)
    limits.enforce(['reports'])
    expect(passing(limits, { limit: 'fabric' }, 50)).toBe(50)
    expect(passing(limits, { limit: 'reports' }, 50, start + 10_000)).toBe(5)
  })

  it('say when the next request may come', () => {
    const limits = new RateLimits()
    limits.enforce('documented')
    expect(passing(limits, { limit: 'reports' }, 4)).toBe(4)
    expect(limits.refuses({ limit: 'reports', tenantId }, start + 3000)).toBeUndefined()
    expect(limits.refuses({ limit: 'reports', tenantId }, start + 4000)).toEqual({ retryAfterSeconds: 6 })
    expect(limits.refuses({ limit: 'reports', tenantId }, start + 10_000)).toBeUndefined()
  })

  it('know Fabric’s minute and Intune’s twenty seconds', () => {
    const limits = new RateLimits()
    limits.enforce('documented')
    expect(passing(limits, { limit: 'fabric' }, 30)).toBe(25)
    expect(limits.refuses({ limit: 'fabric', tenantId }, start + 1)).toEqual({ retryAfterSeconds: 60 })
    expect(passing(limits, { limit: 'intune' }, 1100)).toBe(1000)
  })

  it('count directory reads in units, and give bigger tenants more', () => {
    const costly = { limit: 'directory' as const, units: 5 }
    for (const [users, units] of [
      [10, 3500],
      [500, 5000],
      [20_000, 8000],
    ] as const) {
      const limits = new RateLimits()
      limits.enforce('documented')
      expect(passing(limits, { ...costly, users }, 2000)).toBe(units / 5)
    }
  })
})
