import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../test/certificate.ts'
import { guid, started } from '../../test/fixture.ts'
import {
  globalReader,
  graphWithout,
  holdsNoToken,
  needsOf,
  outcomes,
  preflightBenchmark,
  refusal,
  scriptOf,
  signInOf,
  type World,
  world,
} from '../../test/preflight-fixture.ts'
import { done, scriptedRunner } from '../../test/scripted-runner.ts'
import { memoryStorage } from '../storage/memory/memory-storage.ts'
import type { Tenantscope } from '../tenantscope.ts'
import type { Preflight } from './preflight.ts'
import type { PreflightInput } from './preflight-run.ts'

const open: Tenantscope[] = []
afterEach(async () => {
  for (const tenantscope of open.splice(0)) await tenantscope.close()
})

async function setUp(changes: Partial<World> = {}, kind: 'certificate' | 'client_secret' = 'certificate') {
  const here = world(changes)
  const runner = { ...scriptedRunner(scriptOf(here)), benchmarks: async () => [preflightBenchmark] }
  const fixture = await started(scriptOf(here), { runner, signIn: signInOf(here) })
  open.push(fixture.tenantscope)
  if (kind === 'certificate') {
    const certificate = await selfSigned(30)
    await fixture.scope.m365Tenants.replaceCredentials(fixture.tenant.id, { kind, clientId: guid, certificate })
  }
  return { ...fixture, runner }
}

async function preflight(
  changes: Partial<World> = {},
  kind?: 'certificate' | 'client_secret',
  input: PreflightInput = {},
): Promise<Preflight> {
  const { scope, tenant } = await setUp(changes, kind)
  return scope.m365Tenants.preflight(tenant.id, input)
}

const whole = {
  ...{ policies: 'will_run', members: 'will_run', pim: 'will_run', either: 'will_run', optional: 'will_run' },
  ...{ each: 'will_run', input: 'needs_input', mail: 'will_run', 'mail-config': 'will_run', alerts: 'will_run' },
  ...{ teams: 'will_run', sites: 'will_run', fabric: 'will_run', dns: 'will_run', people: 'manual' },
  ...{ 'by-hand': 'manual', worded: 'unknown', undeclared: 'unknown' },
}

describe('a preflight', () => {
  it('says of each control whether it will run, and counts', async () => {
    const answer = await preflight()
    expect(outcomes(answer)).toEqual(whole)
    expect(answer.counts).toEqual({ will_run: 13, needs_input: 1, will_not_run: 0, manual: 2, unknown: 2 })
    expect(answer.services.map(({ signIn, probe }) => [signIn, probe.state])).toEqual(Array(6).fill(['ok', 'read']))
    expect(needsOf(answer, 'input')).toEqual(['missing operator_input: groups'])
    expect(needsOf(answer, 'people')).toEqual(['missing no_api: '])
    expect(needsOf(answer, 'worded')).toEqual(['unknown demand: a blue moon'])
    expect(needsOf(answer, 'undeclared')).toEqual(['unknown declaration: graph/nowhere'])
    expect(answer.script).toBe('# Nothing to grant.\n')
  })

  it('shows no token and stores nothing', async () => {
    const { scope, tenant } = await setUp()
    expect(holdsNoToken(await scope.m365Tenants.preflight(tenant.id))).toBe(true)
    expect(await scope.m365Tenants.get(tenant.id)).toEqual(tenant)
  })

  it('takes an operator input that is given', async () => {
    const { scope, tenant } = await setUp()
    await scope.m365Tenants.setInputs(tenant.id, { groups: [] })
    const answer = await scope.m365Tenants.preflight(tenant.id, { controlIds: ['input'] })
    expect(outcomes(answer)).toEqual({ input: 'will_run' })
    expect(answer.grants.inputs).toEqual([
      { name: 'groups', description: 'Groups that may be public.', held: true, controlIds: ['input'] },
    ])
  })

  it('asks only the services of the chosen controls, and Graph for the plans', async () => {
    const { scope, tenant, runner } = await setUp()
    const asked = async (...controlIds: string[]) => {
      await scope.m365Tenants.preflight(tenant.id, { controlIds })
      return runner.jobs.at(-1)?.sources
    }
    expect(await asked('policies')).toEqual(['graph/organization'])
    expect(await asked('dns', 'fabric')).toEqual([
      'graph/organization',
      'exchange/Get-OrganizationConfig',
      'fabric/tenantSettings',
    ])
    // Its objects may come from Teams too, but this control does not read that.
    expect(await asked('each')).toEqual(['graph/organization'])
  })
})

describe('app roles', () => {
  it('one that the token does not carry is certainly missing', async () => {
    const answer = await preflight({ tokens: { graph: graphWithout('Policy.Read.All') } })
    const none = 'missing app_role: Policy.Read.All'
    expect(outcomes(answer)).toEqual({ ...whole, policies: 'will_not_run', each: 'will_not_run', optional: 'unknown' })
    for (const id of ['policies', 'each', 'optional']) expect(needsOf(answer, id)).toEqual([none])
    expect(answer.controls.find(({ controlId }) => controlId === 'optional')?.needs[0]?.optional).toBe(true)
    const [need] = answer.controls.find(({ controlId }) => controlId === 'policies')?.needs ?? []
    expect(need).toMatchObject({ sourceId: 'graph/policies', resource: { name: 'API of graph', appId: 'app-graph' } })
  })

  it('a wider one leaves it open', async () => {
    const graph = graphWithout('GroupMember.Read.All')
    graph.roles.push('Group.Read.All')
    const answer = await preflight({ tokens: { graph } }, 'certificate', { controlIds: ['members'] })
    expect(outcomes(answer)).toEqual({ members: 'unknown' })
    expect(answer.controls[0]?.needs[0]?.message).toContain('Group.Read.All is granted, which may include it')
    expect(answer.grants.appRoles[0]).toMatchObject({ appRole: 'GroupMember.Read.All', held: null })
  })

  it('one that only shows more leaves it open', async () => {
    const changes = { tokens: { graph: graphWithout('People.Read.All') } }
    const answer = await preflight(changes, 'certificate', { controlIds: ['members'] })
    expect(needsOf(answer, 'members')).toEqual(['unknown app_role: People.Read.All'])
    expect(answer.grants.appRoles.map(({ appRole, held }) => [appRole, held])).toEqual([
      ['GroupMember.Read.All', true],
      ['People.Read.All', false],
    ])
  })

  it('a source that says which objects to read counts as well', async () => {
    const answer = await preflight({ tokens: { graph: graphWithout('GroupMember.Read.All') } })
    expect(outcomes(answer)).toEqual({ ...whole, members: 'will_not_run', each: 'will_not_run' })
  })

  it.each([
    ['that cannot be looked into', null],
    ['of a person', { scp: 'Policy.Read.All', roles: ['Policy.Read.All'] }],
  ])('a token %s leaves them open', async (_, graph) => {
    const answer = await preflight({ tokens: { graph } }, 'certificate', { controlIds: ['policies'] })
    expect(outcomes(answer)).toEqual({ policies: 'unknown' })
    expect(answer.services[0]).toMatchObject({ signIn: 'ok', appRoles: null })
  })

  it('a read of the probe proves them', async () => {
    const answer = await preflight({ tokens: { exchange: null } }, 'certificate', { controlIds: ['mail'] })
    expect(outcomes(answer)).toEqual({ mail: 'will_run' })
  })

  it('a second way in leaves it open until the service refuses', async () => {
    const tokens = { compliance: { wids: [globalReader.templateId] } }
    const input = { controlIds: ['alerts', 'mail'] }
    const state = async (state: 'read' | 'throttled' | 'denied') =>
      outcomes(await preflight({ tokens, states: { 'compliance/Get-LabelPolicy': state } }, 'certificate', input))
        .alerts
    expect([await state('read'), await state('throttled'), await state('denied')]).toEqual([
      'will_run',
      'unknown',
      'will_not_run',
    ])
  })
})

describe('directory roles', () => {
  const controlIds = ['mail', 'mail-config', 'teams']
  const without = (...wids: string[]) =>
    Object.fromEntries(['graph', 'exchange', 'teams'].map((service) => [service, { roles: ['Manage'], wids }]))
  const run = (changes: Partial<World>) => preflight(changes, 'certificate', { controlIds })
  const denied = {
    'exchange/Get-OrganizationConfig': 'denied',
    'teams/Get-CsTeamsClientConfiguration': 'denied',
  } as const

  it('are missing when the token has none and the service refused', async () => {
    const answer = await run({ tokens: without(), states: denied })
    expect(new Set(Object.values(outcomes(answer)))).toEqual(new Set(['will_not_run']))
    const both = ['missing directory_role: Global Reader', 'missing directory_role: Security Reader']
    expect(needsOf(answer, 'mail')).toEqual(both)
    expect(needsOf(answer, 'teams')).toEqual([both[0]])
  })

  it('are open when the service answered without them, but for what it answered', async () => {
    const answer = await run({ tokens: without() })
    expect(outcomes(answer)).toEqual({ mail: 'unknown', 'mail-config': 'will_run', teams: 'will_run' })
  })

  it('are open for other reads when one of two is there and the probe was refused', async () => {
    const answer = await run({ tokens: without('5d6b6bb7-de71-4623-b4af-96380a352509'), states: denied })
    expect(outcomes(answer)).toEqual({ mail: 'unknown', 'mail-config': 'will_not_run', teams: 'will_not_run' })
    expect(needsOf(answer, 'mail')).toEqual(['unknown directory_role: Global Reader'])
    expect(needsOf(answer, 'mail-config')).toEqual(['missing directory_role: Global Reader'])
  })

  it('are open when no token tells them', async () => {
    const blind = { roles: ['Manage'] }
    const tokens = Object.fromEntries(['graph', 'exchange', 'teams'].map((service) => [service, blind]))
    const answer = await run({ tokens, states: denied })
    expect(outcomes(answer)).toEqual({ mail: 'unknown', 'mail-config': 'will_not_run', teams: 'will_not_run' })
    expect(answer.grants.directoryRoles.map(({ held }) => held)).toEqual([null, null])
  })

  it('and a permission that an API does not ask for is told when it refuses', async () => {
    const teams = { roles: ['appliance'], wids: [globalReader.templateId] }
    const answer = await run({ tokens: { teams }, states: denied })
    const [need] = answer.controls.find(({ controlId }) => controlId === 'teams')?.needs ?? []
    expect(need).toMatchObject({ kind: 'service', state: 'missing', anyOf: ['code-denied'] })
    expect(need?.message).toContain('holds appliance of this API')
  })

  it('and a refusal that nothing explains is told in the service’s words', async () => {
    const answer = await run({ states: denied })
    expect(outcomes(answer)).toEqual({ mail: 'unknown', 'mail-config': 'will_not_run', teams: 'will_not_run' })
    expect(answer.controls[0]?.needs[0]?.message).toContain('exchange/Get-OrganizationConfig is denied.')
  })
})

describe('licences', () => {
  it('a plan that is not in force does not count', async () => {
    const answer = await preflight({ plans: ['P2 Suspended', 'MAIL Warning'] }, 'certificate', { controlIds: ['pim'] })
    expect(needsOf(answer, 'pim')).toEqual(['missing licence: P2'])
    const states = { 'exchange/Get-OrganizationConfig': 'denied' } as const
    const mail = await preflight({ plans: ['MAIL Warning'], states }, 'certificate', { controlIds: ['mail'] })
    expect(mail.grants.licences).toEqual([{ anyOf: ['MAIL'], held: true, controlIds: ['mail'] }])
  })

  it('a plan that the tenant does not have is missing', async () => {
    const answer = await preflight({ plans: ['MAIL'] }, 'certificate', { controlIds: ['pim', 'mail'] })
    expect(outcomes(answer)).toEqual({ pim: 'will_not_run', mail: 'will_run' })
    expect(needsOf(answer, 'pim')).toEqual(['missing licence: P2'])
    expect(answer.grants.licences).toContainEqual({ anyOf: ['P2'], held: false, controlIds: ['pim'] })
  })

  it.each([
    ['none was shown', { plans: [] }],
    ['they may not be read', { states: { 'graph/organization': 'denied' as const } }],
  ])('is open when %s, unless the service answered', async (_, changes) => {
    const answer = await preflight(changes, 'certificate', { controlIds: ['pim', 'mail', 'policies'] })
    expect(outcomes(answer)).toEqual({ pim: 'unknown', mail: 'will_run', policies: 'will_run' })
    expect(needsOf(answer, 'pim')).toEqual(['unknown licence: P2'])
  })
})

describe('the credential', () => {
  it('of a kind that a service refuses is told; an alternative source is enough', async () => {
    const answer = await preflight({}, 'client_secret')
    expect(outcomes(answer)).toEqual({ ...whole, sites: 'will_not_run' })
    expect(needsOf(answer, 'sites')).toEqual(['missing credential_kind: certificate'])
    expect(answer.services.find(({ service }) => service === 'sharepoint')?.signIn).toBe('not_asked')
  })

  it('and every alternative is told when none can be read', async () => {
    const graph = graphWithout('Settings.Read.All')
    const answer = await preflight({ tokens: { graph } }, 'client_secret', { controlIds: ['either'] })
    expect(outcomes(answer)).toEqual({ either: 'will_not_run' })
    expect(needsOf(answer, 'either')).toEqual([
      'missing credential_kind: certificate',
      'missing app_role: Settings.Read.All',
    ])
    expect(answer.controls[0]?.needs.map(({ alternativeSourceIds }) => alternativeSourceIds)).toEqual([
      ['graph/settings'],
      ['sharepoint/tenant'],
    ])
    expect(answer.script).toContain('# By hand: sharepoint takes only a credential of the kind certificate.')
  })

  it('that Entra ID refuses stops what reads a service, with the code', async () => {
    const no = refusal('credential')
    const tokens = { graph: no, exchange: no, compliance: no, teams: no, sharepoint: no, fabric: no }
    const answer = await preflight({ tokens })
    const expected = Object.entries(whole).map(([id, outcome]) => {
      const stopped = !['manual', 'unknown'].includes(outcome)
      return [id, stopped || id === 'worded' ? 'will_not_run' : outcome]
    })
    expect(outcomes(answer)).toEqual(Object.fromEntries(expected))
    expect(needsOf(answer, 'policies')).toEqual(['missing sign_in: AADSTS7000215'])
  })

  it('without an answer from Entra ID leaves it open', async () => {
    const answer = await preflight({ tokens: { fabric: refusal('transient', null) } })
    expect(outcomes(answer)).toEqual({ ...whole, fabric: 'unknown' })
    expect(answer.services.find(({ service }) => service === 'fabric')?.signIn).toBe('failed')
  })

  it('must be there', async () => {
    const storage = memoryStorage()
    const without = { ...storage, credentials: { ...storage.credentials, get: async () => null } }
    const bare = await started(scriptOf(world()), { storage: without })
    open.push(bare.tenantscope)
    await expect(bare.scope.m365Tenants.preflight(bare.tenant.id)).rejects.toMatchObject({ code: 'credential_missing' })
  })
})

describe('portals and services', () => {
  it.each([
    ['denied', {}, 'will_not_run', ['missing admin_switch: Read-only APIs']],
    ['denied', { roles: ['Tenant.Read.All'] }, 'will_not_run', ['missing service: code-denied']],
    ['timeout', {}, 'unknown', ['unknown admin_switch: Read-only APIs', 'unknown service: code-timeout']],
  ] as const)('Fabric that is %s with the claims %j', async (state, claims, outcome, needs) => {
    const changes = { tokens: { fabric: claims }, states: { 'fabric/tenantSettings': state } }
    const answer = await preflight(changes, 'certificate', { controlIds: ['fabric'] })
    expect([outcomes(answer), needsOf(answer, 'fabric')]).toEqual([{ fabric: outcome }, [...needs]])
  })

  it.each(['timeout', 'unavailable', 'throttled', 'not_collected'] as const)(
    'a service whose probe is %s is open',
    async (state) => {
      const states = { 'graph/organization': state, 'exchange/Get-OrganizationConfig': state }
      const answer = await preflight({ states }, 'certificate', { controlIds: ['policies', 'mail'] })
      expect(outcomes(answer)).toEqual({ policies: 'unknown', mail: 'unknown' })
    },
  )
})

describe('input and failures', () => {
  it.each([
    [{ controlIds: ['policies', 'x'] }, '/controlIds/1'],
    [{ controlIds: [] }, '/controlIds'],
    [{ benchmark: { id: 'cis-m365', version: '1' } }, '/benchmark'],
    [{ tenant: 1 }, '/tenant'],
  ])('refuses %j', async (input, pointer) => {
    await expect(preflight({}, 'certificate', input as PreflightInput)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer }],
    })
  })

  it('is another platform tenant’s not_found', async () => {
    const { tenantscope, tenant } = await setUp()
    const foreign = tenantscope.forPlatformTenant('msp-2', { actor: 'eve' })
    for (const id of [tenant.id, guid])
      await expect(foreign.m365Tenants.preflight(id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('fails with the engine, and stops with the signal', async () => {
    const fixture = await started(async function* () {
      yield done('failed')
    })
    open.push(fixture.tenantscope)
    await expect(fixture.scope.m365Tenants.preflight(fixture.tenant.id)).rejects.toMatchObject({
      code: 'runner_failed',
      message: 'The engine gave up on purpose.',
    })
    const { scope, tenant } = await setUp()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(scope.m365Tenants.preflight(tenant.id, { signal })).rejects.toThrow('enough')
  })

  it('knows nothing of a runner that tells no sources', async () => {
    const fixture = await started(scriptOf(world()), { signIn: signInOf(world()) })
    open.push(fixture.tenantscope)
    const answer = await fixture.scope.m365Tenants.preflight(fixture.tenant.id)
    expect(new Set(answer.controls.map(({ outcome }) => outcome))).toEqual(new Set(['unknown']))
  })
})
