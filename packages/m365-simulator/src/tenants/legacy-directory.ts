import { scannerApp } from './application.ts'
import { group, guid, registrationDetails, role, roleAssignment } from './directory.ts'
import { allUsers, domainRow, licenceSku, type Names, scannerPrincipal } from './fresh.ts'
import { legacyResources } from './legacy-entra.ts'
import type { LegacyCast } from './legacy-people.ts'
import { e3Plans, e5Plans, skus } from './licences.ts'
import type { Identity } from './merge.ts'
import type { DirectoryGroup, GraphData, Json, JsonObject } from './types.ts'

function principal(tenantId: string, displayName: string, changes: JsonObject = {}): JsonObject {
  return {
    id: guid(tenantId, 'service principal', displayName),
    appId: guid('application', displayName),
    displayName,
    accountEnabled: true,
    servicePrincipalType: 'Application',
    ...changes,
  }
}

const backup = 'Backup Robot'
const identityService = 'Automation identity'

/** Groups inside groups inside a role; the last one holds the first again. */
function nestedGroups(tenantId: string, cast: LegacyCast): DirectoryGroup[] {
  const { people, syncedAdmin, disabledAdmin } = cast
  const id = (displayName: string) => guid(tenantId, 'group', displayName)
  const nest = (displayName: string, members: string[], changes: JsonObject = {}): DirectoryGroup => ({
    ...group(tenantId, { displayName, visibility: null, groupTypes: [], members }),
    onPremisesSyncEnabled: true,
    ...changes,
  })
  const staff = people.staff.map((member) => member.id)
  return [
    nest('Messaging Team', [id('Messaging Tier 2'), staff[0] ?? ''], {
      onPremisesSyncEnabled: null,
      isAssignableToRole: true,
    }),
    nest('Messaging Tier 2', [id('Messaging Tier 3'), staff[1] ?? '']),
    nest('Messaging Tier 3', [id('Messaging Team'), syncedAdmin.id, disabledAdmin.id]),
    nest('Empty admins', [], { isAssignableToRole: true, onPremisesSyncEnabled: null }),
    nest('Robots', [guid(tenantId, 'service principal', backup), staff[2] ?? '']),
  ]
}

function legacyGroups(tenantId: string, cast: LegacyCast): DirectoryGroup[] {
  const staff = cast.people.staff.map((member) => member.id)
  const unified = (
    displayName: string,
    visibility: DirectoryGroup['visibility'],
    members: string[],
  ): DirectoryGroup => ({
    ...group(tenantId, { displayName, visibility: 'Private', groupTypes: ['Unified'], members }),
    visibility: visibility ?? null,
  })
  return [
    unified('All Company', 'Public', staff),
    // Made before groups had a visibility.
    unified('Yammer Pioneers', null, staff.slice(0, 6)),
    unified('Mergers', 'HiddenMembership', staff.slice(0, 2)),
    unified('Social', 'public', staff.slice(2, 9)),
    {
      ...unified('Project Everest', 'Private', staff.slice(4)),
      groupTypes: ['Unified', 'DynamicMembership'],
      membershipRule: '(user.department -eq "Engineering")',
      membershipRuleProcessingState: 'On',
    },
    // The rule that would be right, but nobody evaluates it any more.
    {
      ...group(tenantId, {
        displayName: 'Guests (old)',
        visibility: null,
        groupTypes: ['DynamicMembership'],
        membershipRule: "(USER.usertype  -EQ 'guest')",
      }),
      membershipRuleProcessingState: 'Paused',
    },
    ...nestedGroups(tenantId, cast),
  ]
}

function legacyRoles(tenantId: string, cast: LegacyCast): Partial<GraphData> {
  const { people, syncedAdmin, formerlySynced, syncAccount, disabledAdmin, externalAdmin } = cast
  const scanner = scannerApp(tenantId, '').objectId
  const groupId = (displayName: string) => guid(tenantId, 'group', displayName)
  const robot = guid(tenantId, 'service principal', backup)
  const automation = guid(tenantId, 'service principal', identityService)
  const staff = people.staff.map((member) => member.id)
  const standing = (name: string, principalId: string, changes: JsonObject = {}) => ({
    ...roleAssignment(tenantId, { role: name, principalId }),
    ...changes,
  })
  const globals = [people.founder, syncedAdmin, formerlySynced, disabledAdmin, externalAdmin]
  return {
    directoryRoles: [
      role(tenantId, 'Global Administrator', [...globals.map((member) => member.id), robot]),
      role(tenantId, 'Exchange Administrator', [groupId('Messaging Team'), staff[0] ?? '']),
      role(tenantId, 'User Administrator', [groupId('Empty admins'), groupId('Robots')]),
      role(tenantId, 'SharePoint Administrator', [staff[6] ?? '', automation]),
      role(tenantId, 'Kaizala Administrator', [staff[7] ?? '']),
      role(tenantId, 'Skype for Business Administrator', [staff[7] ?? '']),
      role(tenantId, 'Global Reader', [scanner, staff[8] ?? '']),
      role(tenantId, 'Security Reader', [scanner]),
      role(tenantId, 'Directory Readers', [automation]),
      // Made by the synchronisation itself: its name holds no "Administrator".
      {
        ...role(tenantId, 'Directory Readers', [syncAccount.id]),
        id: guid(tenantId, 'role', 'Directory Synchronization Accounts'),
        displayName: 'Directory Synchronization Accounts',
        roleTemplateId: 'd29b2b05-8046-44ba-8758-1e26182fcf32',
      },
    ],
    roleAssignmentScheduleInstances: [
      ...globals.map((member) => standing('Global Administrator', member.id)),
      standing('Global Administrator', robot),
      standing('Exchange Administrator', groupId('Messaging Team')),
      standing('Exchange Administrator', staff[1] ?? '', { memberType: 'Group' }),
      // Inside one administrative unit only.
      standing('User Administrator', staff[3] ?? '', {
        directoryScopeId: `/administrativeUnits/${guid(tenantId, 'administrative unit', 'Branch')}`,
      }),
      standing('SharePoint Administrator', staff[6] ?? '', { endDateTime: '2031-01-01T00:00:00Z' }),
      standing('Kaizala Administrator', staff[7] ?? ''),
      // The person left, the assignment stayed: expanded, its principal is null.
      standing('Helpdesk Administrator', guid(tenantId, 'deleted principal')),
      standing('Global Reader', scanner),
      standing('Security Reader', scanner),
    ],
  }
}

function legacyDomains(names: Names): JsonObject[] {
  const [first, second, third, ...more] = names.customDomains
  const rows = [domainRow(names.initialDomain, true, first === undefined, null)]
  if (first !== undefined)
    rows.push({
      ...domainRow(first, false, true, null),
      authenticationType: 'Federated',
      passwordNotificationWindowInDays: null,
    })
  if (second !== undefined) rows.push(domainRow(second, false, false, 90))
  if (third !== undefined) rows.push(domainRow(third, false, false, 2147483647))
  for (const name of more) rows.push({ ...domainRow(name, false, false, null), isRoot: false })
  rows.push({ ...domainRow('never-verified.example', false, false, null), isVerified: false, supportedServices: [] })
  return rows
}

export function legacyGraph(base: GraphData, names: Names, identity: Identity, cast: LegacyCast): Partial<GraphData> {
  const { tenantId } = names
  const { people } = cast
  const users = allUsers(people)
  const enabled = users.filter((member) => member.accountEnabled === true)
  const licensed = users.filter((member) => (member.assignedLicenses as Json[]).length > 0)
  return {
    ...legacyRoles(tenantId, cast),
    users,
    groups: legacyGroups(tenantId, cast),
    servicePrincipals: [
      scannerPrincipal(tenantId, scannerApp(tenantId, '').clientId),
      principal(tenantId, backup),
      principal(tenantId, identityService, { servicePrincipalType: 'ManagedIdentity' }),
      principal(tenantId, 'Old CRM connector', { accountEnabled: false, servicePrincipalType: 'Legacy', appId: null }),
    ],
    domains: legacyDomains(names),
    perUserMfaState: Object.fromEntries(
      people.staff.map((member, index) => [
        member.id,
        index % 3 === 0 ? 'enforced' : index % 3 === 1 ? 'enabled' : 'disabled',
      ]),
    ),
    userRegistrationDetails: enabled.map((member, index) => ({
      ...registrationDetails(member, { admin: people.admins.includes(member), capable: index % 2 === 0 }),
      isSsprEnabled: index % 5 !== 0,
      // Never signed in since the report began.
      ...(member === cast.syncAccount ? { lastUpdatedDateTime: null } : {}),
    })),
    skus: [
      licenceSku(skus.e5, e5Plans, licensed.length),
      licenceSku(skus.e3, e3Plans, 1),
      {
        skuId: '6fd2c87f-b296-42f0-b197-1e91e994b900',
        skuPartNumber: 'ENTERPRISEPACK',
        servicePlans: ['EXCHANGE_S_ENTERPRISE', 'SHAREPOINTENTERPRISE', 'TEAMS1', 'SWAY'],
        consumedUnits: 0,
        enabledUnits: 0,
      },
    ],
    onPremisesSyncEnabled: true,
    resources: legacyResources(base.resources, identity, cast),
  }
}
