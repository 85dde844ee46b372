import { describe, expect, it } from 'vitest'
import { nextDelayMs, readRetryAfter, standardRetryDelaysMs } from './retry-schedule.ts'

const now = new Date('2026-01-01T00:00:00Z')
const next = (attempt: number, over: { retryAfterMs?: number | null; random?: number } = {}) =>
  nextDelayMs({
    delaysMs: standardRetryDelaysMs,
    attempt,
    retryAfterMs: over.retryAfterMs ?? null,
    random: over.random ?? 0,
  })

describe('the wait before the next try', () => {
  it('follows the schedule and ends', () => {
    const waits = Array.from({ length: 10 }, (_, i) => next(i + 1))
    expect(waits).toEqual([...standardRetryDelaysMs, null])
    expect(standardRetryDelaysMs.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(3 * 24 * 3_600_000)
  })

  it('is up to a fifth longer at random, never shorter', () => {
    expect([next(1, { random: 0 }), next(1, { random: 0.5 }), next(1, { random: 0.999_99 })]).toEqual([
      5_000, 5_500, 6_000,
    ])
  })

  it('is what the receiver asks for, within bounds', () => {
    expect(next(1, { retryAfterMs: 60_000 })).toBe(60_000)
    expect(next(2, { retryAfterMs: 0 })).toBe(300_000)
    expect(next(1, { retryAfterMs: 365 * 86_400_000 })).toBe(86_400_000)
    expect(next(10, { retryAfterMs: 60_000 })).toBeNull()
  })

  it('reads Retry-After in both forms and nothing else', () => {
    expect(readRetryAfter('120', now)).toBe(120_000)
    expect(readRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000)
    expect(readRetryAfter('Wed, 31 Dec 2025 23:00:00 GMT', now)).toBe(0)
    for (const other of [
      undefined,
      '',
      '-1',
      '1.5',
      '1e9',
      'soon',
      '99999999999',
      'Thu, 01 Jan 2026 00:01:00',
      'Xxx, 99 Foo 2026 00:00:00 GMT',
    ])
      expect([other, readRetryAfter(other, now)]).toEqual([other, null])
  })
})
