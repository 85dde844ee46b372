import { afterEach, describe, expect, test } from 'vitest'
import {
  answerBatch,
  type FakeAnswer,
  type FakeRequest,
  type FakeServices,
  startFakeServices,
} from './fake-services.ts'
import { type EngineRun, type Frame, job, startEngine } from './host.ts'

let services: FakeServices | undefined

afterEach(async () => {
  await services?.close()
  services = undefined
})

const token = { accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' }

async function read(
  sources: string[],
  answer: (request: FakeRequest) => FakeAnswer,
  overrides: Record<string, unknown> = {},
  answers: { token?: (request: Frame) => object } = {},
): Promise<EngineRun> {
  services = await startFakeServices(answer)
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const line = job({ controls: [], sources, network, ...overrides })
  const run = await startEngine(line, { token: answers.token ?? (() => token) }).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

const source = (run: EngineRun, id: string) => run.frames.find((frame) => frame.t === 'source.read' && frame.id === id)
const evidence = (run: EngineRun, id: string) => run.frames.find((frame) => frame.t === 'evidence' && frame.id === id)

const policy = 'graph/policies/authorizationPolicy'
const policyBody = { '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#x', id: 'authorizationPolicy' }
const domains = 'graph/domains'

const limits = (overrides: object) => ({
  limits: { callTimeoutMs: 20_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 120_000, maxRetries: 5, ...overrides },
})

/** What each source must become: state and code of the error. */
function expectStates(run: EngineRun, expected: Record<string, [string, string]>) {
  const actual = Object.fromEntries(
    Object.keys(expected).map((id) => [id, [source(run, id)?.state, source(run, id)?.error?.code]]),
  )
  expect(actual).toEqual(expected)
  for (const id of Object.keys(expected)) expect(evidence(run, id)).toMatchObject({ data: null })
}

describe('answers that are no data', () => {
  test('of a service that is asked one call at a time', async () => {
    const page = { 'content-type': 'text/html' }
    const rows = { '@adminapi.warnings': [], value: [{ Name: 'x' }] }
    const answers: Record<string, [FakeAnswer, string, string]> = {
      'Get-TransportRule': [{ headers: page, body: '<html>sign in</html>' }, 'unavailable', 'not_json'],
      'Get-AcceptedDomain': [{ headers: page, body: rows }, 'unavailable', 'not_json'],
      'Get-OrganizationConfig': [{ body: '' }, 'unavailable', 'empty_body'],
      'Get-AdminAuditLogConfig': [{ body: '{"value":[{"Name":"x"}' }, 'unavailable', 'not_json'],
      'Get-TransportConfig': [{ body: "{'value':[]}" }, 'unavailable', 'not_json'],
      'Get-SharingPolicy': [{ body: { value: { Name: 'x' } } }, 'unavailable', 'unexpected_shape'],
      'Get-OwaMailboxPolicy': [
        { body: { error: { code: 'UnknownError', message: 'x' } } },
        'unavailable',
        'error_in_success',
      ],
      'Get-ExternalInOutlook': [
        { status: 302, headers: { location: 'https://evil.example/' }, body: '' },
        'unavailable',
        'redirect',
      ],
      'Get-DkimSigningConfig': [{ fault: 'reset' }, 'unavailable', 'network'],
      'Get-RoleAssignmentPolicy': [{ status: 500, body: 'oops' }, 'unavailable', 'service_error'],
      'Get-AntiPhishRule': [
        { status: 404, body: { error: { code: 'NotFound', message: 'x' } } },
        'not_found',
        'NotFound',
      ],
      'Get-MalwareFilterRule': [{ status: 418, body: '' }, 'unavailable', 'unexpected_status'],
      'Get-AntiPhishPolicy': [
        {
          status: 400,
          body: {
            error: {
              code: 'BadRequest',
              innererror: { internalexception: { type: 'AmbiguousParameterSetException', message: 'x' } },
            },
          },
        },
        'unavailable',
        'bad_request',
      ],
      'Get-MalwareFilterPolicy': [
        { body: { '@adminapi.errors': ['x'], value: [{ Name: 'x' }] } },
        'unavailable',
        'cmdlet_error',
      ],
      'Get-EOPProtectionPolicyRule': [
        {
          body: { '@adminapi.warnings': ['There are more results available than are currently displayed.'], value: [] },
        },
        'unavailable',
        'truncated',
      ],
    }
    const run = await read(
      Object.keys(answers).map((cmdlet) => `exchange/${cmdlet}`),
      (request) =>
        // No batches here: what follows shows that the reads then go one by one.
        request.url.endsWith('$batch')
          ? { status: 404, body: '' }
          : (answers[String(request.headers['x-cmdletname'])]?.[0] ?? { status: 500 }),
      limits({ maxRetries: 1 }),
    )
    expectStates(
      run,
      Object.fromEntries(Object.entries(answers).map(([name, [, state, code]]) => [`exchange/${name}`, [state, code]])),
    )
    expect(services?.requests.every(({ host }) => host === 'outlook.office365.com')).toBe(true)
  })

  test('inside a batch', async () => {
    const problem = (status: number, code: string, message = 'x'): FakeAnswer => ({
      status,
      body: { error: { code, message } },
    })
    const scopes = JSON.stringify({ errorCode: 'PermissionScopeNotGranted', message: 'missing permission scope' })
    const answers: Record<string, [string, FakeAnswer, string, string]> = {
      '/policies/authorizationPolicy': [policy, { body: { value: [policyBody] } }, 'unavailable', 'unexpected_shape'],
      '/domains': [
        domains,
        problem(400, 'BadRequest', 'Resource not found for the segment'),
        'unavailable',
        'bad_request',
      ],
      '/groupSettings': [
        'graph/groupSettings',
        problem(404, 'Request_ResourceNotFound'),
        'not_found',
        'Request_ResourceNotFound',
      ],
      '/organization': [
        'graph/organization',
        problem(403, 'Authorization_RequestDenied'),
        'denied',
        'Authorization_RequestDenied',
      ],
      '/policies/adminConsentRequestPolicy': [
        'graph/policies/adminConsentRequestPolicy',
        { status: 403, body: { errorCode: 'PermissionScopeNotGranted' } },
        'denied',
        'PermissionScopeNotGranted',
      ],
      '/roleManagement/directory/roleDefinitions': [
        'graph/roleManagement/directory/roleDefinitions',
        problem(403, 'UnknownError', scopes),
        'denied',
        'UnknownError',
      ],
      '/roleManagement/directory/roleAssignmentScheduleInstances': [
        'graph/roleManagement/directory/roleAssignmentScheduleInstances',
        problem(400, 'AadPremiumLicenseRequired'),
        'unlicensed',
        'AadPremiumLicenseRequired',
      ],
      '/identityGovernance/accessReviews/definitions': [
        'graph/identityGovernance/accessReviews/definitions',
        problem(403, 'NoLicense'),
        'unlicensed',
        'NoLicense',
      ],
      '/deviceManagement/settings': [
        'graph/deviceManagement/settings',
        problem(400, 'BadRequest', 'Request not applicable to target tenant.'),
        'unlicensed',
        'BadRequest',
      ],
      '/admin/sharepoint/settings': [
        'graph/admin/sharepoint/settings',
        problem(400, 'BadRequest', 'Tenant does not have a SPO license.'),
        'unlicensed',
        'BadRequest',
      ],
    }
    const run = await read(
      Object.values(answers).map(([id]) => id),
      (request) => answerBatch(request, (url) => answers[url.split('?')[0] ?? '']?.[1] ?? { status: 500 }),
    )
    expectStates(run, Object.fromEntries(Object.values(answers).map(([id, , state, code]) => [id, [state, code]])))
    expect(source(run, 'graph/organization')?.error.permission).toBe('Organization.Read.All')
    expect(source(run, 'graph/deviceManagement/settings')?.error.licence).toBe('INTUNE_A')
  })

  test('a report that answers "no licence" once is asked again', async () => {
    const id = 'graph/reports/authenticationMethods/userRegistrationDetails'
    const premium = { error: { code: 'Authentication_RequestFromNonPremiumTenantOrB2CTenant', message: 'x' } }
    let times = 0
    const run = await read([id], () =>
      ++times === 1 ? { status: 403, body: premium } : { body: { value: [{ id: 'u' }] } },
    )
    expect(source(run, id)).toMatchObject({ state: 'read', requests: 2 })
  })

  test('a call that hangs is a timeout, and the others are read', async () => {
    const run = await read(
      [policy, 'graph/identity/conditionalAccess/policies'],
      (request) => (request.url.includes('conditionalAccess') ? { fault: 'hang' } : { body: policyBody }),
      limits({ callTimeoutMs: 1_000 }),
    )
    expect(source(run, policy)).toMatchObject({ state: 'read' })
    expect(source(run, 'graph/identity/conditionalAccess/policies')).toMatchObject({ state: 'timeout' })
  })
})

test('a batch that hangs takes nothing with it: its parts are asked one by one', async () => {
  const cmdlets = ['Get-TransportConfig', 'Get-OrganizationConfig', 'Get-SharingPolicy', 'Get-OwaMailboxPolicy']
  const run = await read(
    cmdlets.map((name) => `exchange/${name}`),
    ({ url, body }) =>
      url.endsWith('$batch') || body.includes('Get-SharingPolicy') ? { fault: 'hang' } : { body: { value: [] } },
    limits({ callTimeoutMs: 2_000 }),
  )
  expect(source(run, 'exchange/Get-SharingPolicy')).toMatchObject({ state: 'timeout' })
  for (const name of ['Get-TransportConfig', 'Get-OrganizationConfig', 'Get-OwaMailboxPolicy'])
    expect(source(run, `exchange/${name}`), name).toMatchObject({ state: 'read' })
})

describe('throttling', () => {
  test('waits as long as Retry-After says, in seconds and as a date', async () => {
    const seen: Record<string, number[]> = { authorizationPolicy: [], conditionalAccess: [] }
    const run = await read([policy, 'graph/identity/conditionalAccess/policies'], (request) => {
      const name = request.url.includes('conditionalAccess') ? 'conditionalAccess' : 'authorizationPolicy'
      const times = seen[name] ?? []
      times.push(Date.now())
      if (times.length > 1) return { body: name === 'conditionalAccess' ? { value: [{ id: 'p' }] } : policyBody }
      const after = name === 'conditionalAccess' ? new Date(Date.now() + 3_000).toUTCString() : '2'
      return { status: 429, headers: { 'retry-after': after }, body: { error: { code: 'TooManyRequests' } } }
    })
    expect(source(run, policy)).toMatchObject({ state: 'read', requests: 2 })
    const gap = (name: string) => (seen[name]?.[1] ?? 0) - (seen[name]?.[0] ?? 0)
    expect(gap('authorizationPolicy')).toBeGreaterThanOrEqual(1_990)
    // A date has no fractions of a second.
    expect(gap('conditionalAccess')).toBeGreaterThanOrEqual(1_990)
  })

  test('backs off by itself when Retry-After is absent, and gives up after the retries', async () => {
    const run = await read([policy], () => ({ status: 429, body: '' }), limits({ maxRetries: 1 }))
    expect(source(run, policy)).toMatchObject({ state: 'throttled', requests: 2 })
    expect(services?.requests).toHaveLength(2)
  })

  test('does not wait for a Retry-After longer than the source may take', async () => {
    const run = await read([policy], () => ({ status: 429, headers: { 'retry-after': '7200' }, body: '' }))
    expect(source(run, policy)).toMatchObject({ state: 'throttled', requests: 1 })
  })

  test('asks again only for the throttled parts of a batch', async () => {
    const asked: string[][] = []
    const run = await read([policy, domains, 'graph/groupSettings'], (request) => {
      if (!request.url.includes('$batch')) {
        asked.push([request.url])
        return { body: { value: [{ id: 'contoso.com' }] } }
      }
      asked.push((JSON.parse(request.body) as { requests: { url: string }[] }).requests.map(({ url }) => url))
      return answerBatch(request, (url) =>
        url.startsWith('/domains')
          ? { status: 429, headers: { 'Retry-After': '1' }, body: { error: { code: 'TooManyRequests' } } }
          : { body: url.startsWith('/groupSettings') ? { value: [] } : policyBody },
      )
    })
    expect(asked.map((urls) => urls.length)).toEqual([3, 1])
    expect(asked[1]?.[0]).toContain('/v1.0/domains')
    expect(evidence(run, domains)?.data).toEqual([{ id: 'contoso.com' }])
    expect(evidence(run, 'graph/groupSettings')?.data).toEqual([])
  })
})

describe('tokens', () => {
  test('a refused token is renewed once, then the source is denied', async () => {
    const asked: boolean[] = []
    const run = await read(
      [policy],
      () => ({ status: 401, body: { error: { code: 'InvalidAuthenticationToken', message: 'x' } } }),
      {},
      {
        token: (request) => {
          asked.push(request.refresh)
          return token
        },
      },
    )
    expect(asked).toEqual([false, true])
    expect(source(run, policy)).toMatchObject({ state: 'denied', error: { status: 401 } })
  })

  test('a renewed token that works', async () => {
    const run = await read(
      [policy],
      (request) => (request.headers.authorization === 'Bearer new' ? { body: policyBody } : { status: 401, body: '' }),
      {},
      { token: (request) => (request.refresh ? { ...token, accessToken: 'new' } : token) },
    )
    expect(source(run, policy)).toMatchObject({ state: 'read' })
    expect(evidence(run, policy)?.data).toEqual({ id: 'authorizationPolicy' })
  })

  test('a token error answers every source of its service and of no other', async () => {
    const run = await read(
      [policy, domains, 'fabric/tenantSettings'],
      () => ({ body: { tenantSettings: [] } }),
      {},
      {
        token: ({ service }) =>
          service === 'graph' ? { error: { code: 'AADSTS7000215', message: 'wrong secret', state: 'denied' } } : token,
      },
    )
    for (const id of [policy, domains])
      expect(source(run, id)).toMatchObject({ state: 'denied', requests: 0, error: { code: 'AADSTS7000215' } })
    expect(source(run, 'fabric/tenantSettings')).toMatchObject({ state: 'read' })
  })

  test('text that cannot be a token never becomes a header', async () => {
    const run = await read(
      [policy],
      () => ({ body: policyBody }),
      {},
      { token: () => ({ accessToken: 'a\r\nX-Evil: 1' }) },
    )
    expect(source(run, policy)).toMatchObject({ state: 'unavailable', error: { code: 'token_malformed' } })
    expect(services?.requests).toEqual([])
  })
})

describe('pages', () => {
  test('are joined in order', async () => {
    const next = 'https://graph.microsoft.com/v1.0/domains?$skiptoken=2'
    const run = await read([domains], (request) =>
      request.url.includes('skiptoken')
        ? { body: { value: [{ id: 'b.com' }] } }
        : { body: { value: [{ id: 'a.com' }], '@odata.nextLink': next } },
    )
    expect(evidence(run, domains)?.data).toEqual([{ id: 'a.com' }, { id: 'b.com' }])
  })

  test.each([
    ['another host', 'https://graph.example.com/v1.0/domains?$skiptoken=2'],
    ['another port', 'https://graph.microsoft.com:8443/v1.0/domains'],
    ['plain http', 'http://graph.microsoft.com/v1.0/domains'],
    ['a host in disguise', 'https://graph.microsoft.com@evil.example/v1.0/domains'],
    ['itself', 'https://graph.microsoft.com/v1.0/domains'],
    ['nowhere', '/v1.0/domains?$skiptoken=2'],
  ])('a link to %s is not followed, and part of a list is no list', async (_name, link) => {
    const run = await read([domains], () => ({ body: { value: [{ id: 'a.com' }], '@odata.nextLink': link } }))
    expect(source(run, domains)).toMatchObject({ state: 'unavailable', error: { code: 'paging_broken' } })
    expect(services?.requests.map(({ host }) => host)).toEqual(['graph.microsoft.com'])
  })

  test('that are empty for ever end', async () => {
    let page = 0
    const run = await read([domains], () => ({
      body: { value: [], '@odata.nextLink': `https://graph.microsoft.com/v1.0/domains?$skiptoken=${++page}` },
    }))
    expect(source(run, domains)).toMatchObject({ state: 'unavailable', error: { code: 'paging_broken' } })
    expect(page).toBeLessThan(30)
  })

  test('of Exchange are posted again with the same body and anchor', async () => {
    const next = 'https://outlook.office365.com/adminapi/beta/x/InvokeCommand?$skiptoken=2'
    const run = await read(['exchange/Get-TransportRule'], (request) =>
      request.url.includes('skiptoken')
        ? {
            body: {
              '@adminapi.warnings': [],
              value: [{ 'Name@data.type': 'System.String', Name: 'two', '@odata.type': '#x' }],
            },
          }
        : { body: { '@adminapi.warnings': [], '@odata.nextLink': next, value: [{ Name: 'one' }] } },
    )
    expect(evidence(run, 'exchange/Get-TransportRule')?.data).toEqual([
      { Name: 'one' },
      { Name: 'two', '@odata.type': '#x' },
    ])
    const [first, second] = services?.requests ?? []
    expect(second?.method).toBe('POST')
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['x-anchormailbox']).toBe(first?.headers['x-anchormailbox'])
    expect(JSON.parse(first?.body ?? '')).toEqual({
      CmdletInput: { CmdletName: 'Get-TransportRule', Parameters: { ResultSize: 'Unlimited' } },
    })
  })
})

// SSL_CERT_FILE is how OpenSSL is told of an authority; Windows and macOS keep theirs in a store.
test.runIf(process.platform === 'linux')(
  'without settings in the job the proxy and authority of the process count',
  async () => {
    services = await startFakeServices(() => ({ body: policyBody }))
    const engine = startEngine(
      job({ controls: [], sources: [policy] }),
      { token: () => token },
      { HTTPS_PROXY: services.proxyUrl, SSL_CERT_FILE: services.caFile },
    )
    expect(source(await engine.ended, policy)).toMatchObject({ state: 'read' })
  },
)

test('an authority that nobody named is not trusted', async () => {
  services = await startFakeServices(() => ({ body: policyBody }))
  const network = { proxyUrl: services.proxyUrl, caFile: null }
  const run = await startEngine(job({ controls: [], sources: [policy], network, ...limits({ maxRetries: 0 }) }), {
    token: () => token,
  }).ended
  expect(source(run, policy)).toMatchObject({
    state: 'unavailable',
    error: { message: expect.stringContaining('SecureConnectionError') },
  })
  expect(services.requests).toEqual([])
})
