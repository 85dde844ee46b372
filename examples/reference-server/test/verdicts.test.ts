import { freshTenant, hardenedTenant, unicodeTenant } from '@tenantscope/m365-simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { platform, registration, withCertificate } from './platform.ts'
import { ended, register, resultsOf, startScan, verdicts } from './scans.ts'

const fresh = freshTenant()
const hardened = hardenedTenant()
let on: Awaited<ReturnType<typeof platform>>

beforeAll(async () => {
  on = await platform({ tenants: [fresh, hardened] })
})
afterAll(() => on.close())

/** The controls of the first landing, with what a new tenant's defaults must give. */
const expectedOnFresh = {
  '1.1.1': 'Pass',
  '1.2.1': 'Manual: operator_input_missing',
  '1.3.8': 'Manual: no_api',
  '2.1.1': 'NotApplicable: not_licensed',
  '2.1.8': 'Pass',
  '2.1.10': 'Fail',
  '3.1.1': 'Pass',
  '3.2.1': 'Fail',
  '3.3.1': 'Fail',
  '4.1': 'Fail',
  '4.2': 'Fail',
  '5.1.2.2': 'Fail',
  '5.1.2.3': 'Fail',
  '5.2.2.1': 'Fail',
  '5.3.1': 'NotApplicable: not_licensed',
  '6.1.1': 'Pass',
  '6.2.1': 'Fail',
  '7.2.1': 'Fail',
  '7.2.3': 'Fail',
  '7.3.1': 'NotApplicable: not_licensed',
  '8.2.2': 'Fail',
  '8.5.3': 'Fail',
  '9.1.1': 'Fail',
  '9.1.6': 'Fail',
}
const first24 = Object.keys(expectedOnFresh)

describe('the first 24 controls', () => {
  it('on a new tenant', async () => {
    const scan = await startScan(on, await register(on, await withCertificate(fresh)), { check_ids: first24 })
    expect(await ended(on, scan)).toMatchObject({ status: 'completed', total_checks: 24, progress_percentage: 100 })
    expect(verdicts(await resultsOf(on, scan))).toEqual(expectedOnFresh)
  })

  it('on a hardened tenant all pass, but for the one that no API answers', async () => {
    const tenantId = await register(on, await withCertificate(hardened))
    on.simulator.clearRequests()
    const scan = await startScan(on, tenantId, { check_ids: first24 })
    expect(await ended(on, scan)).toMatchObject({ status: 'completed', passed: 23, manual: 1, failed: 0, errors: 0 })
    const rows = await resultsOf(on, scan)
    expect([...rows.values()].filter((row) => row.status !== 'Pass').map((row) => row.check_id)).toEqual(['1.3.8'])
    expectEachSourceOnce()
  })

  it('with a client secret, SharePoint is not read, and what Graph answers instead is judged', async () => {
    const secretOnly = freshTenant({ tenantId: '77777777-7777-4777-8777-777777777777' })
    const other = await platform({ tenants: [secretOnly] })
    try {
      const scan = await startScan(other, await register(other, registration(secretOnly)), {
        check_ids: ['7.2.1', '7.2.3', '7.3.1'],
      })
      await ended(other, scan)
      expect(verdicts(await resultsOf(other, scan))).toEqual({
        '7.2.1': 'Fail',
        '7.2.3': 'Fail',
        '7.3.1': 'Error: credential_cannot_read',
      })
    } finally {
      await other.close()
    }
  })
})

/** One request per source; per-object sources once per object, tokens once per audience. */
function expectEachSourceOnce() {
  const seen = new Map<string, number>()
  for (const request of on.simulator.requests) {
    if (request.service === 'dns') continue
    for (const source of request.sources ?? [request.source]) if (source) seen.set(source, (seen.get(source) ?? 0) + 1)
  }
  const perObject = [...seen].filter(
    ([source, count]) => count > 1 && !source.includes('{id}') && source !== 'signin/token',
  )
  expect(perObject).toEqual([])
  expect(seen.get('graph/identity/conditionalAccess/policies')).toBe(1)
  expect(seen.get('exchange/Get-AcceptedDomain')).toBe(1)
}

it('S-62, S-66: names in any script, with markup, formulas and control characters, arrive as they are or as near as can be stored', {
  timeout: 120_000,
}, async () => {
  const odd = unicodeTenant()
  const other = await platform({ tenants: [odd] })
  try {
    const scan = await startScan(other, await register(other, await withCertificate(odd)))
    expect(await ended(other, scan)).toMatchObject({ status: 'completed', total_checks: 130, progress_percentage: 100 })
    // Public groups without a list of approved ones: every one is named.
    const { body } = await other.call('GET', `/scans/${scan}/results/1.2.1`)
    const named = new Set(body.details.map((row: { ResourceName: string }) => row.ResourceName))
    const publicGroups = odd.graph.groups.filter(({ visibility }) => visibility === 'Public')
    expect(publicGroups.length).toBeGreaterThan(5)
    // PostgreSQL keeps neither a NUL nor half a character: each is one replacement character, and the rest stands. Who has no name goes by the id.
    for (const { displayName, id } of publicGroups)
      expect(named).toContain(displayName.replaceAll('\0', '\ufffd').toWellFormed() || id)
  } finally {
    await other.close()
  }
})
