import { scannerApp } from './application.ts'
import { adminRolePolicy } from './conditional-access.ts'
import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import { group, registrationDetails, role, roleAssignment, user } from './directory.ts'
import {
  allUsers,
  baseDocument,
  domainRow,
  licenceSku,
  mailName,
  type Names,
  namesFrom,
  type People,
  spf,
} from './fresh.ts'
import { e5Plans, skus } from './licences.ts'
import { fill, type Identity, identityOf, merge } from './merge.ts'
import type { ExchangeData, FabricData, GraphData, JsonObject, TenantDocument, TenantOverrides } from './types.ts'

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

/** Administrators have accounts of their own, in the cloud, without a mailbox licence. */
function hardenedPeople(identity: Identity): People {
  const { tenantId, initialDomain, domain } = identity
  const admin = (name: string, displayName: string) => user(tenantId, { name, displayName, domain: initialDomain })
  return {
    founder: admin('adm.one', 'Admin One'),
    admins: [admin('adm.two', 'Admin Two'), admin('adm.three', 'Admin Three')],
    staff: staffNames.map((displayName) =>
      user(tenantId, { name: mailName(displayName), displayName, domain, skuIds: [skus.e5.skuId] }),
    ),
    guests: [
      user(tenantId, {
        name: 'auditor_example.org#EXT#',
        displayName: 'Ada Auditor',
        domain: initialDomain,
        guest: true,
      }),
    ],
    shared: [user(tenantId, { name: 'info', displayName: 'Info', domain, accountEnabled: false })],
  }
}

function hardenedRestrictions(rows: JsonObject[], platforms: string[]): JsonObject[] {
  return rows.map((row) => {
    if (!String(row.id).includes('DefaultPlatformRestrictions')) return row
    const blocked = {
      platformBlocked: false,
      personalDeviceEnrollmentBlocked: true,
      osMinimumVersion: '',
      osMaximumVersion: '',
    }
    return { ...row, ...Object.fromEntries(platforms.map((platform) => [platform, { ...blocked }])) }
  })
}

const v1Platforms = [
  'iosRestriction',
  'windowsRestriction',
  'windowsMobileRestriction',
  'androidRestriction',
  'macOSRestriction',
]

function hardenedResources(resources: GraphData['resources']): GraphData['resources'] {
  const enrolment = resources['deviceManagement/deviceEnrollmentConfigurations'] as JsonObject[]
  return merge(resources, {
    'policies/authorizationPolicy': {
      defaultUserRolePermissions: { allowedToCreateApps: false, allowedToCreateTenants: false },
    },
    'identity/conditionalAccess/policies': [adminRolePolicy()],
    'deviceManagement/settings': { secureByDefault: true },
    'deviceManagement/deviceEnrollmentConfigurations': hardenedRestrictions(enrolment, v1Platforms),
    'beta/deviceManagement/deviceEnrollmentConfigurations': hardenedRestrictions(enrolment, [
      ...v1Platforms,
      'androidForWorkRestriction',
      'macRestriction',
    ]),
    'admin/sharepoint/settings': { isLegacyAuthProtocolsEnabled: false, sharingCapability: 'externalUserSharingOnly' },
  })
}

function hardenedGraph(base: GraphData, names: Names, people: People): Partial<GraphData> {
  const { tenantId } = names
  const admins = [people.founder, ...people.admins]
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
    ],
    directoryRoles: [
      role(
        tenantId,
        'Global Administrator',
        admins.map((admin) => admin.id),
      ),
      role(tenantId, 'Global Reader', [scanner.objectId]),
      role(tenantId, 'Security Reader', [scanner.objectId]),
      role(tenantId, 'Exchange Administrator', []),
    ],
    roleAssignmentScheduleInstances: [
      ...admins.map((admin) => activated('Global Administrator', admin.id)),
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
    resources: hardenedResources(base.resources),
  }
}

function hardenedExchange(base: ExchangeData, identity: Identity): ExchangeData {
  const populated = fill<Record<string, JsonObject[]>>(exchangePopulated, identity)
  const { cmdlets } = base
  const standard = populated['Get-SafeLinksPolicy']?.[0] ?? {}
  const rule = populated['Get-SafeLinksRule']?.[0] ?? {}
  const custom = {
    ...standard,
    Identity: 'Safe Links for everyone',
    Name: 'Safe Links for everyone',
    RecommendedPolicyType: 'Custom',
  }
  return {
    cmdlets: {
      ...cmdlets,
      'Get-SafeLinksPolicy': [...(cmdlets['Get-SafeLinksPolicy'] ?? []), custom],
      'Get-SafeLinksRule': [{ ...rule, SafeLinksPolicy: custom.Name, Identity: custom.Name, Name: custom.Name }],
      'Get-HostedOutboundSpamFilterPolicy': (cmdlets['Get-HostedOutboundSpamFilterPolicy'] ?? []).map((row) => ({
        ...row,
        AutoForwardingMode: 'Off',
      })),
    },
  }
}

const fabricChanges: Record<string, JsonObject> = {
  AllowGuestUserToAccessSharedContent: { enabled: false },
  EimInformationProtectionEdit: { enabled: true },
}

function hardenedFabric(base: FabricData): Partial<FabricData> {
  return { settings: base.settings.map((row) => ({ ...row, ...fabricChanges[String(row.settingName)] })) }
}

function globalInstance(rows: JsonObject[] | undefined, changes: JsonObject): JsonObject[] {
  return (rows ?? []).map((row) => (row.Identity === 'Global' ? { ...row, ...changes } : row))
}

function hardenedChanges(base: TenantDocument, names: Names, identity: Identity, people: People): TenantOverrides {
  const populated = fill<Record<string, JsonObject[]>>(compliancePopulated, identity)
  const { configurations } = base.teams
  const dmarc = `v=DMARC1; p=reject; pct=100; rua=mailto:dmarc@${identity.domain}; ruf=mailto:dmarc@${identity.domain}`
  const mailDomains = [names.initialDomain, ...names.customDomains]
  return {
    servicePlans: e5Plans,
    graph: hardenedGraph(base.graph, names, people) as NonNullable<TenantOverrides['graph']>,
    exchange: hardenedExchange(base.exchange, identity),
    compliance: {
      cmdlets: {
        'Get-DlpCompliancePolicy': (populated['Get-DlpCompliancePolicy'] ?? []).filter((row) => row.Mode === 'Enable'),
        'Get-LabelPolicy': populated['Get-LabelPolicy'] ?? [],
      },
    },
    teams: {
      configurations: {
        ExternalAccessPolicy: globalInstance(configurations.ExternalAccessPolicy, { EnableTeamsConsumerAccess: false }),
        TeamsMeetingPolicy: globalInstance(configurations.TeamsMeetingPolicy, { AutoAdmittedUsers: 'InvitedUsers' }),
      },
    },
    sharepoint: {
      tenant: {
        LegacyAuthProtocolsEnabled: false,
        SharingCapability: 1,
        CoreSharingCapability: 1,
        DisallowInfectedFileDownload: true,
      },
    },
    fabric: hardenedFabric(base.fabric) as NonNullable<TenantOverrides['fabric']>,
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
  const people = hardenedPeople(identity)
  const base = baseDocument(names, identity, people)
  return merge(merge(base, hardenedChanges(base, names, identity, people)), overrides)
}
