import { complianceCmdlets } from '../compliance/cmdlets.ts'
import { exchangeCmdlets } from '../exchange/cmdlets.ts'
import { routes } from '../graph/routes.ts'
import type { LatencyProfile, ServiceName } from './knobs.ts'
import { cmdletMs } from './latency.ts'

interface SourcePlan {
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

/** Dependencies that cannot be avoided; everything else can be asked in the first round. */
const dependencies: Record<string, string[]> = {
  'graph/directoryRoles/{id}/members': ['graph/directoryRoles'],
  'graph/groups/{id}/members': ['graph/directoryRoles/{id}/members'],
  'graph/users/{id}': ['graph/directoryRoles/{id}/members'],
  'graph/users/{id}/licenseDetails': ['graph/directoryRoles/{id}/members'],
  'graph/beta/users/{id}/authentication/requirements': ['graph/users'],
  'graph/policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment': [
    'graph/policies/roleManagementPolicyAssignments',
  ],
  // The admin host's name comes from the root site.
  'sharepoint/tenant': ['graph/sites/root'],
  'sharepoint/sites': ['graph/sites/root'],
  'sharepoint/tenantSyncClientRestriction': ['graph/sites/root'],
  'dns/txt': ['exchange/Get-AcceptedDomain'],
}

function plans(): Map<string, SourcePlan> {
  const found = new Map<string, SourcePlan>()
  const add = (id: string, service: ServiceName) => found.set(id, { service, after: dependencies[id] ?? [] })
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
function standard(): string[] {
  return sourceIds.filter((id) => !id.startsWith('graph/beta/') || !known.has(id.replace('graph/beta/', 'graph/')))
}

function planOf(id: string): SourcePlan {
  const plan = known.get(id)
  if (plan === undefined) throw new RangeError(`There is no source "${id}". Known are: ${sourceIds.join(', ')}.`)
  return plan
}

function ownMs(id: string, { service }: SourcePlan, profile: LatencyProfile): number {
  switch (service) {
    case 'exchange':
      return cmdletMs(profile, id === 'exchange/Get-EXOMailbox' ? 'Get-Mailbox' : id.slice('exchange/'.length))
    case 'compliance':
    case 'teams':
    case 'sharepoint':
    case 'fabric':
    case 'dns':
    case 'graph':
      return profile[service]
    case 'signin':
      return profile.token
  }
}

/** Time from the token to the answer inside one service; what another service has to say first is not counted. */
function withinService(id: string, profile: LatencyProfile): number {
  const plan = planOf(id)
  const before = plan.after
    .filter((other) => planOf(other).service === plan.service)
    .map((other) => withinService(other, profile))
  // Compliance learns its region before its first call.
  const start = plan.service === 'compliance' ? profile.compliance : 0
  return Math.max(start, ...before) + ownMs(id, plan, profile)
}

function tokenMs(service: ServiceName, profile: LatencyProfile): number {
  return service === 'dns' ? 0 : profile.token
}

/** What a scan cannot be faster than, were every service read by itself and everything independent at once. */
export function floorMs(profile: LatencyProfile, ids: string[] = standard()): number {
  return Math.max(0, ...ids.map((id) => tokenMs(planOf(id).service, profile) + withinService(id, profile)))
}

function chainMs(id: string, profile: LatencyProfile): number {
  const plan = planOf(id)
  const token = tokenMs(plan.service, profile)
  const discovery = plan.service === 'compliance' ? profile.compliance : 0
  const before = plan.after.map((other) => {
    const { service } = planOf(other)
    // Sign-in to SharePoint needs the host name, so its token waits too; DNS needs none.
    return chainMs(other, profile) + (service === plan.service ? 0 : token)
  })
  return Math.max(token + discovery, ...before) + ownMs(id, plan, profile)
}

/** The longest way through dependent reads, across services. */
export function longestChainMs(profile: LatencyProfile, ids: string[] = standard()): number {
  return Math.max(0, ...ids.map((id) => chainMs(id, profile)))
}
