import { afterEach, describe, expect, test } from 'vitest'
import { type FakeAnswer, type FakeRequest, type FakeServices, startFakeServices } from './fake-services.ts'
import { type EngineRun, job, startEngine } from './host.ts'

let services: FakeServices | undefined

afterEach(async () => {
  await services?.close()
  services = undefined
})

async function read(
  sources: string[],
  answer: (request: FakeRequest) => FakeAnswer,
  overrides: Record<string, unknown> = {},
): Promise<EngineRun> {
  services = await startFakeServices(answer)
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const token = () => ({ accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' })
  const run = await startEngine(job({ controls: [], sources, network, ...overrides }), { token }).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

const source = (run: EngineRun, id: string) => run.frames.find((frame) => frame.t === 'source.read' && frame.id === id)
const evidence = (run: EngineRun, id: string) => run.frames.find((frame) => frame.t === 'evidence' && frame.id === id)

describe('Exchange and compliance', () => {
  const organization = (plans: object[]) => ({
    body: { value: [{ id: 'o', assignedPlans: plans, verifiedDomains: [] }] },
  })
  const defender = { servicePlanId: 'f20fedf3-f3c3-43c3-8267-2bfdd51c0939', capabilityStatus: 'Enabled' }
  const other = { servicePlanId: 'efb87545-963c-4e0d-99df-69c6916d9eb0', capabilityStatus: 'Enabled' }
  const id = 'exchange/Get-SafeLinksPolicy'
  const nothing = { status: 403, headers: { 'content-type': 'application/octet-stream' }, body: '\0\0\0\0' }

  test.each([
    ['the plan is there: a role is missing', [other, defender], 'denied'],
    ['the plan is not there', [other, { ...defender, capabilityStatus: 'Deleted' }], 'unlicensed'],
    ['no plan is known', [], 'denied'],
  ])('403 without words: %s', async (_name, plans, state) => {
    const run = await read([id], (request) => (request.host.startsWith('graph') ? organization(plans) : nothing))
    expect(source(run, id)).toMatchObject({ state })
    // Read to explain the refusal: no source of the scan.
    expect(run.frames.filter((frame) => frame.t === 'source.read')).toHaveLength(1)
  })

  test('an empty list of a feature without a plan is unlicensed', async () => {
    const run = await read([id], (request) =>
      request.host.startsWith('graph') ? organization([other]) : { body: { '@adminapi.warnings': [], value: [] } },
    )
    expect(source(run, id)).toMatchObject({ state: 'unlicensed' })
  })

  test('the region of compliance is read from the redirect, and its token goes nowhere else', async () => {
    const run = await read(['compliance/Get-LabelPolicy'], (request) =>
      request.method === 'GET'
        ? { status: 302, headers: { location: 'https://eur01b.admin.protection.outlook.com:446/AdminApi/x' }, body: '' }
        : { body: { '@adminapi.warnings': [], value: [{ Name: 'Global' }] } },
    )
    expect(source(run, 'compliance/Get-LabelPolicy')).toMatchObject({ state: 'read' })
    expect(services?.requests.map(({ host, method }) => `${method} ${host}`)).toEqual([
      'GET ps.compliance.protection.outlook.com',
      'POST eur01b.ps.compliance.protection.outlook.com',
    ])
    expect(services?.requests[0]?.headers['x-anchormailbox']).toBe('UPN:OAuthUser@contoso.onmicrosoft.com')
  })

  test('the region of compliance is asked again when its front door wants patience', async () => {
    let asked = 0
    const run = await read(['compliance/Get-LabelPolicy'], (request) => {
      if (request.method !== 'GET') return { body: { '@adminapi.warnings': [], value: [{ Name: 'Global' }] } }
      asked += 1
      if (asked === 1) return { status: 429, headers: { 'retry-after': '1' }, body: '' }
      const location = 'https://eur01b.admin.protection.outlook.com:446/AdminApi/x'
      return { status: 302, headers: { location }, body: '' }
    })
    expect(source(run, 'compliance/Get-LabelPolicy')).toMatchObject({ state: 'read' })
    expect(services?.requests.at(-1)?.host).toBe('eur01b.ps.compliance.protection.outlook.com')
  })

  test.each([
    'https://evil.example/AdminApi',
    'https://eur01b.admin.protection.outlook.com.evil.example/',
    'http://eur01b.admin.protection.outlook.com/',
  ])('a redirect to %s is ignored', async (location) => {
    await read(['compliance/Get-LabelPolicy'], (request) =>
      request.method === 'GET'
        ? { status: 302, headers: { location }, body: '' }
        : { body: { '@adminapi.warnings': [], value: [{ Name: 'Global' }] } },
    )
    expect(new Set(services?.requests.map(({ host }) => host))).toEqual(
      new Set(['ps.compliance.protection.outlook.com']),
    )
  })

  test('the anchor of compliance carries the initial domain, also when another is the default', async () => {
    await read(
      ['compliance/Get-LabelPolicy'],
      (request) =>
        request.host.startsWith('graph')
          ? {
              body: {
                value: [
                  {
                    verifiedDomains: [
                      { name: 'contoso.com', isInitial: false },
                      { name: 'first.onmicrosoft.com', isInitial: true },
                    ],
                  },
                ],
              },
            }
          : { body: { '@adminapi.warnings': [], value: [] } },
      { m365Tenant: { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.com' } },
    )
    const asked = services?.requests.filter(({ host }) => host.startsWith('ps.')) ?? []
    expect(asked.map((request) => request.headers['x-anchormailbox'])).toEqual(
      asked.map(() => 'UPN:OAuthUser@first.onmicrosoft.com'),
    )
    expect(asked.length).toBeGreaterThan(1)
  })

  test('a compliance cmdlet that its own host refuses is tried on the Exchange host', async () => {
    const run = await read(['compliance/Get-LabelPolicy'], (request) => {
      if (request.host === 'outlook.office365.com')
        return { body: { '@adminapi.warnings': [], value: [{ Name: 'Global' }] } }
      return request.method === 'GET' ? { status: 200, body: '' } : nothing
    })
    expect(evidence(run, 'compliance/Get-LabelPolicy')).toMatchObject({ state: 'read', data: [{ Name: 'Global' }] })
    expect(run.frames.filter((frame) => frame.t === 'log').map((frame) => frame.message)).toContain(
      'compliance/Get-LabelPolicy was answered by the Exchange host.',
    )
  })
})
