import { describe, expect, it } from 'vitest'
import { freshTenant, noLatency, profileV1, sourceIds, startSimulator } from '../index.ts'
import { cmdletMs, exchangeBatchMs, graphBatchMs, isSlowCmdlet } from './latency.ts'
import { floorMs, longestChainMs } from './sources.ts'

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

describe('the floor', () => {
  it('is the slowest service: token and dependent rounds', () => {
    expect(floorMs(profileV1, ['graph/directoryRoles'])).toBe(350)
    expect(floorMs(profileV1, ['graph/users/{id}'])).toBe(200 + 3 * 150)
    expect(floorMs(profileV1, ['teams/Get-CsTeamsMeetingPolicy', 'graph/domains'])).toBe(500)
    expect(floorMs(profileV1, ['compliance/Get-LabelPolicy'])).toBe(200 + 2 * 800)
    expect(floorMs(profileV1, ['sharepoint/tenant'])).toBe(600)
    expect(floorMs(profileV1, [])).toBe(0)
    expect(floorMs(noLatency)).toBe(0)
    expect(() => floorMs(profileV1, ['graph/nonsense'])).toThrow('There is no source')
  })

  it('ignores other services, the longest chain does not', () => {
    expect(longestChainMs(profileV1, ['sharepoint/tenant'])).toBe(200 + 150 + 200 + 400)
    const domains = longestChainMs(profileV1, ['exchange/Get-AcceptedDomain'])
    expect(longestChainMs(profileV1, ['dns/txt'])).toBe(domains + 20)
  })

  it('follows the knobs', async () => {
    const simulator = await startSimulator({ tenants: [freshTenant()], latency: 'v1', latencyScale: 2 })
    try {
      expect(simulator.floorMs(['graph/domains'])).toBe(700)
      simulator.configure({ latency: 'none' })
      expect(simulator.floorMs()).toBe(0)
    } finally {
      await simulator.close()
    }
  })
})
