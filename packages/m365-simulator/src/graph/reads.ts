import { servicePlanIds } from '../tenants/licences.ts'
import { roleTemplates } from '../tenants/roles.ts'
import type { Json, JsonObject, LicenceSku, TenantDocument } from '../tenants/types.ts'
import { findBy, findUser } from './lookup.ts'

export type Version = 'v1.0' | 'beta'

export type Read =
  | { kind: 'collection'; rows: JsonObject[] }
  | { kind: 'single'; value: JsonObject; entity?: boolean }
  | { kind: 'missing'; id: string; code?: string; message?: string }
  | { kind: 'denied' }

export interface ReadInput {
  tenant: TenantDocument
  version: Version
  params: string[]
  search: URLSearchParams
  /** Application permissions of the caller. */
  roles: string[]
}

export const userDefaults =
  'businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName id'.split(
    ' ',
  )

/** Any object of the directory with its type; members of roles and groups are mixed. */
function directoryObject(tenant: TenantDocument, id: string): JsonObject | undefined {
  const { users, groups, servicePrincipals } = tenant.graph
  const found = (rows: JsonObject[], type: string): JsonObject | undefined => {
    const row = findBy(rows, 'id', id)
    return row === undefined ? undefined : { '@odata.type': `#microsoft.graph.${type}`, ...withoutMembers(row) }
  }
  return found(users, 'user') ?? found(groups, 'group') ?? found(servicePrincipals, 'servicePrincipal')
}

export function withoutMembers(row: JsonObject): JsonObject {
  const { members: _, ...rest } = row
  return rest
}

export function memberRows(input: ReadInput, ids: string[]): Read {
  const visible = input.roles.some((role) => role === 'User.Read.All' || role === 'Directory.Read.All')
  const rows = ids.map((id) => directoryObject(input.tenant, id)).filter((row) => row !== undefined)
  // Without permission for users their entries come back with the id alone: "limited information".
  const limited = rows.map((row) =>
    !visible && row['@odata.type'] === '#microsoft.graph.user'
      ? { '@odata.type': row['@odata.type'], id: row.id ?? null }
      : row,
  )
  return { kind: 'collection', rows: limited }
}

/** One named object or list of the document, whichever version it belongs to. */
export function resource(name: string): (input: ReadInput) => Read {
  return ({ tenant, version }) => {
    const { resources } = tenant.graph
    const value = (version === 'beta' ? resources[`beta/${name}`] : undefined) ?? resources[name]
    if (value === undefined) return { kind: 'missing', id: name }
    return Array.isArray(value) ? { kind: 'collection', rows: value } : { kind: 'single', value }
  }
}

export function propertyPath(name: string): (input: ReadInput) => Read {
  return (input) => {
    const read = resource(name)(input)
    return read.kind === 'single' ? { ...read, entity: false } : read
  }
}

/** Settings of an admin centre: sources disagree about what is wrapped around them. */
export function adminSettings(name: string): (input: ReadInput) => Read {
  return (input) => {
    const read = resource(`${name}/settings`)(input)
    if (read.kind !== 'single') return read
    const { adminSettings } = input.tenant.readings
    // SharePoint's settings are an entity of their own: nothing is called `settings` in there.
    const nests = name !== 'admin/sharepoint'
    // Asked for the parent, the settings are a member of the answer whatever the reading.
    const asMember = nests && (input.params[0] === undefined || /settings$/i.test(adminSettings))
    const inner = asMember ? { settings: read.value } : read.value
    const wrapped = adminSettings.startsWith('value') ? { value: inner } : inner
    return { kind: 'single', value: wrapped, entity: !nests }
  }
}

/** One object, or a list of one: its documentation reads like the former, its metadata say the latter. */
export function synchronisation(input: ReadInput): Read {
  const reading = input.tenant.readings.onPremisesSynchronization
  if (reading === 'denied') return { kind: 'denied' }
  const read = resource('directory/onPremisesSynchronization')(input)
  const [only] = read.kind === 'collection' ? read.rows : []
  return reading === 'single' && only !== undefined ? { kind: 'single', value: only } : read
}

export function oneUser({ tenant, params, search }: ReadInput): Read {
  const key = params[0] ?? ''
  const user = findUser(tenant, key)
  if (user === undefined) return { kind: 'missing', id: key }
  return { kind: 'single', value: search.has('$select') ? user : pick(user, userDefaults) }
}

export function pick(row: JsonObject, names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
}

function planRow(name: string): JsonObject {
  return {
    servicePlanId: servicePlanIds[name] ?? null,
    servicePlanName: name,
    provisioningStatus: 'Success',
    appliesTo: 'User',
  }
}

export function licenceDetails({ tenant, params }: ReadInput): Read {
  const key = params[0] ?? ''
  const user = findUser(tenant, key)
  if (user === undefined) return { kind: 'missing', id: key }
  const skuIds = (user.assignedLicenses as { skuId: string }[]).map((licence) => licence.skuId)
  const rows = tenant.graph.skus
    .filter((sku) => skuIds.includes(sku.skuId))
    .map((sku) => ({
      id: Buffer.from(`${user.id} ${sku.skuId}`).toString('base64url').slice(0, 43),
      skuId: sku.skuId,
      skuPartNumber: sku.skuPartNumber,
      servicePlans: sku.servicePlans.map(planRow),
    }))
  return { kind: 'collection', rows }
}

export function skuRow(tenant: TenantDocument, sku: LicenceSku): JsonObject {
  return {
    id: `${tenant.tenantId}_${sku.skuId}`,
    accountId: tenant.tenantId,
    accountName: tenant.initialDomain.split('.')[0] ?? '',
    appliesTo: 'User',
    capabilityStatus: 'Enabled',
    consumedUnits: sku.consumedUnits,
    prepaidUnits: { enabled: sku.enabledUnits, suspended: 0, warning: 0, lockedOut: 0 },
    servicePlans: sku.servicePlans.map(planRow),
    skuId: sku.skuId,
    skuPartNumber: sku.skuPartNumber,
    subscriptionIds: [],
  }
}

const planServices: [RegExp, string][] = [
  [/^AAD/, 'AADPremiumService'],
  [/EXCHANGE|LOCKBOX|ATP_/, 'exchange'],
  [/INTUNE/, 'SCO'],
  [/SHAREPOINT/, 'SharePoint'],
  [/TEAMS/, 'TeamspaceAPI'],
  [/BI_AZURE|PBI/, 'PowerBI'],
  [/THREAT|SAFEDOCS/, 'WindowsDefenderATP'],
]

export function organization({ tenant }: ReadInput): Read {
  const row: JsonObject = {
    id: tenant.tenantId,
    displayName: tenant.displayName,
    createdDateTime: '2026-01-15T09:00:00Z',
    countryLetterCode: 'US',
    onPremisesSyncEnabled: tenant.graph.onPremisesSyncEnabled,
    tenantType: 'AAD',
    assignedPlans: tenant.servicePlans.map((name) => ({
      assignedDateTime: '2026-01-15T09:00:00Z',
      capabilityStatus: 'Enabled',
      service: planServices.find(([pattern]) => pattern.test(name))?.[1] ?? 'MicrosoftOffice',
      servicePlanId: servicePlanIds[name] ?? null,
    })),
    verifiedDomains: tenant.graph.domains
      .filter((domain) => domain.isVerified === true)
      .map((domain) => ({
        capabilities: 'Email, OfficeCommunicationsOnline',
        isDefault: domain.isDefault ?? false,
        isInitial: domain.isInitial ?? false,
        name: domain.id ?? null,
        type: domain.authenticationType ?? null,
      })),
  }
  return { kind: 'collection', rows: [row] }
}

export function roleDefinitions(): Read {
  const rows = Object.entries(roleTemplates).map(([displayName, id]) => ({
    id,
    displayName,
    description: `Holds the permissions of ${displayName}.`,
    isBuiltIn: true,
    isEnabled: true,
    templateId: id,
    version: '1',
  }))
  return { kind: 'collection', rows }
}

function expands(search: URLSearchParams, name: string): boolean {
  return (search.get('$expand') ?? '').split(/,(?![^(]*\))/).some((part) => part.trim().split('(')[0] === name)
}

export function scheduleInstances({ tenant, search }: ReadInput): Read {
  const rows = tenant.graph.roleAssignmentScheduleInstances.map((row) => {
    const expanded: Record<string, Json> = {}
    // A deleted principal is null, not absent.
    if (expands(search, 'principal')) expanded.principal = directoryObject(tenant, String(row.principalId)) ?? null
    if (expands(search, 'roleDefinition')) {
      const name = Object.entries(roleTemplates).find(([, id]) => id === row.roleDefinitionId)?.[0] ?? null
      expanded.roleDefinition = {
        id: row.roleDefinitionId ?? null,
        displayName: name,
        templateId: row.roleDefinitionId ?? null,
        isBuiltIn: true,
      }
    }
    return { ...row, ...expanded }
  })
  return { kind: 'collection', rows }
}

const ruleTemplate = 'policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment'

function approvalRule(tenant: TenantDocument, policyId: string, ruleId: string): JsonObject | undefined {
  if (ruleId !== 'Approval_EndUser_Assignment') return undefined
  const { resources } = tenant.graph
  const own = resources[`policies/roleManagementPolicies/${policyId}/rules/${ruleId}`]
  return (own ?? resources[ruleTemplate]) as JsonObject | undefined
}

export function policyAssignments({ tenant, search }: ReadInput): Read {
  const rows = (tenant.graph.resources['policies/roleManagementPolicyAssignments'] ?? []) as JsonObject[]
  if (!expands(search, 'policy')) return { kind: 'collection', rows }
  const withRules = /policy\(\s*\$expand=rules/.test(search.get('$expand') ?? '')
  return {
    kind: 'collection',
    rows: rows.map((row) => {
      const rule = approvalRule(tenant, String(row.policyId), 'Approval_EndUser_Assignment')
      const policy = {
        id: row.policyId ?? null,
        displayName: 'DirectoryRole',
        isOrganizationDefault: false,
        scopeId: '/',
        scopeType: 'DirectoryRole',
      }
      return { ...row, policy: withRules ? { ...policy, rules: rule === undefined ? [] : [rule] } : policy }
    }),
  }
}

export function policyRule({ tenant, params }: ReadInput): Read {
  const [policyId = '', ruleId = ''] = params
  const assignments = (tenant.graph.resources['policies/roleManagementPolicyAssignments'] ?? []) as JsonObject[]
  const known = assignments.some((row) => row.policyId === policyId)
  const rule = known ? approvalRule(tenant, policyId, ruleId) : undefined
  return rule === undefined ? { kind: 'missing', id: policyId } : { kind: 'single', value: rule }
}

export function authenticatorConfiguration(input: ReadInput): Read {
  const id = input.params[0] ?? ''
  const name = 'policies/authenticationMethodsPolicy'
  const policy = resource(name)(input)
  const list = policy.kind === 'single' ? (policy.value.authenticationMethodConfigurations as JsonObject[]) : []
  const found = list.find((row) => String(row.id).toLowerCase() === id.toLowerCase())
  return found === undefined ? { kind: 'missing', id } : { kind: 'single', value: found }
}

export function betaAuthorizationPolicy(input: ReadInput): Read {
  const read = resource('policies/authorizationPolicy')(input)
  if (input.version === 'v1.0' || read.kind !== 'single') return read
  // beta: a collection of one, with the consent policies at the top level.
  const permissions = read.value.defaultUserRolePermissions as JsonObject
  const { permissionGrantPoliciesAssigned = [], ...rest } = permissions
  return {
    kind: 'collection',
    rows: [
      {
        ...read.value,
        defaultUserRolePermissions: rest,
        permissionGrantPolicyIdsAssignedToDefaultUserRole: permissionGrantPoliciesAssigned,
      },
    ],
  }
}

export function groupsSource(search: URLSearchParams): string {
  const filter = search.get('$filter') ?? ''
  const kind = ['Unified', 'DynamicMembership'].find((name) => filter.includes(`'${name}'`))
  return kind === undefined ? 'groups' : `groups?${kind}`
}

export function roleMembers(find: (role: TenantDocument['graph']['directoryRoles'][number], key: string) => boolean) {
  return (input: ReadInput): Read => {
    const key = input.params[0] ?? ''
    const role = input.tenant.graph.directoryRoles.find((candidate) => find(candidate, key.toLowerCase()))
    return role === undefined ? { kind: 'missing', id: key } : memberRows(input, role.members)
  }
}
