import { scannerApp } from './application.ts'
import complianceFresh from './data/compliance-fresh.json' with { type: 'json' }
import exchangeFresh from './data/exchange-fresh.json' with { type: 'json' }
import fabricFresh from './data/fabric-fresh.json' with { type: 'json' }
import graphFresh from './data/graph-fresh.json' with { type: 'json' }
import sharepointFresh from './data/sharepoint-fresh.json' with { type: 'json' }
import teamsFresh from './data/teams-fresh.json' with { type: 'json' }
import { group, guid, registrationDetails, role, roleAssignment, user } from './directory.ts'
import { betaConfigurations } from './enrolment.ts'
import { e3Plans, fabricFreePlans, skus } from './licences.ts'
import { auditBypassRow, discoveryMailbox, mailbox } from './mailboxes.ts'
import { fill, type Identity, identityOf, merge } from './merge.ts'
import { policyAssignments } from './pim.ts'
import type {
  DirectoryUser,
  GraphData,
  JsonObject,
  LicenceSku,
  Readings,
  TenantDocument,
  TenantOverrides,
} from './types.ts'

export interface Names {
  name: string
  tenantId: string
  displayName: string
  initialDomain: string
  customDomains: string[]
  clientSecret: string
  prefix: string
}

/** Overrides may rename the tenant: everything else is then built with those names. */
export function namesFrom(defaults: Names, overrides: TenantOverrides): Names {
  return {
    name: overrides.name ?? defaults.name,
    tenantId: overrides.tenantId ?? defaults.tenantId,
    displayName: overrides.displayName ?? defaults.displayName,
    initialDomain: overrides.initialDomain ?? defaults.initialDomain,
    customDomains: overrides.customDomains ?? defaults.customDomains,
    clientSecret: overrides.app?.clientSecret ?? defaults.clientSecret,
    prefix:
      overrides.sharepoint?.prefix ??
      (overrides.initialDomain === undefined
        ? defaults.prefix
        : (overrides.initialDomain.split('.')[0] ?? defaults.prefix)),
  }
}

export interface People {
  founder: DirectoryUser
  admins: DirectoryUser[]
  staff: DirectoryUser[]
  guests: DirectoryUser[]
  shared: DirectoryUser[]
}

export function allUsers(people: People): DirectoryUser[] {
  return [people.founder, ...people.admins, ...people.staff, ...people.guests, ...people.shared]
}

const staffNames = [
  'Adele Vance',
  'Alex Wilber',
  'Diego Siciliani',
  'Grady Archie',
  'Isaiah Langer',
  'Lidia Holloway',
  'Megan Bowen',
  'Nestor Wilke',
]

export function mailName(displayName: string): string {
  const [first = '', last = ''] = displayName.split(' ')
  return `${first}${last.slice(0, 1)}`.toLowerCase()
}

function freshPeople(identity: Identity): People {
  const { tenantId, initialDomain, domain } = identity
  const licensed = [skus.e3.skuId]
  return {
    // The person who signed the organisation up works with the Global Administrator account.
    founder: user(tenantId, { name: 'admin', displayName: 'Global Admin', domain: initialDomain, skuIds: licensed }),
    admins: [
      user(tenantId, { name: 'itsupport', displayName: 'IT Support', domain, skuIds: licensed }),
      user(tenantId, { name: 'exoadmin', displayName: 'Exchange Admin', domain: initialDomain }),
    ],
    staff: staffNames.map((displayName) =>
      user(tenantId, { name: mailName(displayName), displayName, domain, skuIds: licensed }),
    ),
    guests: [
      user(tenantId, {
        name: 'partner_example.org#EXT#',
        displayName: 'Pat Partner',
        domain: initialDomain,
        guest: true,
      }),
    ],
    // Sign-in of a shared mailbox's account stays allowed until somebody blocks it.
    shared: [user(tenantId, { name: 'info', displayName: 'Info', domain })],
  }
}

function freshGroups(tenantId: string, people: People) {
  const staff = people.staff.map((member) => member.id)
  return [
    group(tenantId, { displayName: 'All Company', visibility: 'Public', groupTypes: ['Unified'], members: staff }),
    group(tenantId, {
      displayName: 'Sales',
      visibility: 'Public',
      groupTypes: ['Unified'],
      members: staff.slice(0, 3),
    }),
    group(tenantId, {
      displayName: 'Leadership',
      visibility: 'Private',
      groupTypes: ['Unified'],
      members: staff.slice(3, 5),
    }),
    group(tenantId, { displayName: 'Printers', visibility: null, groupTypes: [], members: staff }),
  ]
}

export function licenceSku(
  sku: { skuId: string; skuPartNumber: string },
  servicePlans: string[],
  consumedUnits: number,
): LicenceSku {
  return { ...sku, servicePlans, consumedUnits, enabledUnits: 25 }
}

export function domainRow(
  name: string,
  initial: boolean,
  isDefault: boolean,
  passwordValidityPeriodInDays: number | null,
): JsonObject {
  return {
    id: name,
    authenticationType: 'Managed',
    availabilityStatus: null,
    isAdminManaged: true,
    isDefault,
    isInitial: initial,
    isRoot: true,
    isVerified: true,
    passwordNotificationWindowInDays: 14,
    passwordValidityPeriodInDays,
    state: null,
    supportedServices: ['Email', 'OfficeCommunicationsOnline'],
  }
}

/** Principals every tenant that has an application holds: the application itself. */
export function scannerPrincipal(tenantId: string, clientId: string): JsonObject {
  return {
    id: guid(tenantId, 'service principal'),
    appId: clientId,
    displayName: 'Benchmark scanner',
    accountEnabled: true,
    servicePrincipalType: 'Application',
  }
}

function freshResources(identity: Identity): GraphData['resources'] {
  const resources = fill<GraphData['resources']>(graphFresh, identity)
  const enrolment = resources['deviceManagement/deviceEnrollmentConfigurations'] as JsonObject[]
  return {
    ...resources,
    'policies/roleManagementPolicyAssignments': policyAssignments(identity.tenantId),
    'beta/deviceManagement/deviceEnrollmentConfigurations': betaConfigurations(enrolment),
  }
}

function freshGraph(names: Names, identity: Identity, people: People): GraphData {
  const { tenantId, initialDomain } = identity
  const [itSupport, exchangeAdmin] = people.admins as [DirectoryUser, DirectoryUser]
  const admins = [people.founder, ...people.admins]
  const scanner = scannerApp(tenantId, '')
  const users = allUsers(people)
  return {
    users,
    groups: freshGroups(tenantId, people),
    servicePrincipals: [scannerPrincipal(tenantId, scanner.clientId)],
    directoryRoles: [
      role(tenantId, 'Global Administrator', [people.founder.id, itSupport.id]),
      role(tenantId, 'Exchange Administrator', [exchangeAdmin.id]),
      role(tenantId, 'Global Reader', [scanner.objectId]),
      role(tenantId, 'Security Reader', [scanner.objectId]),
      role(tenantId, 'Directory Readers', []),
    ],
    roleAssignmentScheduleInstances: [
      roleAssignment(tenantId, { role: 'Global Administrator', principalId: people.founder.id }),
      roleAssignment(tenantId, { role: 'Global Administrator', principalId: itSupport.id }),
      roleAssignment(tenantId, { role: 'Exchange Administrator', principalId: exchangeAdmin.id }),
      roleAssignment(tenantId, { role: 'Global Reader', principalId: scanner.objectId }),
      roleAssignment(tenantId, { role: 'Security Reader', principalId: scanner.objectId }),
    ],
    domains: [
      domainRow(initialDomain, true, names.customDomains.length === 0, 2147483647),
      ...names.customDomains.map((name, index) => domainRow(name, false, index === 0, 2147483647)),
    ],
    perUserMfaState: {},
    userRegistrationDetails: users
      .filter((member) => member.accountEnabled === true)
      .map((member) =>
        registrationDetails(member, {
          admin: admins.includes(member),
          capable: people.staff.indexOf(member) % 2 === 0,
        }),
      ),
    skus: [licenceSku(skus.e3, e3Plans, 10), licenceSku(skus.fabricFree, fabricFreePlans, 1)],
    onPremisesSyncEnabled: null,
    resources: freshResources(identity),
  }
}

function acceptedDomains(fresh: JsonObject[], names: Names): JsonObject[] {
  const initial = fresh[0] as JsonObject
  const custom = names.customDomains.map((name, index) => ({
    ...initial,
    DomainName: name,
    Identity: name,
    Name: name,
    Default: index === 0,
    InitialDomain: false,
  }))
  return [{ ...initial, Default: custom.length === 0 }, ...custom]
}

function freshExchange(names: Names, identity: Identity, people: People): Record<string, JsonObject[]> {
  const cmdlets = fill<Record<string, JsonObject[]>>(exchangeFresh, identity)
  const holders = [people.founder, ...people.admins, ...people.staff].filter(
    (member) => (member.assignedLicenses as unknown[]).length > 0,
  )
  cmdlets['Get-AcceptedDomain'] = acceptedDomains(cmdlets['Get-AcceptedDomain'] ?? [], names)
  cmdlets['Get-Mailbox'] = [
    ...holders.map((member) => mailbox(member, 'UserMailbox')),
    ...people.shared.map((member) => mailbox(member, 'SharedMailbox')),
    discoveryMailbox(identity.initialDomain),
  ]
  cmdlets['Get-MailboxAuditBypassAssociation'] = [
    auditBypassRow('SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}'),
    ...[...holders, ...people.shared].map((member) => auditBypassRow(member.userPrincipalName.split('@')[0] ?? '')),
  ]
  return cmdlets
}

const freshNames: Names = {
  name: 'fresh',
  tenantId: '0f1e5b7a-3c2d-4e6f-8a9b-1c2d3e4f5a6b',
  displayName: 'Contoso',
  initialDomain: 'contoso.onmicrosoft.com',
  customDomains: ['contoso.com'],
  clientSecret: 'fresh~tenant.client-secret',
  prefix: 'contoso',
}

const usualReadings: Readings = {
  adminSettings: 'flat',
  conditionalAccessWithoutP1: 'emptyList',
  pimWithoutP2: 400,
  accessReviewsWithoutP2: 'noLicense',
  pimDenied: 'error',
  intuneDenied: 'forbidden',
  onPremisesSynchronization: 'collection',
  dlpWithoutLicence: 'emptyList',
}

export const spf = 'v=spf1 include:spf.protection.outlook.com -all'

/** The whole document for given names and people; `hardened` starts from it too. */
export function baseDocument(names: Names, identity: Identity, people: People): TenantDocument {
  const { schemas, ...configurations } = fill<Record<string, JsonObject[]> & { schemas: Record<string, string> }>(
    teamsFresh,
    identity,
  )
  const sharepoint = fill<{ tenant: JsonObject; sites: JsonObject[] }>(sharepointFresh, identity)
  return {
    name: names.name,
    tenantId: names.tenantId,
    displayName: names.displayName,
    initialDomain: names.initialDomain,
    customDomains: names.customDomains,
    app: scannerApp(names.tenantId, names.clientSecret),
    passwordUsers: [],
    servicePlans: [...e3Plans, ...fabricFreePlans],
    graph: freshGraph(names, identity, people),
    exchange: { cmdlets: freshExchange(names, identity, people) },
    compliance: { cmdlets: fill(complianceFresh, identity), region: 'eur01b', answersOnExchangeHost: false },
    teams: { configurations: configurations as Record<string, JsonObject[]>, schemas },
    sharepoint: { prefix: identity.prefix, ...sharepoint, sitePageSize: 300 },
    fabric: {
      ...fill<{ settings: JsonObject[] }>(fabricFresh, identity),
      envelope: 'tenantSettings',
      pageSize: 200,
      servicePrincipalsAllowed: true,
    },
    readings: { ...usualReadings },
    dns: {
      [names.initialDomain]: [spf],
      ...Object.fromEntries(
        names.customDomains.flatMap((name) => [
          [name, [spf, 'MS=ms12345678']],
          [`_dmarc.${name}`, ['v=DMARC1; p=none']],
        ]),
      ),
    },
  }
}

/** A new E3 tenant as its owners left it: documented defaults, a few people, no Conditional Access, security defaults on. */
export function freshTenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(freshNames, overrides)
  const identity = identityOf(names, names.prefix)
  return merge(baseDocument(names, identity, freshPeople(identity)), overrides)
}
