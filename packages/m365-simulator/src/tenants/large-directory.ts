import { scannerApp } from './application.ts'
import {
  everybody,
  hardenedPolicies,
  conditionalAccessPolicy as policy,
  protectedAdminRoles,
} from './conditional-access.ts'
import graphConfigured from './data/graph-configured.json' with { type: 'json' }
import { group, registrationDetails, role, roleAssignment } from './directory.ts'
import { domainRow, licenceSku, type Names, scannerPrincipal } from './fresh.ts'
import { e5Plans, skus } from './licences.ts'
import { fill, type Identity, merge } from './merge.ts'
import { every, isGuest, numberedGuid, numberedUser, type Scale } from './numbered.ts'
import type { DirectoryGroup, DirectoryUser, GraphData, JsonObject } from './types.ts'

/** So many neighbours in the list, from a place that the number decides. */
function slice(users: DirectoryUser[], index: number, size: number): string[] {
  const start = (index * 131) % Math.max(1, users.length - size)
  return users.slice(start, start + size).map((member) => member.id)
}

function largeGroups(tenantId: string, users: DirectoryUser[], count: number): DirectoryGroup[] {
  return Array.from({ length: count }, (_, index) => {
    // Two groups are bigger than a page of members, most are small.
    const size = index < 2 ? Math.min(2500, users.length) : 5 + (index % 40)
    const members = slice(users, index, size)
    const kind = index % 8
    const made =
      kind < 5
        ? group(tenantId, {
            displayName: `Team ${index}`,
            visibility: every(50, index) ? 'Public' : 'Private',
            groupTypes: ['Unified'],
            members,
          })
        : group(tenantId, {
            displayName: `${kind === 5 ? 'Department' : 'Access'} ${index}`,
            visibility: null,
            groupTypes: kind === 5 ? ['DynamicMembership'] : [],
            ...(kind === 5 ? { membershipRule: `(user.department -eq "${index}")` } : {}),
            members,
          })
    return { ...made, id: numberedGuid(tenantId, 'group', index) }
  })
}

function largePolicies(tenantId: string, emergency: string[], count: number): JsonObject[] {
  const base = hardenedPolicies(emergency)
  const states = ['enabled', 'enabledForReportingButNotEnforced', 'disabled'] as const
  const branch = (index: number) =>
    policy({
      displayName: `Branch ${index}: multifactor authentication`,
      state: states[index % states.length] ?? 'disabled',
      users: {
        ...(every(7, index) ? everybody : {}),
        includeGroups: [numberedGuid(tenantId, 'group', index)],
        includeRoles: every(11, index) ? protectedAdminRoles.slice(0, 3) : [],
      },
      applications: { includeApplications: every(3, index) ? ['All'] : ['Office365'] },
      conditions: every(5, index)
        ? { locations: { includeLocations: ['All'], excludeLocations: [numberedGuid(tenantId, 'location', index)] } }
        : {},
      builtInControls: ['mfa'],
    })
  const more = Array.from({ length: Math.max(0, count - base.length) }, (_, index) => branch(index))
  // What is good stands among the many, not in front.
  return [...more.slice(0, 60), ...base, ...more.slice(60)].slice(0, count)
}

function largePrincipals(tenantId: string, clientId: string, count: number): JsonObject[] {
  return Array.from({ length: count }, (_, index) =>
    index === 0
      ? scannerPrincipal(tenantId, clientId)
      : {
          id: numberedGuid(tenantId, 'service principal', index),
          appId: index === count - 1 ? 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e' : numberedGuid('', 'application', index),
          displayName: index === count - 1 ? 'Microsoft 365 on the web' : `Application ${index}`,
          accountEnabled: index !== count - 1,
          servicePrincipalType: every(10, index) ? 'ManagedIdentity' : 'Application',
        },
  )
}

function largeRoles(tenantId: string, users: DirectoryUser[], extent: Scale): Partial<GraphData> {
  const scanner = scannerApp(tenantId, '').objectId
  const members = users.filter((member) => !isGuest(member))
  const readers = members.slice(3, 3 + extent.roleAssignments).map((member) => member.id)
  const globals = users.slice(0, 3).map((member) => member.id)
  const helpdesk = numberedGuid(tenantId, 'group', 6)
  const spread = ['Exchange Administrator', 'SharePoint Administrator', 'Teams Administrator', 'User Administrator']
  const standing = (name: string, principalId: string) => roleAssignment(tenantId, { role: name, principalId })
  const holders = spread.map((name, index) => ({
    name,
    ids: slice(members, 900 + index, Math.min(12, members.length)),
  }))
  const activated = (name: string, principalId: string) =>
    roleAssignment(tenantId, {
      role: name,
      principalId,
      assignmentType: 'Activated',
      endDateTime: '2026-11-25T17:00:00Z',
    })
  return {
    directoryRoles: [
      role(tenantId, 'Global Administrator', globals),
      ...holders.map(({ name, ids }) => role(tenantId, name, ids)),
      role(tenantId, 'Helpdesk Administrator', [helpdesk]),
      role(tenantId, 'Global Reader', [scanner]),
      role(tenantId, 'Security Reader', [scanner]),
      role(tenantId, 'Directory Readers', readers),
    ],
    roleAssignmentScheduleInstances: [
      ...globals.map((id) => standing('Global Administrator', id)),
      ...holders.flatMap(({ name, ids }) => ids.map((id) => activated(name, id))),
      standing('Helpdesk Administrator', helpdesk),
      standing('Global Reader', scanner),
      standing('Security Reader', scanner),
      ...readers.map((id) => standing('Directory Readers', id)),
    ],
  }
}

function largeReviews(configured: GraphData['resources'], tenantId: string, count: number): JsonObject[] {
  const [guests] = configured['identityGovernance/accessReviews/definitions'] as [JsonObject]
  return Array.from({ length: count }, (_, index) => ({
    ...guests,
    id: numberedGuid(tenantId, 'review', index),
    displayName: `Guests of team ${index}`,
    status: every(2, index) ? 'Completed' : 'InProgress',
  }))
}

export function largeGraph(base: GraphData, names: Names, identity: Identity, extent: Scale): GraphData {
  const { tenantId } = names
  const users = Array.from({ length: Math.max(3, extent.users) }, (_, index) => numberedUser(identity, index))
  const configured = fill<GraphData['resources']>(graphConfigured, identity)
  const emergency = users.slice(0, 1).map((member) => member.id)
  return {
    ...base,
    ...largeRoles(tenantId, users, extent),
    users,
    groups: largeGroups(tenantId, users, extent.groups),
    servicePrincipals: largePrincipals(tenantId, scannerApp(tenantId, '').clientId, extent.servicePrincipals),
    domains: [
      domainRow(names.initialDomain, true, names.customDomains.length === 0, 2147483647),
      ...names.customDomains.map((name, index) => domainRow(name, false, index === 0, 2147483647)),
    ],
    // Here and there, deep in the list.
    perUserMfaState: Object.fromEntries(
      users.filter((_, index) => every(5000, index)).map((member) => [member.id, 'enforced']),
    ),
    userRegistrationDetails: users
      .filter((member) => member.accountEnabled === true)
      .map((member, index) => registrationDetails(member, { admin: index < 3, capable: !every(400, index) })),
    skus: [licenceSku(skus.e5, e5Plans, users.length)],
    onPremisesSyncEnabled: true,
    resources: merge(base.resources, {
      'policies/identitySecurityDefaultsEnforcementPolicy': { isEnabled: false },
      groupSettings: configured.groupSettings,
      'identity/conditionalAccess/policies': largePolicies(tenantId, emergency, extent.conditionalAccessPolicies),
      'identityGovernance/accessReviews/definitions': largeReviews(configured, tenantId, extent.accessReviews),
    }),
  }
}
