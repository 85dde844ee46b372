import { describe, expect, it } from 'vitest'
import { profileV1, sourceIds } from '../index.ts'
import { cmdletMs, exchangeBatchMs, graphBatchMs, isSlowCmdlet } from './latency.ts'

describe('latency', () => {
  it('of a Graph batch grows with its parts', () => {
    expect([1, 20].map((parts) => graphBatchMs(profileV1, parts))).toEqual([150, 350])
    expect(graphBatchMs(profileV1, 10)).toBeGreaterThan(graphBatchMs(profileV1, 5))
  })

  it('of a cmdlet depends on its name alone, and of a batch on its slowest', () => {
    const names = sourceIds.filter((id) => id.startsWith('exchange/')).map((id) => id.slice('exchange/'.length))
    const slow = names.filter((name) => isSlowCmdlet(profileV1, name))
    expect(slow.length).toBeGreaterThan(0)
    expect(slow.length).toBeLessThan(names.length / 4)
    const quick = names.filter((name) => !slow.includes(name))
    expect(exchangeBatchMs(profileV1, quick.slice(0, 10))).toBe(1500)
    expect(exchangeBatchMs(profileV1, [quick[0] ?? '', slow[0] ?? ''])).toBe(1800)
    expect(cmdletMs({ ...profileV1, exchangeSlowShare: 0 }, slow[0] ?? '')).toBe(500)
  })
})
