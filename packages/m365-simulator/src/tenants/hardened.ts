import { scannerApp } from './application.ts'
import { group, guid, registrationDetails, role, roleAssignment, user } from './directory.ts'
import {
  allUsers,
  baseDocument,
  domainRow,
  licenceSku,
  mailName,
  type Names,
  namesFrom,
  type People,
  scannerPrincipal,
  spf,
} from './fresh.ts'
import { hardenedResources, onPremisesDomainGuid, partnerDomain } from './hardened-entra.ts'
import {
  hardenedCompliance,
  hardenedExchange,
  hardenedFabric,
  hardenedSharePoint,
  hardenedTeams,
} from './hardened-workloads.ts'
import { e5Plans, skus } from './licences.ts'
import { type Identity, identityOf, merge } from './merge.ts'
import type { DirectoryUser, GraphData, JsonObject, OperatorInputs, TenantDocument, TenantOverrides } from './types.ts'

const hardenedNames: Names = {
  name: 'hardened',
  tenantId: '7d9c4b21-8e3f-4a5b-9c6d-2e1f0a9b8c7d',
  displayName: 'Fabrikam',
  initialDomain: 'fabrikam.onmicrosoft.com',
  customDomains: ['fabrikam.com'],
  clientSecret: 'hardened~tenant.client-secret',
  prefix: 'fabrikam',
}

const staffNames = ['Allan Deyoung', 'Christie Cline', 'Debra Berger', 'Enrico Cattaneo', 'Joni Sherman', 'Lee Gu']

interface Cast {
  people: People
  emergency: DirectoryUser[]
}

/** Administrators have accounts of their own, in the cloud, without a mailbox licence; everybody else is synchronised. */
function hardenedPeople(identity: Identity): Cast {
  const { tenantId, initialDomain, domain } = identity
  const admin = (name: string, displayName: string) => user(tenantId, { name, displayName, domain: initialDomain })
  const emergency = [admin('emergency.one', 'Emergency One'), admin('emergency.two', 'Emergency Two')]
  const people: People = {
    founder: admin('adm.one', 'Admin One'),
    admins: [admin('adm.two', 'Admin Two'), admin('adm.three', 'Admin Three'), ...emergency],
    staff: staffNames.map((displayName) =>
      user(tenantId, { name: mailName(displayName), displayName, domain, skuIds: [skus.e5.skuId], synced: true }),
    ),
    guests: [
      user(tenantId, {
        name: 'auditor_example.org#EXT#',
        displayName: 'Ada Auditor',
        domain: initialDomain,
        guest: true,
      }),
    ],
    shared: [user(tenantId, { name: 'info', displayName: 'Info', domain, accountEnabled: false, synced: true })],
  }
  return { people, emergency }
}

function hardenedPrincipals(tenantId: string, clientId: string): JsonObject[] {
  return [
    scannerPrincipal(tenantId, clientId),
    // Third-party storage in the web apps, switched off.
    {
      id: guid(tenantId, 'service principal', 'third-party storage'),
      appId: 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e',
      displayName: 'Microsoft 365 on the web',
      accountEnabled: false,
      servicePrincipalType: 'Application',
    },
  ]
}

function hardenedGraph(base: GraphData, names: Names, identity: Identity, cast: Cast): Partial<GraphData> {
  const { tenantId } = names
  const { people, emergency } = cast
  const admins = [people.founder, ...people.admins]
  const [adminOne, adminTwo, adminThree] = admins as [DirectoryUser, DirectoryUser, DirectoryUser]
  const scanner = scannerApp(tenantId, '')
  const staff = people.staff.map((member) => member.id)
  const users = allUsers(people)
  const activated = (roleName: string, principalId: string) =>
    roleAssignment(tenantId, {
      role: roleName,
      principalId,
      assignmentType: 'Activated',
      endDateTime: '2026-11-24T17:00:00Z',
    })
  const reader = (roleName: string) => roleAssignment(tenantId, { role: roleName, principalId: scanner.objectId })
  return {
    users,
    groups: [
      group(tenantId, { displayName: 'All Company', visibility: 'Private', groupTypes: ['Unified'], members: staff }),
      group(tenantId, {
        displayName: 'Finance',
        visibility: 'Private',
        groupTypes: ['Unified'],
        members: staff.slice(0, 2),
      }),
      group(tenantId, {
        displayName: 'Fabric guests',
        visibility: null,
        groupTypes: [],
        members: people.guests.map((guest) => guest.id),
      }),
      group(tenantId, {
        displayName: 'Fabric principals',
        visibility: null,
        groupTypes: [],
        members: [scanner.objectId],
      }),
      group(tenantId, { displayName: 'Guest sharers', visibility: null, groupTypes: [], members: staff.slice(0, 2) }),
      group(tenantId, {
        displayName: 'Guests',
        visibility: null,
        groupTypes: ['DynamicMembership'],
        membershipRule: '(user.userType -eq "Guest")',
        members: people.guests.map((guest) => guest.id),
      }),
    ],
    servicePrincipals: hardenedPrincipals(tenantId, scanner.clientId),
    directoryRoles: [
      role(
        tenantId,
        'Global Administrator',
        [adminOne, ...emergency].map((admin) => admin.id),
      ),
      role(tenantId, 'Security Administrator', [adminTwo.id]),
      role(tenantId, 'Exchange Administrator', [adminThree.id]),
      role(tenantId, 'Global Reader', [scanner.objectId]),
      role(tenantId, 'Security Reader', [scanner.objectId]),
    ],
    roleAssignmentScheduleInstances: [
      activated('Global Administrator', adminOne.id),
      activated('Security Administrator', adminTwo.id),
      activated('Exchange Administrator', adminThree.id),
      // Emergency accounts do not activate anything; their assignment is renewed once a year.
      ...emergency.map((account) =>
        roleAssignment(tenantId, {
          role: 'Global Administrator',
          principalId: account.id,
          endDateTime: '2027-01-15T09:00:00Z',
        }),
      ),
      reader('Global Reader'),
      reader('Security Reader'),
    ],
    domains: [
      domainRow(names.initialDomain, true, names.customDomains.length === 0, 2147483647),
      ...names.customDomains.map((name, index) => domainRow(name, false, index === 0, 2147483647)),
    ],
    userRegistrationDetails: users
      .filter((member) => member.accountEnabled === true)
      .map((member) => registrationDetails(member, { admin: admins.includes(member), capable: true })),
    skus: [licenceSku(skus.e5, e5Plans, people.staff.length)],
    onPremisesSyncEnabled: true,
    resources: hardenedResources(base.resources, identity, {
      reviewer: adminOne,
      approvers: [adminTwo, adminThree],
      emergency: emergency.map((account) => account.id),
    }),
  }
}

function hardenedChanges(base: TenantDocument, names: Names, identity: Identity, cast: Cast): TenantOverrides {
  const dmarc = `v=DMARC1; p=reject; pct=100; rua=mailto:dmarc@${identity.domain}; ruf=mailto:dmarc@${identity.domain}`
  const mailDomains = [names.initialDomain, ...names.customDomains]
  return {
    servicePlans: e5Plans,
    graph: hardenedGraph(base.graph, names, identity, cast) as NonNullable<TenantOverrides['graph']>,
    exchange: { cmdlets: hardenedExchange(base, identity) },
    compliance: { cmdlets: hardenedCompliance(base, identity) },
    teams: { configurations: hardenedTeams(base) },
    sharepoint: { tenant: hardenedSharePoint(base) },
    fabric: { settings: hardenedFabric(base) },
    dns: Object.fromEntries(
      mailDomains.flatMap((name) => [
        [name, [spf]],
        [`_dmarc.${name}`, [dmarc]],
      ]),
    ),
  }
}

/** An E5 tenant whose owners worked through the benchmark. */
export function hardenedTenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(hardenedNames, overrides)
  const identity = identityOf(names, names.prefix)
  const cast = hardenedPeople(identity)
  const base = baseDocument(names, identity, cast.people)
  return merge(merge(base, hardenedChanges(base, names, identity, cast)), overrides)
}

/** What the owners of the hardened tenant would tell a scanner, for the controls that ask an operator. */
export function hardenedInputs(tenant: TenantDocument = hardenedTenant()): OperatorInputs {
  const domain = tenant.customDomains[0] ?? tenant.initialDomain
  const [first, second] = ['emergency.one', 'emergency.two'].map((name) =>
    tenant.graph.users.find((account) => account.userPrincipalName === `${name}@${tenant.initialDomain}`),
  )
  return {
    // Either way of naming an account has to do.
    breakGlassAccounts: [first?.userPrincipalName ?? '', second?.id ?? ''].filter((name) => name !== ''),
    approvedPublicGroups: [],
    nonSendingDomains: [],
    extensionExceptions: [],
    priorityAccounts: staffNames.slice(0, 2).map((displayName) => `${mailName(displayName)}@${domain}`),
    approvedDomains: [partnerDomain],
    mfaCapableExceptions: [],
    approvedExternalTagExceptions: [],
    trustedDomainGuids: [onPremisesDomainGuid],
    approvedTeamsStorageProviders: [],
  }
}
