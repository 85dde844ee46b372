import type { Benchmark, SourceDefinition } from '../src/benchmarks/benchmark.ts'
import { SignInError } from '../src/errors/errors.ts'
import type { RunnerEvent, Service, SourceState } from '../src/runner/runner.ts'
import type { SignIn } from '../src/runner/sign-in.ts'
import type { Preflight } from '../src/tenants/preflight.ts'
import { control, done, type Script } from './scripted-runner.ts'

export const globalReader = { name: 'Global Reader', templateId: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451' }
export const securityReader = { name: 'Security Reader', templateId: '5d6b6bb7-de71-4623-b4af-96380a352509' }
const wholeRoles = [globalReader.templateId, securityReader.templateId]

const appRole = (service: Service, name: string, mayBeIn: string[] = []) => ({
  ...{ service, resource: `API of ${service}`, resourceAppId: `app-${service}`, name, mayBeIn },
  remark: name === 'Full' ? 'Write power.' : null,
  gates: name !== 'People.Read.All',
})
const plan = (name: string) => ({ name, ids: [`plan-${name}`] })

function source(id: string, rest: Partial<SourceDefinition> = {}): SourceDefinition {
  return {
    ...{ id, service: id.split('/')[0] as Service, appRoles: [], directoryRoles: [], adminSwitches: [] },
    ...{ otherDemands: [], servicePlans: [], credentialKinds: null, notSupported: null, origins: [], supportedBy: [] },
    ...rest,
  }
}

const exchange = { appRoles: [appRole('exchange', 'Manage')], directoryRoles: [[globalReader], [securityReader]] }
const compliance = {
  appRoles: [appRole('compliance', 'Manage'), appRole('exchange', 'Manage')],
  directoryRoles: [[globalReader, securityReader]],
}
const sharepoint = { appRoles: [appRole('sharepoint', 'Full')], credentialKinds: ['certificate' as const] }

const sources: SourceDefinition[] = [
  source('graph/organization', { appRoles: [appRole('graph', 'Organization.Read.All')] }),
  source('graph/policies', { appRoles: [appRole('graph', 'Policy.Read.All')] }),
  source('graph/members', {
    appRoles: [appRole('graph', 'GroupMember.Read.All', ['Group.Read.All']), appRole('graph', 'People.Read.All')],
  }),
  source('graph/pim', { appRoles: [appRole('graph', 'Pim.Read.All')], servicePlans: [plan('P2')] }),
  source('graph/settings', { appRoles: [appRole('graph', 'Settings.Read.All')] }),
  source('graph/each', { appRoles: [appRole('graph', 'Policy.Read.All')], origins: [['graph/members', 'teams/x']] }),
  source('graph/worded', { otherDemands: ['a blue moon'] }),
  source('exchange/Get-OrganizationConfig', { ...exchange, servicePlans: [plan('MAIL')] }),
  source('exchange/rules', { ...exchange, servicePlans: [plan('MAIL')] }),
  source('compliance/Get-LabelPolicy', { ...compliance, servicePlans: [plan('LABELS')] }),
  source('compliance/alerts', compliance),
  source('teams/Get-CsTeamsClientConfiguration', { directoryRoles: [[globalReader]] }),
  source('teams/people', { notSupported: 'A person has to look.' }),
  source('sharepoint/tenant', { ...sharepoint, supportedBy: ['graph/organization'] }),
  source('sharepoint/sites', sharepoint),
  source('fabric/tenantSettings', { adminSwitches: [{ name: 'Read-only APIs', instruction: 'Portal: on.' }] }),
  source('dns/txt', { origins: [['exchange/rules']] }),
]

const group = (...anyOf: string[]) => ({ anyOf, optional: false })
const withNeeds = (id: string, needs: ReturnType<typeof group>[], rest: Parameters<typeof control>[1] = {}) =>
  control(id, { needs, sources: needs.map(({ anyOf }) => anyOf.join(' | ')), ...rest })

export const preflightBenchmark: Benchmark = {
  ...{ id: 'cis-m365', version: '5.0.0', name: 'CIS', released: '2025-04-30' },
  inputs: [{ name: 'groups', type: 'string[]', description: 'Groups that may be public.' }],
  sources,
  controls: [
    withNeeds('policies', [group('graph/policies')]),
    withNeeds('members', [group('graph/members')]),
    withNeeds('pim', [group('graph/pim')]),
    withNeeds('either', [group('sharepoint/tenant', 'graph/settings')]),
    withNeeds('optional', [group('graph/organization'), { anyOf: ['graph/policies'], optional: true }]),
    withNeeds('each', [group('graph/each')]),
    withNeeds('input', [group('graph/organization')], { inputs: ['groups'], requiredInputs: ['groups'] }),
    withNeeds('mail', [group('exchange/rules')]),
    withNeeds('mail-config', [group('exchange/Get-OrganizationConfig')]),
    withNeeds('alerts', [group('compliance/alerts')]),
    withNeeds('teams', [group('teams/Get-CsTeamsClientConfiguration')]),
    withNeeds('sites', [group('sharepoint/sites')]),
    withNeeds('fabric', [group('fabric/tenantSettings')]),
    withNeeds('dns', [group('dns/txt')]),
    withNeeds('people', [group('teams/people')]),
    withNeeds('by-hand', [], { automated: false }),
    withNeeds('worded', [group('graph/worded')]),
    withNeeds('undeclared', [group('graph/nowhere')]),
  ],
}

/** A world in which nothing is missing but the operator input; tests take something away. */
export interface World {
  /** Claims by service; null: a token that cannot be looked into; an error: no token. */
  tokens: Partial<Record<Service, Record<string, unknown> | null | SignInError>>
  /** States of probes that are not `read`. */
  states: Record<string, SourceState>
  /** Names, with a status after a blank when they are not enabled. */
  plans: string[] | null
}

const graphRoles = ['Organization', 'Policy', 'GroupMember', 'People', 'Pim', 'Settings'].map(
  (name) => `${name}.Read.All`,
)
const wholeTokens: World['tokens'] = {
  graph: { roles: graphRoles, wids: wholeRoles },
  exchange: { roles: ['Manage'], wids: wholeRoles },
  compliance: { roles: ['Manage'], wids: wholeRoles },
  teams: { wids: wholeRoles },
  sharepoint: { roles: ['Full'], wids: wholeRoles },
  fabric: { wids: wholeRoles },
}

export function world(changes: Partial<World> = {}): World {
  const tokens = { ...wholeTokens, ...changes.tokens }
  return { states: {}, plans: ['P2', 'MAIL', 'LABELS'], ...changes, tokens }
}

/** Graph's claims without some roles. */
export const graphWithout = (...names: string[]) => ({
  roles: graphRoles.filter((role) => !names.includes(role)),
  wids: wholeRoles,
})

export const refusal = (reach: 'credential' | 'service' | 'transient', code: string | null = 'AADSTS7000215') =>
  new SignInError({ message: `Refused with ${code}.`, aadstsCode: code, reach })

const secretPart = 'never-to-be-seen'

export function accessToken(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part({ aud: 'an-api', appid: 'app-of-token', ...claims })}.${secretPart}`
}

export function signInOf({ tokens }: World): SignIn {
  return {
    acquire: async ({ scope }) => {
      const token = tokens[scope as Service]
      if (token instanceof Error) throw token
      const accessTokenText = token ? accessToken(token) : `opaque-${secretPart}`
      return { accessToken: accessTokenText, expiresAt: new Date(Date.now() + 3_600_000) }
    },
    forget: () => {},
  }
}

/** Asks for a token of each probe's service, then says its state. What refuses a token is `denied`. */
export function scriptOf({ states, plans }: World): Script {
  return async function* ({ job, host, signal }) {
    for (const sourceId of job.sources ?? []) {
      const service = sourceId.split('/')[0] as Service
      const askable = service !== 'sharepoint' || job.credentialKind === 'certificate'
      let state: SourceState = askable ? (states[sourceId] ?? 'read') : 'not_supported'
      if (askable && state !== 'not_collected')
        await host.token({ service, scope: service, refresh: false, signal }).catch(() => {
          state = 'denied'
        })
      const error = state === 'read' ? null : { code: `code-${state}`, message: `${sourceId} is ${state}.` }
      const read = { type: 'source.read', sourceId, state, durationMs: 1, requests: 1, items: 1, error } as const
      yield read satisfies RunnerEvent
      if (sourceId !== 'graph/organization' || state !== 'read') continue
      const assignedPlans = (plans ?? []).map((plan) => {
        const [name, capabilityStatus = 'Enabled'] = plan.split(' ')
        return { servicePlanId: `PLAN-${name}`, capabilityStatus }
      })
      yield { type: 'evidence', sourceId, state, data: [{ assignedPlans }], error: null } satisfies RunnerEvent
    }
    yield done()
  }
}

export function holdsNoToken(value: unknown): boolean {
  return !JSON.stringify(value).includes(secretPart)
}

/** Outcome by control. */
export function outcomes(answer: Preflight): Record<string, string> {
  return Object.fromEntries(answer.controls.map(({ controlId, outcome }) => [controlId, outcome]))
}

/** Needs of a control, short: state, kind and what would cure it. */
export function needsOf(answer: Preflight, controlId: string): string[] {
  const found = answer.controls.find((one) => one.controlId === controlId)
  return (found?.needs ?? []).map(({ state, kind, anyOf }) => `${state} ${kind}: ${anyOf.join(' or ')}`)
}
