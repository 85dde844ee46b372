import type { AppRole, DirectoryRole, SourceDefinition } from '../benchmarks/benchmark.ts'
import type { SignInError } from '../errors/errors.ts'
import type { Service } from '../runner/runner.ts'
import type { PreflightNeed } from './preflight.ts'
import type { TokenClaims } from './preflight-claims.ts'
import { type Observations, type Probe, probes } from './preflight-probe.ts'

export type SourceNeed = Pick<PreflightNeed, 'kind' | 'state' | 'anyOf' | 'resource' | 'sourceId' | 'message'>

export type Definitions = ReadonlyMap<string, SourceDefinition>

/** What is known about the service of a source. */
interface View {
  definition: SourceDefinition
  service: Service
  seen: Observations
  probe: Probe | null
  probeDefinition: SourceDefinition | null
  /** The source is the one that was read to see. */
  isProbe: boolean
}

/** Readable when nothing is needed; certainly not when a need is `missing`; unknown otherwise. */
export function stateOf(needs: readonly SourceNeed[]): 'readable' | 'unreadable' | 'unknown' {
  if (needs.length === 0) return 'readable'
  return needs.some(({ state }) => state === 'missing') ? 'unreadable' : 'unknown'
}

/** What stands in the way of a source, apart from its origins. Only what a claim or a read has told is certain. */
export function sourceNeeds(definition: SourceDefinition, definitions: Definitions, seen: Observations): SourceNeed[] {
  const { id, service, notSupported, credentialKinds } = definition
  if (notSupported !== null)
    return [need(id, 'no_api', 'missing', [], `No application can read ${id}. ${notSupported}`)]
  if (service === 'dns') return []
  if (credentialKinds && !credentialKinds.includes(seen.credentialKind)) {
    const message = `The API of ${service} refuses a credential of kind ${seen.credentialKind}; it takes ${or(credentialKinds)}.`
    return [need(id, 'credential_kind', 'missing', credentialKinds, message)]
  }
  const probe = seen.probes.get(probes[service]) ?? null
  const isProbe = probes[service] === id
  if (isProbe && probe?.state === 'read') return []
  const probeDefinition = definitions.get(probes[service]) ?? null
  const view: View = { definition, service, seen, probe, probeDefinition, isProbe }
  const refused = signInNeed(view)
  if (refused) return [refused]
  const needs = [
    ...planNeeds(view),
    ...appRoleNeeds(view),
    ...directoryRoleNeeds(view),
    ...switchNeeds(view),
    ...definition.otherDemands.map((words) =>
      need(id, 'demand', 'unknown', [words], `${id} demands: ${words}. Whether that is so could not be found out.`),
    ),
  ]
  return stateOf(needs) === 'unreadable' ? needs : [...needs, ...serviceNeeds(view, needs)]
}

function signInNeed({ definition, service, seen }: View): SourceNeed | null {
  const token = seen.tokens.get(service)
  if (token?.granted) return null
  // A credential that Entra ID refuses is no better for a service that was not asked.
  const error = token?.error ?? refusalOfAll(seen)
  if (!error) return null
  const state = error.reach === 'transient' ? 'unknown' : 'missing'
  const message = `No access token for ${service}: ${error.message}`
  return need(definition.id, 'sign_in', state, error.aadstsCode ? [error.aadstsCode] : [], message)
}

function refusalOfAll(seen: Observations): SignInError | null {
  for (const token of seen.tokens.values()) if (!token.granted && token.error.reach === 'credential') return token.error
  return null
}

function planNeeds({ definition, seen, probe, probeDefinition, isProbe }: View): SourceNeed[] {
  const { id, servicePlans } = definition
  if (servicePlans.length === 0) return []
  const names = servicePlans.map(({ name }) => name)
  const sameAsProbe = names.join() === probeDefinition?.servicePlans.map(({ name }) => name).join()
  if (probe?.state === 'read' && sameAsProbe) return []
  if (isProbe && probe?.state === 'unlicensed')
    return [
      need(id, 'licence', 'missing', names, `The service says that the tenant has no licence for ${id}: ${or(names)}.`),
    ]
  if (seen.plans === null) {
    const message = `Whether the tenant has ${or(names)} is not known: its service plans could not be read. ${plansRefusal(seen)}`
    return [need(id, 'licence', 'unknown', names, message)]
  }
  if (plansHeld(servicePlans, seen)) return []
  return [
    need(id, 'licence', 'missing', names, `The tenant has none of the service plans that ${id} takes: ${or(names)}.`),
  ]
}

function plansRefusal({ probes: reads }: Observations): string {
  const probe = reads.get(probes.graph)
  if (!probe) return 'Microsoft Graph was not asked, or did not answer in time.'
  if (probe.state === 'denied') return 'They take Organization.Read.All of Microsoft Graph.'
  return probe.error?.message ?? 'Microsoft Graph named none.'
}

/** Roles of the source's own API decide. One of another API is a second way in, which only a read can prove. */
function appRoleNeeds(view: View): SourceNeed[] {
  const { definition, service, seen, probe, probeDefinition } = view
  // The service could not even be found: what is said of the service is all there is to say.
  if (service !== 'graph' && probe && !seen.tokens.has(service) && probe.state === 'unavailable') return []
  const own = definition.appRoles.filter((role) => role.service === service)
  const others = definition.appRoles.filter((role) => role.service !== service)
  const secondWay = probe?.state !== 'denied' && others.find((role) => roleHeld(role, seen) !== false)
  return own.flatMap((role) => {
    const held = roleHeld(role, seen)
    if (held === true) return []
    // A read of this service that takes the same role has proved it.
    if (probe?.state === 'read' && probeDefinition?.appRoles.some((one) => roleKey(one) === roleKey(role))) return []
    if (held === false && !role.gates) {
      const message = `${roleLabel(role)} is not granted: the service answers and leaves out what it would show. Whether that matters depends on the tenant.`
      return [roleNeed(definition.id, role, 'unknown', message)]
    }
    if (held === false && !secondWay) {
      const message = `${roleLabel(role)} is not granted: the access token does not carry it.`
      return [roleNeed(definition.id, role, 'missing', message)]
    }
    const why =
      held === null
        ? whyUnknown(role, seen)
        : `${definition.id} may also be read with ${roleLabel(secondWay as AppRole)}`
    const message = `Whether ${roleLabel(role)} is there is not certain: ${why}. Grant it to be sure.`
    return [roleNeed(definition.id, role, 'unknown', message)]
  })
}

function whyUnknown(role: AppRole, seen: Observations): string {
  const claims = claimsOf(role.service, seen)
  if (!claims) return 'there is no access token that can be looked into'
  if (claims.delegated) return 'a person signs in, and what a person may read depends on more than the token says'
  const wider = role.mayBeIn.find((name) => claims.roles.includes(name))
  return wider ? `${wider} is granted, which may include it` : 'the access token does not decide it'
}

/** The claim alone decides only that a role is there: a service may have rights of its own for an application, which no token shows. */
function directoryRoleNeeds({ definition, service, seen, probe, isProbe }: View): SourceNeed[] {
  const groups = definition.directoryRoles
  const absent = groups.filter((roles) => directoryRoleHeld(roles, service, seen) !== true)
  const noneHeld = absent.length === groups.length
  return absent.map((roles) => {
    const names = roles.map(({ name }) => name)
    const held = directoryRoleHeld(roles, service, seen)
    if (held === false && probe?.state === 'denied' && (isProbe || noneHeld)) {
      const message = `The application does not hold the directory role ${or(names)}, and ${service} refused to let it read.`
      return need(definition.id, 'directory_role', 'missing', names, message)
    }
    const why =
      held === null
        ? 'no access token says which directory roles the application holds'
        : probe?.state === 'read'
          ? `the application does not hold it; ${service} answered ${probe.sourceId} all the same, which says nothing about ${definition.id}`
          : `the application does not hold it, and no read of ${service} has shown what that means for ${definition.id}`
    const message = `Whether the directory role ${or(names)} is missing is not certain: ${why}. Assign it to be sure.`
    return need(definition.id, 'directory_role', 'unknown', names, message)
  })
}

function switchNeeds({ definition, service, probe, seen }: View): SourceNeed[] {
  if (probe?.state === 'read') return []
  // This API refuses applications that hold permissions of it: granting more would not help.
  const hasRoles = definition.appRoles.length === 0 && (claimsOf(service, seen)?.roles.length ?? 0) > 0
  return definition.adminSwitches.map(({ name, instruction }) => {
    const { id } = definition
    if (probe?.state !== 'denied')
      return need(
        id,
        'admin_switch',
        'unknown',
        [name],
        `Whether “${name}” is on could not be found out. ${instruction}`,
      )
    if (hasRoles) {
      const message = `The application holds permissions of ${service}, with which this API refuses it: remove them. ${instruction}`
      return need(id, 'service', 'missing', [probe.error?.code ?? 'denied'], message)
    }
    return need(id, 'admin_switch', 'missing', [name], `“${name}” is not on for the application. ${instruction}`)
  })
}

/** What the read of the probe says about the service as a whole, when nothing else explains it. */
function serviceNeeds(view: View, others: readonly SourceNeed[]): SourceNeed[] {
  const { definition, service, probe, isProbe } = view
  const { id } = definition
  // Graph's parts refuse one by one: a refused probe speaks for itself only.
  if (service === 'graph' && !isProbe && probe && ['denied', 'not_found', 'unlicensed'].includes(probe.state)) return []
  if (!probe || probe.state === 'not_collected')
    return [need(id, 'service', 'unknown', [], `${service} was not asked, or did not answer in time.`)]
  const code = [probe.error?.code ?? probe.state]
  const said = probe.error?.message ?? `The answer was: ${probe.state}.`
  switch (probe.state) {
    case 'read':
      return []
    case 'unlicensed':
      return isProbe && others.length === 0 ? [need(id, 'service', 'missing', code, said)] : []
    case 'not_supported':
      return [need(id, 'service', 'missing', code, said)]
    case 'denied': {
      if (others.length > 0 && !isProbe) return []
      const message = `${service} refused ${probe.sourceId} although nothing is known to be missing. ${said} ${refusalHint(view)}`
      return [need(id, 'service', isProbe ? 'missing' : 'unknown', code, message)]
    }
    default:
      return [need(id, 'service', 'unknown', code, `${service} did not answer ${probe.sourceId}. ${said}`)]
  }
}

/** An API that asks for no permission of its own may refuse whoever holds one: Teams does, with that of a telephony appliance. */
function refusalHint({ definition, service, seen }: View): string {
  const roles = claimsOf(service, seen)?.roles ?? []
  if (definition.appRoles.length === 0 && roles.length > 0)
    return `The application holds ${roles.join(', ')} of this API, which asks for none and may refuse it for that: take it away.`
  return 'A grant of the last hour may not have arrived everywhere.'
}

/** null: it could not be found out. */
export function roleHeld(role: AppRole, seen: Observations): boolean | null {
  const claims = claimsOf(role.service, seen)
  if (!claims || claims.delegated) return null
  if (claims.roles.includes(role.name)) return true
  return role.mayBeIn.some((name) => claims.roles.includes(name)) ? null : false
}

/** Directory roles are the tenant's: any token of the application tells them. */
export function directoryRoleHeld(
  roles: readonly DirectoryRole[],
  service: Service,
  seen: Observations,
): boolean | null {
  const all = [claimsOf(service, seen), ...[...seen.tokens.keys()].map((one) => claimsOf(one, seen))]
  const wids = all.find((claims) => claims?.wids)?.wids
  return wids ? roles.some(({ templateId }) => wids.includes(templateId)) : null
}

export function plansHeld(plans: SourceDefinition['servicePlans'], seen: Observations): boolean | null {
  const { plans: inForce } = seen
  return inForce && plans.some(({ ids }) => ids.some((id) => inForce.has(id.toLowerCase())))
}

export function claimsOf(service: Service, seen: Observations): TokenClaims | null {
  const token = seen.tokens.get(service)
  return token?.granted ? token.claims : null
}

export const roleKey = (role: AppRole) => `${role.resourceAppId}/${role.name}`
const roleLabel = (role: AppRole) => `${role.name} of ${role.resource}`

function or(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

function need(
  sourceId: string,
  kind: SourceNeed['kind'],
  state: SourceNeed['state'],
  anyOf: readonly string[],
  message: string,
): SourceNeed {
  return { kind, state, anyOf: [...anyOf], resource: null, sourceId, message }
}

function roleNeed(sourceId: string, role: AppRole, state: SourceNeed['state'], message: string): SourceNeed {
  const resource = { name: role.resource, appId: role.resourceAppId }
  return { ...need(sourceId, 'app_role', state, [role.name], message), resource }
}
