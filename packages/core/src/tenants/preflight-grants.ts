import type { Benchmark, Control, SourceDefinition } from '../benchmarks/benchmark.ts'
import type { PreflightGrants } from './preflight.ts'
import type { ControlVerdict } from './preflight-controls.ts'
import { type Observations, probes } from './preflight-probe.ts'
import { directoryRoleHeld, plansHeld, roleHeld, roleKey } from './preflight-sources.ts'

/** One list of what all the controls need, each thing once with the controls that use it. */
export function grantsOf(params: {
  benchmark: Benchmark
  controls: readonly Control[]
  verdicts: readonly ControlVerdict[]
  seen: Observations
  given: Readonly<Record<string, unknown>>
}): PreflightGrants {
  const { benchmark, verdicts, seen } = params
  const definitions = new Map(benchmark.sources?.map((definition) => [definition.id, definition]))
  const lists = emptyLists()
  for (const { controlId, uses } of verdicts) {
    const supporting = [...uses].flatMap(({ supportedBy }) => supportedBy.flatMap((id) => definitions.get(id) ?? []))
    for (const definition of uses) addDemands(lists, definition, controlId, seen)
    // What only supports a read asks for its permission, not for more.
    for (const definition of supporting) addAppRoles(lists, definition, controlId, seen)
  }
  return {
    appRoles: [...lists.appRoles.values()],
    directoryRoles: [...lists.directoryRoles.values()],
    adminSwitches: [...lists.adminSwitches.values()],
    credentialKinds: [...lists.credentialKinds.values()],
    licences: [...lists.licences.values()],
    inputs: inputsOf(params),
  }
}

type Lists = { [K in Exclude<keyof PreflightGrants, 'inputs'>]: Map<string, PreflightGrants[K][number]> }

function emptyLists(): Lists {
  return {
    appRoles: new Map(),
    directoryRoles: new Map(),
    adminSwitches: new Map(),
    credentialKinds: new Map(),
    licences: new Map(),
  }
}

function addDemands(lists: Lists, definition: SourceDefinition, controlId: string, seen: Observations): void {
  const { service, credentialKinds, servicePlans } = definition
  if (definition.notSupported !== null) return
  addAppRoles(lists, definition, controlId, seen)
  for (const roles of definition.directoryRoles) {
    if (service === 'dns') continue
    const held = directoryRoleHeld(roles, service, seen)
    add(lists.directoryRoles, roles.map(({ name }) => name).join(), controlId, { held, anyOf: [...roles] })
  }
  for (const { name, instruction } of definition.adminSwitches)
    add(lists.adminSwitches, name, controlId, { held: switchOn(definition, seen), name, instruction })
  if (credentialKinds) {
    const held = credentialKinds.includes(seen.credentialKind)
    add(lists.credentialKinds, service, controlId, { held, service, anyOf: [...credentialKinds] })
  }
  if (servicePlans.length > 0) {
    const anyOf = servicePlans.map(({ name }) => name)
    add(lists.licences, anyOf.join(), controlId, { held: plansHeld(servicePlans, seen), anyOf })
  }
}

function addAppRoles(lists: Lists, definition: SourceDefinition, controlId: string, seen: Observations): void {
  for (const role of definition.appRoles) {
    const { resource, resourceAppId, name: appRole, remark } = role
    const known = lists.appRoles.get(roleKey(role))
    // One source may do with another permission, the next may not.
    if (known && roleHeld(role, seen) === false) known.held = false
    add(lists.appRoles, roleKey(role), controlId, {
      held: roleHeld(role, seen),
      resource,
      resourceAppId,
      appRole,
      remark,
    })
  }
}

/** No claim tells how a switch stands: only a source that was read, or refused, does. */
function switchOn(definition: SourceDefinition, seen: Observations): boolean | null {
  if (definition.service === 'dns') return null
  const state = seen.probes.get(probes[definition.service])?.state
  return state === 'read' ? true : state === 'denied' ? false : null
}

function add<T extends { controlIds: string[] }>(
  list: Map<string, T>,
  key: string,
  controlId: string,
  entry: Omit<T, 'controlIds'>,
): void {
  const known = list.get(key)
  if (!known) list.set(key, { ...entry, controlIds: [controlId] } as unknown as T)
  else if (!known.controlIds.includes(controlId)) known.controlIds.push(controlId)
}

function inputsOf(params: Parameters<typeof grantsOf>[0]): PreflightGrants['inputs'] {
  const { benchmark, controls, given } = params
  return benchmark.inputs.flatMap(({ name, description }) => {
    const users = controls.filter(({ requiredInputs }) => requiredInputs?.includes(name))
    if (users.length === 0) return []
    return [{ held: given[name] != null, controlIds: users.map(({ id }) => id), name, description }]
  })
}
