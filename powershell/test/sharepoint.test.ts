import { afterEach, describe, expect, test } from 'vitest'
import { type FakeAnswer, type FakeRequest, type FakeServices, startFakeServices } from './fake-services.ts'
import { type EngineRun, job, startEngine } from './host.ts'

let services: FakeServices | undefined

afterEach(async () => {
  await services?.close()
  services = undefined
})

const tenant = { LegacyAuthProtocolsEnabled: false, SharingCapability: 1 }

async function read(
  answer: (request: FakeRequest) => FakeAnswer,
  overrides: Record<string, unknown> = {},
): Promise<EngineRun> {
  services = await startFakeServices(answer)
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const line = job({
    controls: [],
    sources: ['sharepoint/tenant'],
    credentialKind: 'certificate',
    network,
    ...overrides,
  })
  const run = await startEngine(line, {
    token: () => ({ accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' }),
  }).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

const evidence = (run: EngineRun) => run.frames.find((frame) => frame.t === 'evidence')
const scopes = (run: EngineRun) => run.frames.filter((frame) => frame.t === 'token.request').map((frame) => frame.scope)
const root = (webUrl: string): FakeAnswer => ({ body: { webUrl } })

describe('the admin host', () => {
  test('is the root site, with -admin, also in a renamed tenant', async () => {
    const run = await read((request) =>
      request.host.startsWith('graph')
        ? root('https://fabrikam.sharepoint.com')
        : { body: { d: { __metadata: {}, ...tenant } } },
    )
    expect(evidence(run)).toMatchObject({ state: 'read', data: tenant })
    expect(scopes(run)).toEqual([
      'https://graph.microsoft.com/.default',
      'https://fabrikam-admin.sharepoint.com/.default',
    ])
    expect(services?.requests.at(-1)).toMatchObject({ host: 'fabrikam-admin.sharepoint.com', url: '/_api/SPO.Tenant' })
  })

  test.each(['https://sharepoint.com.evil.example', 'https://evil.example/contoso.sharepoint.com', 'contoso', ''])(
    'is never taken from %j',
    async (webUrl) => {
      const run = await read(() => root(webUrl))
      expect(evidence(run)).toMatchObject({ state: 'unavailable', error: { code: 'admin_host_unknown' } })
      expect(scopes(run)).toEqual(['https://graph.microsoft.com/.default'])
    },
  )

  test('is guessed from the initial domain where the root site may not be read, and that is said', async () => {
    const run = await read((request) =>
      request.host.startsWith('graph')
        ? { status: 403, body: { error: { code: 'accessDenied' } } }
        : { body: { d: tenant } },
    )
    expect(evidence(run)?.state).toBe('read')
    expect(services?.requests.at(-1)?.host).toBe('contoso-admin.sharepoint.com')
    expect(run.frames.find((frame) => frame.t === 'log')).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('Sites.Read.All'),
    })
  })

  test('of a tenant without SharePoint is not asked', async () => {
    const run = await read(() => ({
      status: 400,
      body: { error: { code: 'BadRequest', message: 'Tenant does not have a SPO license.' } },
    }))
    expect(evidence(run)).toMatchObject({ state: 'unlicensed' })
  })
})

const onRoot = (answer: (request: FakeRequest) => FakeAnswer) => (request: FakeRequest) =>
  request.host.startsWith('graph') ? root('https://contoso.sharepoint.com') : answer(request)

test('verbose JSON is made plain, numbers stay numbers', async () => {
  const run = await read(
    onRoot(() => ({
      body: {
        d: {
          __metadata: { type: 'x' },
          Sites: { __deferred: { uri: 'x' } },
          AllowedDomainListForSyncClient: { __metadata: {}, results: [] },
          ExcludedFileExtensionsForSyncClient: { __metadata: {}, results: [''] },
          StorageQuota: '1105920',
          ...tenant,
        },
      },
    })),
  )
  expect(evidence(run)?.data).toEqual({
    AllowedDomainListForSyncClient: [],
    ExcludedFileExtensionsForSyncClient: [''],
    StorageQuota: '1105920',
    ...tenant,
  })
})

test('the older way is tried where REST is not there', async () => {
  const id = '786548dd-877b-4760-a749-6b1efbc1190a'
  const run = await read(
    onRoot((request) =>
      request.method === 'GET'
        ? { status: 404, headers: { 'content-type': 'text/html' }, body: '<html></html>' }
        : {
            body: [
              { ErrorInfo: null },
              2,
              { IsNull: false },
              3,
              {
                _ObjectType_: 'Tenant',
                _ObjectIdentity_: 'x',
                AllowedDomainListForSyncClient: [`/Guid(${id})/`],
                ...tenant,
              },
            ],
          },
    ),
  )
  expect(evidence(run)).toMatchObject({ state: 'read', data: { AllowedDomainListForSyncClient: [id], ...tenant } })
})

test('an error inside a CSOM answer is no data', async () => {
  const run = await read(
    onRoot(() => ({
      body: [{ ErrorInfo: { ErrorMessage: 'Access denied.', ErrorTypeName: 'System.UnauthorizedAccessException' } }],
    })),
  )
  expect(evidence(run)).toMatchObject({ state: 'denied', error: { code: 'UnauthorizedAccessException' } })
})

test('sites come page by page', async () => {
  const page = (next: string | null, ...rows: object[]) => [
    { ErrorInfo: null },
    5,
    { _ObjectType_: 'x', NextStartIndexFromSharePoint: next, _Child_Items_: rows },
  ]
  const run = await read(
    onRoot((request) => ({
      body: request.body.includes('>0</Property>')
        ? page('2|a', { _ObjectType_: 'y', Url: 'one' })
        : page(null, { Url: 'two' }),
    })),
    { sources: ['sharepoint/sites'] },
  )
  expect(evidence(run)?.data).toEqual([{ Url: 'one' }, { Url: 'two' }])
  expect(services?.requests.at(-1)?.body).toContain('<Property Name="StartIndex" Type="String">2|a</Property>')
})

test('a secret that only shows in the token is not supported either', async () => {
  const claims = Buffer.from(JSON.stringify({ appidacr: '1' })).toString('base64url')
  services = await startFakeServices(
    onRoot(() => ({ status: 401, body: { error_description: 'Unsupported app only token.' } })),
  )
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const line = job({ controls: [], sources: ['sharepoint/tenant'], credentialKind: 'shared_app', network })
  const run = await startEngine(line, {
    token: () => ({ accessToken: `a.${claims}.c`, expiresAt: '2030-01-01T00:00:00Z' }),
  }).ended
  expect(evidence(run)).toMatchObject({ state: 'not_supported', error: { code: 'certificate_needed' } })
})
