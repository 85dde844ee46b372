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
  overrides: Record<string, unknown> = {},
): Promise<EngineRun> {
  await services?.close()
  services = await startFakeServices((request) =>
    request.url.endsWith('$batch')
      ? answerBatch(request, (url) => graph(decodeURIComponent(url)))
      : request.host.startsWith('graph')
        ? graph(decodeURIComponent(request.url).replace(/^\/(v1\.0|beta)/, ''))
        : exchangeAnswer,
  )
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const run = await startEngine(job({ controls: [], sources, network, ...overrides }), { token, ...answers }).ended
  expect(run.frames.at(-1), run.stderr).toMatchObject({ t: 'done', outcome: 'completed' })
  return run
}

let exchangeAnswer: FakeAnswer = {}
const mailboxes = (rows: object[]): FakeAnswer => ({ body: { '@adminapi.warnings': [], value: rows } })
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

describe('objects that only one of several checks asks about', () => {
  const approval = (approvers: object[]) => ({
    id: 'Approval_EndUser_Assignment',
    setting: { isApprovalRequired: true, approvalStages: [{ primaryApprovers: approvers }] },
  })
  const assignment = (policyId: string, roleDefinitionId: string, approvers: object[]) => ({
    policyId,
    roleDefinitionId,
    scopeId: '/',
    scopeType: 'DirectoryRole',
    policy: { rules: [approval(approvers)] },
  })
  const approvers = [
    { '@odata.type': '#microsoft.graph.groupMembers', groupId: 'approvers', description: 'Approvers' },
    { '@odata.type': '#microsoft.graph.singleUser', userId: 'u9' },
  ]
  const policies = [
    { id: 'p1', state: 'enabled', conditions: { users: { excludeGroups: ['excluded'], excludeUsers: [] } } },
    { id: 'p2', state: 'disabled', conditions: { users: { excludeGroups: ['unused'] } } },
  ]
  const lists: Record<string, object[]> = {
    '/directoryRoles': [{ id: 'r1', displayName: 'Global Administrator', roleTemplateId: 'x' }],
    '/directoryRoles/r1/members': [user('u1'), group('g1')],
    '/groups/g1/members': [user('u2')],
    '/groups/approvers/members': [user('u3'), group('inner')],
    '/groups/inner/members': [user('u4')],
    '/groups/excluded/members': [user('u5'), group('g1')],
    '/identity/conditionalAccess/policies': policies,
    '/policies/roleManagementPolicyAssignments': [
      assignment('global', '62e90394-69f5-4237-9190-012177145e10', approvers),
      assignment('roles', 'e8611ab8-c189-46e8-94e1-60213ab1f814', [approvers[1] as object]),
    ],
  }
  const directory = (path: string): FakeAnswer => {
    const [name = ''] = path.split('?')
    const rows = lists[name]
    if (rows) return { body: { value: rows } }
    const id = name.replace('/users/', '')
    if (id === 'u1' || id === 'u2') return { body: { id, onPremisesSyncEnabled: null, displayName: id } }
    return { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'x' } } }
  }
  const members = 'graph/groups/{id}/members'
  const status = (run: EngineRun, control: string) => {
    const frame = run.frames.find(({ t, controlId }) => t === 'check.finished' && controlId === control)
    return frame?.reasonCode ?? frame?.status
  }
  const at = (run: EngineRun, fits: (frame: EngineRun['frames'][number]) => boolean) => run.frames.findIndex(fits)

  test('the groups that approve an activation are opened, groups in them too', async () => {
    const run = await read([], directory, {}, { controls: ['5.3.4', '5.3.5'] })
    expect(Object.keys(evidence(run, members)?.data).sort()).toEqual(['approvers', 'inner'])
    expect(status(run, '5.3.4')).toBe('pass')
    expect(services?.requests.some(({ url, body }) => `${url} ${body}`.includes('/users/'))).toBe(false)
  })

  test('the groups that enabled policies exclude are opened for emergency accounts alone', async () => {
    const run = await read([], directory, {}, { controls: ['1.1.1', '1.1.2'] })
    expect(Object.keys(evidence(run, members)?.data).sort()).toEqual(['excluded', 'g1'])
    // g1 holds a role and is excluded as well: its members matter. Those of the excluded group do not.
    expect(Object.keys(evidence(run, 'graph/users/{id}')?.data).sort()).toEqual(['u1', 'u2'])
    const without = await read([], directory, {}, { controls: ['1.1.1', '5.2.2.1'] })
    expect(Object.keys(evidence(without, members)?.data)).toEqual(['g1'])
  })

  test('a group of another check that cannot be read is no matter of a check on role members', async () => {
    const run = await read(
      [],
      (path) => (path.startsWith('/groups/approvers') ? directory('/nothing') : directory(path)),
      {},
      { controls: ['1.1.1', '5.3.4'] },
    )
    expect(status(run, '1.1.1')).toBe('pass')
    expect(status(run, '5.3.4')).toBe('human_review')
    expect(evidence(run, members)?.data.approvers).toMatchObject({ state: 'denied' })
  })

  test('a check on role members does not wait for the mailboxes of another', async () => {
    exchangeAnswer = { fault: 'hang' }
    const limits = { callTimeoutMs: 6_000, sourceTimeoutMs: 60_000, scanTimeoutMs: 120_000, maxRetries: 0 }
    const run = await read([], directory, {}, { controls: ['1.1.1', '1.2.2'], limits })
    expect(status(run, '1.1.1')).toBe('pass')
    expect(status(run, '1.2.2')).toBe('timeout')
    const judged = at(run, ({ t, controlId }) => t === 'check.finished' && controlId === '1.1.1')
    const settled = at(run, ({ t, id }) => t === 'source.read' && id === 'exchange/Get-EXOMailbox')
    expect(judged).toBeLessThan(settled)
  })

  test('nor fails with their owners, who are refused all the same', async () => {
    exchangeAnswer = mailboxes([
      { RecipientTypeDetails: 'SharedMailbox', ExternalDirectoryObjectId: 'u8', UserPrincipalName: 'x@contoso.com' },
    ])
    const run = await read([], directory, {}, { controls: ['1.1.1', '1.2.2'] })
    expect(status(run, '1.1.1')).toBe('pass')
    expect(status(run, '1.2.2')).toBe('permission_missing')
    expect(evidence(run, 'graph/users/{id}')).toMatchObject({ state: 'read', data: { u8: { state: 'denied' } } })
  })
})

test.each([
  ['is tried once, and its failure disturbs nothing', ['Default', 'Strict'], 'unavailable', 1],
  ['is not asked for the order of a single policy', ['Default'], 'not_collected', 0],
])('a cmdlet that nobody has seen answer yet %s', async (_, names, state, requests) => {
  const policies = names.map((name) => ({
    Identity: name,
    Name: name,
    IsDefault: name === 'Default',
    BccSuspiciousOutboundMail: true,
    BccSuspiciousOutboundAdditionalRecipients: ['a@contoso.com'],
    NotifyOutboundSpam: true,
    NotifyOutboundSpamRecipients: ['a@contoso.com'],
  }))
  services = await startFakeServices((request) => {
    if (request.host.startsWith('graph')) return { body: { value: [] } }
    if (request.body.includes('Get-HostedOutboundSpamFilterRule')) return { status: 503, body: { error: {} } }
    return mailboxes(policies)
  })
  const network = { proxyUrl: services.proxyUrl, caFile: services.caFile }
  const run = await startEngine(job({ controls: ['2.1.6', '6.5.2'], network }), { token }).ended
  expect(evidence(run, 'exchange/Get-HostedOutboundSpamFilterRule')).toMatchObject({ state })
  const judged = run.frames.find(({ controlId }) => controlId === '2.1.6')
  expect(judged, judged?.message).toMatchObject({ status: 'pass' })
  const asked = services.requests.filter(({ body }) => body.includes('Get-HostedOutboundSpamFilterRule'))
  expect(asked.map(({ url }) => url.endsWith('InvokeCommand'))).toEqual(Array(requests).fill(true))
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
    exchangeAnswer = mailboxes(rows)
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
    exchangeAnswer = mailboxes(rows)
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
