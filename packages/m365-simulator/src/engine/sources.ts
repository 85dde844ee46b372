import { complianceCmdlets } from '../compliance/cmdlets.ts'
import { exchangeCmdlets } from '../exchange/cmdlets.ts'
import { routes } from '../graph/routes.ts'
import type { ServiceName } from './knobs.ts'

export interface SourcePlan {
  service: ServiceName
  /** Sources that have to be read first because their answer names what is asked here. */
  after: string[]
}

const teamsCmdlets = [
  'Get-CsTeamsClientConfiguration',
  'Get-CsExternalAccessPolicy',
  'Get-CsTenantFederationConfiguration',
  'Get-CsTeamsAppPermissionPolicy',
  'Get-CsTeamsMeetingPolicy',
  'Get-CsTeamsMessagingPolicy',
  // Refused to applications, but a refusal takes its time too.
  'Get-M365UnifiedTenantSettings',
]

/**
 * Dependencies that cannot be avoided; everything else can be asked in the first round. A policy's approval rule is not
 * among them: expanded, it comes with the list of assignments.
 */
const dependencies: Record<string, string[]> = {
  'graph/directoryRoles/{id}/members': ['graph/directoryRoles'],
  'graph/groups/{id}/members': ['graph/directoryRoles/{id}/members'],
  'graph/users/{id}': ['graph/directoryRoles/{id}/members'],
  'graph/users/{id}/licenseDetails': ['graph/directoryRoles/{id}/members'],
  'graph/beta/users/{id}/authentication/requirements': ['graph/users'],
  // The admin host's name comes from the root site.
  'sharepoint/tenant': ['graph/sites/root'],
  'sharepoint/sites': ['graph/sites/root'],
  'sharepoint/tenantSyncClientRestriction': ['graph/sites/root'],
  // Compliance is routed by the initial domain.
  'compliance/Get-ProtectionAlert': ['graph/organization'],
  'compliance/Get-DlpCompliancePolicy': ['graph/organization'],
  'compliance/Get-LabelPolicy': ['graph/organization'],
  'dns/txt': ['exchange/Get-AcceptedDomain'],
}

/** A beta path depends on what its v1.0 twin depends on, read in beta where that exists. */
function dependenciesOf(id: string): string[] {
  const own = dependencies[id]
  if (own !== undefined || !id.startsWith('graph/beta/')) return own ?? []
  return (dependencies[id.replace('graph/beta/', 'graph/')] ?? []).map((other) =>
    other.replace('graph/', 'graph/beta/'),
  )
}

function plans(): Map<string, SourcePlan> {
  const found = new Map<string, SourcePlan>()
  const add = (id: string, service: ServiceName) => found.set(id, { service, after: dependenciesOf(id) })
  for (const { source, versions } of routes) {
    for (const name of typeof source === 'string' ? [source] : ['groups?Unified', 'groups?DynamicMembership']) {
      for (const version of versions) add(version === 'beta' ? `graph/beta/${name}` : `graph/${name}`, 'graph')
    }
  }
  for (const { source } of exchangeCmdlets) add(source, 'exchange')
  for (const { source } of complianceCmdlets) add(source, 'compliance')
  for (const cmdlet of teamsCmdlets) add(`teams/${cmdlet}`, 'teams')
  // Part of the tenant object: no request of its own, but it cannot be known earlier.
  for (const id of ['sharepoint/tenant', 'sharepoint/tenantSyncClientRestriction', 'sharepoint/sites'])
    add(id, 'sharepoint')
  add('fabric/tenantSettings', 'fabric')
  add('dns/txt', 'dns')
  return found
}

const known = plans()

export const sourceIds: readonly string[] = [...known.keys()]

/** The sources a scan reads: beta twins of v1.0 reads left out. */
export function standardSources(): string[] {
  return sourceIds.filter((id) => !id.startsWith('graph/beta/') || !known.has(id.replace('graph/beta/', 'graph/')))
}

export function planOf(id: string): SourcePlan {
  const plan = known.get(id)
  if (plan === undefined) throw new RangeError(`There is no source "${id}". Known are: ${sourceIds.join(', ')}.`)
  return plan
}
