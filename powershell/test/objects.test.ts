import { afterEach, describe, expect, test } from 'vitest'
import { answerBatch, type FakeAnswer, type FakeServices, startFakeServices } from './fake-services.ts'
import { type EngineRun, type HostAnswers, job, startEngine } from './host.ts'

let services: FakeServices | undefined

afterEach(async () => {
  await services?.close()
  services = undefined
})

const token = () => ({ accessToken: 'aaa.bbb.ccc', expiresAt: '2030-01-01T00:00:00Z' })

/** Graph, one answer per path; a batch is taken apart. */
async function read(
  sources: string[],
  graph: (path: string) => FakeAnswer,
  answers: HostAnswers = {},
): Promise<EngineRun> {
  services = await startFakeServices((request) =>
    request.url.endsWith('$batch')
      ? answerBatch(request, (url) => graph(decodeURIComponent(url)))
      : request.host.startsWith('graph')
        ? graph(decodeURIComponent(request.url).replace(/^\/(v1\.0|beta)/, ''))
        : { body: { '@adminapi.warnings': [], value: exchange } },
  )
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const run = await startEngine(job({ controls: [], sources, network }), { token, ...answers }).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

let exchange: object[] = []
const evidence = (run: EngineRun, id: string) => run.frames.find((frame) => frame.t === 'evidence' && frame.id === id)
const user = (id: string) => ({ '@odata.type': '#microsoft.graph.user', id })
const group = (id: string) => ({ '@odata.type': '#microsoft.graph.group', id })
const app = (id: string) => ({ '@odata.type': '#microsoft.graph.servicePrincipal', id })

describe('members of roles', () => {
  const roleSources = [
    'graph/directoryRoles',
    'graph/directoryRoles/{id}/members',
    'graph/groups/{id}/members',
    'graph/users/{id}',
  ]
  const members: Record<string, object[]> = {
    '/directoryRoles/r1/members': [user('u1'), group('g1'), app('a1')],
    '/directoryRoles/r2/members': [user('u1'), user('u2')],
    '/directoryRoles/r3/members': [],
    '/groups/g1/members': [user('u3'), group('g2')],
    // A circle: must end.
    '/groups/g2/members': [user('u4'), group('g1')],
  }
  const directory = (path: string): FakeAnswer => {
    const [name = ''] = path.split('?')
    if (name === '/directoryRoles') return { body: { value: [{ id: 'r1' }, { id: 'r2' }, { id: 'r3' }] } }
    if (name in members) return { body: { value: members[name] } }
    return {
      body: {
        '@odata.context': 'x',
        id: name.replace('/users/', ''),
        onPremisesSyncEnabled: null,
        'x@odata.type': 'y',
      },
    }
  }

  test('are followed into groups and groups in groups, each object once', async () => {
    const run = await read(roleSources, directory)
    expect(Object.keys(evidence(run, 'graph/directoryRoles/{id}/members')?.data)).toEqual(['r1', 'r2', 'r3'])
    expect(evidence(run, 'graph/directoryRoles/{id}/members')?.data.r1).toEqual(members['/directoryRoles/r1/members'])
    expect(Object.keys(evidence(run, 'graph/groups/{id}/members')?.data).sort()).toEqual(['g1', 'g2'])
    expect(Object.keys(evidence(run, 'graph/users/{id}')?.data).sort()).toEqual(['u1', 'u2', 'u3', 'u4'])
    expect(evidence(run, 'graph/users/{id}')?.data.u1).toEqual({ id: 'u1', onPremisesSyncEnabled: null })
  })

  test('one object that fails leaves the others', async () => {
    const run = await read(roleSources, (path) =>
      path.startsWith('/users/u2')
        ? { status: 404, body: { error: { code: 'Request_ResourceNotFound', message: 'x' } } }
        : directory(path),
    )
    const users = evidence(run, 'graph/users/{id}')
    expect(users?.state).toBe('read')
    expect(users?.data.u1).toMatchObject({ id: 'u1' })
    expect(users?.data.u2).toEqual({
      state: 'not_found',
      error: expect.objectContaining({ code: 'Request_ResourceNotFound', status: 404 }),
    })
  })

  test('all objects refused: the source is denied', async () => {
    const run = await read(roleSources, (path) =>
      path.startsWith('/users/')
        ? { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'x' } } }
        : directory(path),
    )
    expect(evidence(run, 'graph/users/{id}')).toMatchObject({ state: 'denied', error: { permission: 'User.Read.All' } })
  })

  test('roles that are not read leave nothing to ask about', async () => {
    const run = await read(roleSources, () => ({
      status: 403,
      body: { error: { code: 'Authorization_RequestDenied', message: 'x' } },
    }))
    for (const id of roleSources) expect(evidence(run, id)?.state).toBe('denied')
    expect(services?.requests).toHaveLength(1)
  })

  test('Global Administrators are taken from what was read already', async () => {
    const template = '62e90394-69f5-4237-9190-012177145e10'
    const run = await read(['graph/directoryRoles(roleTemplateId)/members'], (path) =>
      path.startsWith('/directoryRoles?') || path === '/directoryRoles'
        ? { body: { value: [{ id: 'r2', roleTemplateId: template }] } }
        : directory(path),
    )
    expect(evidence(run, 'graph/directoryRoles(roleTemplateId)/members')?.data).toEqual([user('u1'), user('u2')])
    expect(services?.requests).toHaveLength(2)
  })
})

describe('DNS names', () => {
  const records: Record<string, string[][]> = {
    'contoso.com': [['MS=ms1'], ['v=spf1 redirect=', '_spf.contoso.com']],
    '_spf.contoso.com': [['v=spf1 include:one.example include:two.example -all']],
    'one.example': [['v=spf1 include:spf.protection.outlook.com -all']],
    'two.example': [['v=spf1 -all']],
    '_dmarc.contoso.com': [['v=DMARC1; p=reject']],
    'mail.contoso.com': [['v=spf1 include:spf.protection.outlook.com include:unasked.example -all']],
    'contoso.onmicrosoft.com': [['v=spf1 include:spf.protection.outlook.com -all']],
    'loop.example': [['v=spf1 include:loop.example -all']],
  }
  const rows = ['Contoso.com.', 'mail.contoso.com', 'contoso.onmicrosoft.com', 'loop.example', 'münchen.example'].map(
    (DomainName) => ({ DomainName }),
  )
  const dns =
    (failing: string[] = []) =>
    ({ name }: { name?: string }) =>
      failing.includes(String(name))
        ? { error: { code: 'ETIMEOUT', message: 'x' } }
        : { records: records[String(name)] ?? [] }

  test('come from the accepted domains, with the names that SPF and DMARC lead to', async () => {
    exchange = rows
    const run = await read(['exchange/Get-AcceptedDomain', 'dns/txt'], () => ({}), { dns: dns() })
    const map = evidence(run, 'dns/txt')?.data
    expect(map['contoso.com']).toEqual(['MS=ms1', 'v=spf1 redirect=_spf.contoso.com'])
    expect(Object.keys(map).sort()).toEqual(
      [
        'contoso.com',
        '_dmarc.contoso.com',
        '_spf.contoso.com',
        'one.example',
        'two.example',
        'mail.contoso.com',
        '_dmarc.mail.contoso.com',
        'contoso.onmicrosoft.com',
        '_dmarc.contoso.onmicrosoft.com',
        'loop.example',
        '_dmarc.loop.example',
        'xn--mnchen-3ya.example',
        '_dmarc.xn--mnchen-3ya.example',
      ].sort(),
    )
    expect(map['xn--mnchen-3ya.example']).toEqual([])
  })

  test('that cannot be looked up fail alone, after a second try', async () => {
    exchange = rows
    const run = await read(['exchange/Get-AcceptedDomain', 'dns/txt'], () => ({}), { dns: dns(['mail.contoso.com']) })
    const source = evidence(run, 'dns/txt')
    expect(source?.state).toBe('read')
    expect(source?.data['mail.contoso.com']).toMatchObject({ state: 'timeout', error: { code: 'ETIMEOUT' } })
    expect(run.frames.filter((frame) => frame.t === 'dns.request' && frame.name === 'mail.contoso.com')).toHaveLength(2)
  })
})

test('a property path inside its parent, or inside value, is unwrapped', async () => {
  const shapes: Record<string, object> = {
    '/deviceManagement/settings': { '@odata.context': 'x', settings: { secureByDefault: true } },
    '/admin/sharepoint/settings': { value: { isLegacyAuthProtocolsEnabled: false } },
  }
  const run = await read(['graph/deviceManagement/settings', 'graph/admin/sharepoint/settings'], (path) => ({
    body: shapes[path],
  }))
  expect(evidence(run, 'graph/deviceManagement/settings')?.data).toEqual({ secureByDefault: true })
  expect(evidence(run, 'graph/admin/sharepoint/settings')?.data).toEqual({ isLegacyAuthProtocolsEnabled: false })
})
