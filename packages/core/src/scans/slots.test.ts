import { describe, expect, it } from 'vitest'
import { slots } from './slots.ts'

const mb = 1024 * 1024

describe('slots', () => {
  it.each([
    ['memory', { freeBytes: 700 * mb, cores: 16 }, 3],
    ['cores', { freeBytes: 64_000 * mb, cores: 2 }, 4],
    ['one at least', { freeBytes: 50 * mb, cores: 1 }, 1],
  ])('follow from %s', (_, machine, expected) => {
    expect(slots(undefined, machine)).toBe(expected)
  })

  it('are what the host says, whatever the machine has', () => {
    expect(slots(12, { freeBytes: 50 * mb, cores: 1 })).toBe(12)
  })

  it('are found on this machine', () => {
    expect(slots(undefined)).toBeGreaterThanOrEqual(1)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuse %s', (wanted) => {
    expect(() => slots(wanted)).toThrow('/worker/concurrency')
  })
})
