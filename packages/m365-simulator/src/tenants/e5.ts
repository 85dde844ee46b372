import { scannerApp } from './application.ts'
import { group, guid, registrationDetails, role, roleAssignment, user } from './directory.ts'
import { e5Policies, e5Resources } from './e5-entra.ts'
import { e5Compliance, e5Exchange, e5Fabric, e5SharePoint, e5Teams } from './e5-workloads.ts'
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
import { e5Plans, skus } from './licences.ts'
import { type Identity, identityOf, merge } from './merge.ts'
import type { DirectoryGroup, GraphData, TenantDocument, TenantOverrides } from './types.ts'

const e5Names: Names = {
  name: 'e5',
  tenantId: '3b8e6a10-5d47-4c92-b1f3-9a7c5e2d4f60',
  displayName: 'Tailspin Toys',
  initialDomain: 'tailspintoys.onmicrosoft.com',
  customDomains: ['tailspintoys.com', 'tailspin.example'],
  clientSecret: 'e5~tenant.client-secret',
  prefix: 'tailspintoys',
}

const staffNames = [
  'Aadi Kapoor',
  'Cecil Folk',
  'Eka Siahaan',
  'Fabrice Canel',
  'Hugo Garcia',
  'Irvin Sayers',
  'Johanna Lorenz',
  'Kai Carter',
  'Lynne Robbins',
  'Miriam Graham',
  'Patti Fernandez',
  'Raul Razo',
]

/** Who administers: some with accounts of their own, some with the account they read mail with. */
interface Admins {
  people: People
  emergency: People['founder']
  cloudAdmins: People['admins']
}

function e5People(identity: Identity): Admins {
  const { tenantId, initialDomain, domain } = identity
  const licensed = [skus.e5.skuId]
  const cloudAdmin = (name: string, displayName: string, skuIds: string[] = []) =>
    user(tenantId, { name, displayName, domain: initialDomain, skuIds })
  const emergency = cloudAdmin('breakglass', 'Emergency Access')
  const cloudAdmins = [
    cloudAdmin('adm.miriam', 'Miriam Graham (admin)', [skus.entraP2.skuId]),
    cloudAdmin('adm.raul', 'Raul Razo (admin)'),
    cloudAdmin('adm.partner', 'Partner Support', licensed),
  ]
  const staff = staffNames.map((displayName) =>
    user(tenantId, { name: mailName(displayName), displayName, domain, skuIds: licensed, synced: true }),
  )
  const people: People = {
    founder: cloudAdmin('admin', 'Tailspin Admin', licensed),
    admins: [emergency, ...cloudAdmins],
    staff,
    guests: ['Gael Martin', 'Hana Kovac', 'Ivo Novak'].map((displayName) =>
      user(tenantId, {
        name: `${mailName(displayName)}_example.org#EXT#`,
        displayName,
        domain: initialDomain,
        guest: true,
      }),
    ),
    shared: [
      user(tenantId, { name: 'info', displayName: 'Info', domain, accountEnabled: false }),
      // Somebody forgot this one.
      user(tenantId, { name: 'returns', displayName: 'Returns', domain }),
    ],
  }
  return { people, emergency, cloudAdmins }
}

function e5Groups(tenantId: string, people: People): DirectoryGroup[] {
  const staff = people.staff.map((member) => member.id)
  const unified = (displayName: string, visibility: 'Public' | 'Private' | 'HiddenMembership', members: string[]) =>
    group(tenantId, { displayName, visibility, groupTypes: ['Unified'], members })
  const security = (displayName: string, members: string[]) =>
    group(tenantId, { displayName, visibility: null, groupTypes: [], members })
  return [
    unified('All Company', 'Public', staff),
    unified('Design', 'Private', staff.slice(0, 4)),
    unified('Sales Europe', 'Public', staff.slice(4, 8)),
    unified('Board', 'HiddenMembership', staff.slice(8, 10)),
    security('Conditional Access exclusions', [people.admins[0]?.id ?? '', staff[3] ?? '']),
    security('Fabric guests', [people.guests[0]?.id ?? '']),
    security('Safe Attachments pilot', staff.slice(0, 2)),
    group(tenantId, {
      displayName: 'Helpdesk',
      visibility: null,
      groupTypes: [],
      roleAssignable: true,
      members: staff.slice(10, 12),
    }),
    group(tenantId, {
      displayName: 'Guests',
      visibility: null,
      groupTypes: ['DynamicMembership'],
      membershipRule: "(user.userType -eq 'Guest') and (user.accountEnabled -eq true)",
      members: people.guests.map((guest) => guest.id),
    }),
  ]
}

function e5Roles(tenantId: string, { people, emergency, cloudAdmins }: Admins): Partial<GraphData> {
  const scanner = scannerApp(tenantId, '').objectId
  const [miriam, raul, partner] = cloudAdmins.map((admin) => admin.id) as [string, string, string]
  const helpdesk = guid(tenantId, 'group', 'Helpdesk')
  const exchange = people.staff[5]?.id ?? ''
  const standing = (name: string, principalId: string) => roleAssignment(tenantId, { role: name, principalId })
  const activated = (name: string, principalId: string) =>
    roleAssignment(tenantId, {
      role: name,
      principalId,
      assignmentType: 'Activated',
      endDateTime: '2026-11-25T17:00:00Z',
    })
  return {
    directoryRoles: [
      role(tenantId, 'Global Administrator', [people.founder.id, emergency.id, miriam, raul, partner]),
      role(tenantId, 'Exchange Administrator', [exchange]),
      role(tenantId, 'Helpdesk Administrator', [helpdesk]),
      role(tenantId, 'Security Administrator', [miriam]),
      role(tenantId, 'Teams Administrator', []),
      role(tenantId, 'Global Reader', [scanner]),
      role(tenantId, 'Security Reader', [scanner]),
      role(tenantId, 'Directory Readers', []),
    ],
    roleAssignmentScheduleInstances: [
      standing('Global Administrator', people.founder.id),
      standing('Global Administrator', emergency.id),
      standing('Global Administrator', partner),
      activated('Global Administrator', miriam),
      activated('Global Administrator', raul),
      activated('Security Administrator', miriam),
      { ...standing('Exchange Administrator', exchange), endDateTime: '2027-01-15T09:00:00Z' },
      standing('Helpdesk Administrator', helpdesk),
      standing('Global Reader', scanner),
      standing('Security Reader', scanner),
    ],
  }
}

function e5Graph(base: GraphData, names: Names, identity: Identity, admins: Admins): Partial<GraphData> {
  const { tenantId } = names
  const { people, cloudAdmins } = admins
  const users = allUsers(people)
  const administrators = [people.founder, ...people.admins]
  return {
    ...e5Roles(tenantId, admins),
    users,
    groups: e5Groups(tenantId, people),
    servicePrincipals: [
      scannerPrincipal(tenantId, scannerApp(tenantId, '').clientId),
      // Third-party storage in the web apps: the principal exists, and is on.
      {
        id: guid(tenantId, 'service principal', 'third-party storage'),
        appId: 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e',
        displayName: 'Microsoft 365 on the web',
        accountEnabled: true,
        servicePrincipalType: 'Application',
      },
    ],
    domains: [
      domainRow(names.initialDomain, true, names.customDomains.length === 0, 2147483647),
      ...names.customDomains.map((name, index) => domainRow(name, false, index === 0, index === 0 ? 2147483647 : 90)),
    ],
    // The last days of per-user MFA: one account was never moved to a policy.
    perUserMfaState: { [people.staff[7]?.id ?? '']: 'enforced' },
    userRegistrationDetails: users
      .filter((member) => member.accountEnabled === true)
      .map((member) =>
        registrationDetails(member, {
          admin: administrators.includes(member),
          capable: people.staff.indexOf(member) !== 11 && !people.shared.includes(member),
        }),
      ),
    skus: [
      licenceSku(skus.e5, e5Plans, people.staff.length + 2),
      licenceSku(skus.entraP2, ['AAD_PREMIUM', 'AAD_PREMIUM_P2'], 1),
    ],
    onPremisesSyncEnabled: true,
    resources: e5Resources(base.resources, identity, cloudAdmins, e5Policies(tenantId)),
  }
}

function e5Dns(names: Names): TenantDocument['dns'] {
  const [first, ...others] = names.customDomains
  return {
    [names.initialDomain]: [spf],
    ...(first === undefined
      ? {}
      : {
          [first]: [`${spf.replace(' -all', '')} include:mail.partner.example ~all`, 'MS=ms12345678'],
          [`_dmarc.${first}`]: [`v=DMARC1; p=quarantine; pct=50; rua=mailto:dmarc@${first}`],
        }),
    // Bought for the brand, published half.
    ...Object.fromEntries(others.map((name) => [name, ['google-site-verification=1234567890']])),
  }
}

/** An E5 company half way through: presets, some Conditional Access, privileged identity management, and gaps. */
export function e5Tenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(e5Names, overrides)
  const identity = identityOf(names, names.prefix)
  const admins = e5People(identity)
  const base = baseDocument(names, identity, admins.people)
  const changes: TenantOverrides = {
    servicePlans: e5Plans,
    graph: e5Graph(base.graph, names, identity, admins) as NonNullable<TenantOverrides['graph']>,
    exchange: { cmdlets: e5Exchange(base, identity) },
    compliance: { cmdlets: e5Compliance(base, identity) },
    teams: { configurations: e5Teams(base) },
    sharepoint: e5SharePoint(base, identity),
    fabric: { settings: e5Fabric(base) },
    dns: { ...Object.fromEntries(Object.keys(base.dns).map((name) => [name, undefined])), ...e5Dns(names) },
  }
  return merge(merge(base, changes), overrides)
}
