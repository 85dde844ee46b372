import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freshTenant, type SimulatorOptions, type TenantDocument } from '../index.ts'
import { type TestCertificate, testCertificate } from '../testing/certificate.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'
import { Reader } from '../testing/reader.ts'

let certificate: TestCertificate
let client: Client
let tenant: TenantDocument
let reader: Reader

beforeAll(async () => {
  certificate = await testCertificate()
})

async function start(options: Partial<SimulatorOptions> = {}, document = freshTenant()): Promise<void> {
  tenant = document
  tenant.app.certificates.push(certificate.pem)
  client = await Client.start({ ...options, tenants: [tenant] })
  reader = new Reader(client, tenant, certificate)
}

afterEach(() => client.close())

const conditionalAccess = '/v1.0/identity/conditionalAccess/policies'

describe('the tally', () => {
  it('counts round trips, and reads whether alone or in a batch', async () => {
    await start()
    await reader.batch('v1.0', ['/organization', '/domains', '/identity/conditionalAccess/policies'])
    await reader.graph('/v1.0/groupSettings')
    await reader.cmdlet('Get-TransportConfig')
    await client.simulator.resolveTxt(tenant.initialDomain)
    const { tally } = client.simulator
    expect(tally()).toEqual({
      roundTrips: 5,
      signIns: 2,
      reads: {
        'graph/organization': 1,
        'graph/domains': 1,
        'graph/identity/conditionalAccess/policies': 1,
        'graph/groupSettings': 1,
        'exchange/Get-TransportConfig': 1,
        'dns/txt': 1,
      },
      repeated: [],
      buckets: { directory: 3, conditionalAccess: 1 },
      limited: 0,
    })
    expect(tally(tenant.tenantId)).toEqual(tally())
    expect(tally('nobody')).toMatchObject({ roundTrips: 0, reads: {} })
  })

  it('does not take further pages for another read, and finds what was read twice', async () => {
    await start()
    await reader.graph('/v1.0/users?$top=5&$select=id')
    expect(client.simulator.tally()).toMatchObject({ reads: { 'graph/users': 1 }, repeated: [] })
    expect(client.simulator.tally().roundTrips).toBeGreaterThan(2)
    await reader.batch('v1.0', ['/users?$top=5&$select=id', '/organization'])
    expect(client.simulator.tally()).toMatchObject({
      reads: { 'graph/users': 2, 'graph/organization': 1 },
      repeated: ['graph/users /v1.0/users?$top=5&$select=id'],
    })
  })

  it('does not count an answer that was none', async () => {
    await start({ faults: [{ match: { source: 'graph/domains' }, kind: 'status', status: 503, times: 1 }] })
    await reader.graph('/v1.0/domains')
    await reader.graph('/v1.0/domains')
    expect(client.simulator.tally()).toMatchObject({ roundTrips: 3, reads: { 'graph/domains': 1 }, repeated: [] })
  })

  it('shows every attempt at conditional access, and which of them its limit refused', async () => {
    await start()
    expect((await reader.graph(conditionalAccess)).status).toBe(200)
    expect((await reader.graph(conditionalAccess)).status).toBe(429)
    expect(client.simulator.tally()).toMatchObject({
      reads: { 'graph/identity/conditionalAccess/policies': 1 },
      buckets: { conditionalAccess: 2 },
      limited: 1,
    })
  })
})

describe('documented limits over the wire', () => {
  const report = '/v1.0/reports/authenticationMethods/userRegistrationDetails'

  it('are only that of conditional access, unless more are asked for', async () => {
    await start()
    for (let index = 0; index < 6; index++) expect((await reader.graph(report)).status).toBe(200)
    client.simulator.configure({ rateLimits: ['reports'] })
    const answers = []
    for (let index = 0; index < 6; index++) answers.push((await reader.graph(report)).status)
    expect(answers).toEqual([200, 200, 200, 200, 200, 429])
    expect(() => client.simulator.configure({ rateLimits: ['raports' as 'reports'] })).toThrow('raports')
  })

  it('name a time everywhere but at conditional access, and a scope', async () => {
    await start({ rateLimits: 'documented' })
    const signed = await signedIn(client, tenant, scopes.graph)
    const last = async (url: string, times: number) => {
      let response = await signed(url)
      for (let index = 1; index < times; index++) response = await signed(url)
      return response
    }
    const refused = await last(`https://graph.microsoft.com${report}`, 6)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(refused.headers.get('x-ms-throttle-scope')).toContain(tenant.tenantId)
    const bare = await last(`https://graph.microsoft.com${conditionalAccess}`, 2)
    expect([bare.status, bare.headers.get('retry-after')]).toEqual([429, null])
  })

  it('let Fabric answer 25 times a minute', async () => {
    await start({ rateLimits: 'documented' }, freshTenant({ fabric: { pageSize: 1 } }))
    const first = await reader.fabric()
    expect([first.status, first.pages]).toEqual([200, 11])
    expect((await reader.fabric()).status).toBe(200)
    expect(await reader.fabric()).toMatchObject({ status: 429, pages: 4, marker: 'RequestBlocked' })
    expect(client.simulator.tally()).toMatchObject({ buckets: { fabric: 26 }, limited: 1 })
  })

  it('price directory reads', async () => {
    await start()
    const signed = await signedIn(client, tenant, scopes.graph)
    const price = async (path: string) =>
      (await signed(`https://graph.microsoft.com/v1.0${path}`)).headers.get('x-ms-resource-unit')
    const [user] = tenant.graph.users
    const [group] = tenant.graph.groups
    expect(await price('/users')).toBe('2')
    expect(await price('/users?$select=id')).toBe('1')
    expect(await price(`/users/${user?.id}/licenseDetails`)).toBe('2')
    expect(await price(`/groups/${group?.id}/members`)).toBe('3')
    expect(await price('/domains')).toBe('1')
  })
})
