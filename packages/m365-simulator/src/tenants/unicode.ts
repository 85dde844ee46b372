import { everybody, conditionalAccessPolicy as policy } from './conditional-access.ts'
import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import graphConfigured from './data/graph-configured.json' with { type: 'json' }
import { alertLike, appendRows, type Cmdlets, policyLike, rule, transportRule } from './defender.ts'
import { group, guid, role, roleAssignment, user } from './directory.ts'
import { baseDocument, licenceSku, type Names, namesFrom, type People } from './fresh.ts'
import { e5Plans, skus } from './licences.ts'
import { fill, type Identity, identityOf, merge } from './merge.ts'
import type { DirectoryUser, GraphData, JsonObject, TenantDocument, TenantOverrides } from './types.ts'
import { type AwkwardName, awkwardNames } from './unicode-names.ts'

const unicodeNames: Names = {
  name: 'unicode',
  tenantId: 'e8b5d2f7-1c94-4a63-8b0e-7d6c5f4e3a2b',
  displayName: `Bücher & Söhne „株式会社" <GmbH> 📚`,
  initialDomain: 'buechersoehne.onmicrosoft.com',
  // bücher.example and 中文.example, as DNS writes them.
  customDomains: ['xn--bcher-kva.example', 'xn--fiq228c.example'],
  clientSecret: 'unicode~tenant.client-secret~ä€\u{1f511}',
  prefix: 'buechersoehne',
}

const keys = Object.keys(awkwardNames) as AwkwardName[]

/** An account whose address is plain and whose name is not. */
function awkwardUser({ tenantId, domain }: Identity, key: AwkwardName, index: number): DirectoryUser {
  const displayName = awkwardNames[key]
  return {
    ...user(tenantId, { name: `person${index}`, displayName, domain, skuIds: [skus.e5.skuId] }),
    jobTitle: displayName,
    givenName: displayName,
    surname: null,
  }
}

function unicodePeople(identity: Identity): People {
  const { tenantId, initialDomain, domain } = identity
  const admin = (name: string, displayName: string) => user(tenantId, { name, displayName, domain: initialDomain })
  return {
    founder: { ...admin('admin', awkwardNames.formula), assignedLicenses: [] },
    admins: [admin("o'neil", awkwardNames.apostrophe), admin('adm-emoji', awkwardNames.emoji)],
    staff: keys.map((key, index) => awkwardUser(identity, key, index)),
    guests: [
      user(tenantId, {
        name: 'müller_partner.example#EXT#',
        displayName: awkwardNames.override,
        domain: initialDomain,
        guest: true,
      }),
    ],
    shared: [user(tenantId, { name: 'shared', displayName: awkwardNames.html, domain })],
  }
}

function unicodeGraph(base: GraphData, identity: Identity, people: People): Partial<GraphData> {
  const { tenantId } = identity
  const admins = [people.founder, ...people.admins]
  const configured = fill<GraphData['resources']>(graphConfigured, identity)
  const awkwardGroup = (key: AwkwardName, index: number) => ({
    ...group(tenantId, {
      displayName: awkwardNames[key],
      visibility: index % 2 === 0 ? ('Public' as const) : ('Private' as const),
      groupTypes: ['Unified'],
      members: [people.staff[index]?.id ?? ''],
    }),
    // Two names look the same: an id made of the name would be fine, an id made of its look would not.
    id: guid(tenantId, 'group', key),
  })
  return {
    groups: keys.map(awkwardGroup),
    directoryRoles: [
      role(
        tenantId,
        'Global Administrator',
        admins.map((admin) => admin.id),
      ),
      ...base.directoryRoles.filter((row) => row.displayName !== 'Global Administrator'),
    ],
    roleAssignmentScheduleInstances: [
      ...admins.map((admin) => roleAssignment(tenantId, { role: 'Global Administrator', principalId: admin.id })),
      ...base.roleAssignmentScheduleInstances.slice(admins.length),
    ],
    skus: [licenceSku(skus.e5, e5Plans, people.staff.length)],
    resources: merge(base.resources, {
      'policies/identitySecurityDefaultsEnforcementPolicy': { isEnabled: false },
      groupSettings: (configured.groupSettings as JsonObject[]).map((row) => ({
        ...row,
        values: (row.values as JsonObject[]).map((pair) =>
          pair.name === 'BannedPasswordList' ? { ...pair, value: 'bücher\t株式会社\t👩‍🚒\tx' } : pair,
        ),
      })),
      'identity/conditionalAccess/policies': keys.map((key) => ({
        ...policy({ displayName: awkwardNames[key], users: everybody, builtInControls: ['mfa'] }),
        id: guid(tenantId, 'policy', key),
      })),
    }),
  }
}

function unicodeExchange({ exchange }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const [links] = populated['Get-SafeLinksPolicy'] ?? []
  const [template] = populated['Get-TransportRule'] ?? []
  // Exchange knows its objects by their names: none may be empty.
  const names = keys.filter((key) => key !== 'empty').map((key) => awkwardNames[key])
  const added: Cmdlets = {
    'Get-SafeLinksPolicy': names.map((name) => policyLike(links, name)),
    'Get-SafeLinksRule': names.map((name, index) =>
      rule(name, { SafeLinksPolicy: name }, { RecipientDomainIs: [identity.domain] }, 'Enabled', index),
    ),
    'Get-TransportRule': names.map((name, priority) =>
      transportRule(template, { name, priority, actions: { Comments: name, SetHeaderValue: name } }),
    ),
  }
  const kept = Object.fromEntries(Object.keys(added).map((name) => [name, exchange.cmdlets[name] ?? []]))
  return appendRows(kept, added)
}

function unicodeCompliance({ compliance }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(compliancePopulated, identity)
  const [alert] = populated['Get-ProtectionAlert'] ?? []
  return {
    'Get-ProtectionAlert': [
      ...(compliance.cmdlets['Get-ProtectionAlert'] ?? []),
      ...keys.map((key) => alertLike(alert, awkwardNames[key], { RecipientTags: null })),
      // As real system alerts are called: the name ends in a space of no width.
      alertLike(alert, 'Suspicious connector activity\u200b', { IsSystemRule: true, RecipientTags: null }),
      alertLike(alert, 'Priority account - malware\u200b', {}),
    ],
    'Get-LabelPolicy': (populated['Get-LabelPolicy'] ?? []).map((row) => ({
      ...row,
      Labels: ['Öffentlich', '機密', awkwardNames.formula],
    })),
  }
}

/** Everything that has a name has an awkward one. Licensed for everything, so that all of it can be read. */
export function unicodeTenant(overrides: TenantOverrides = {}): TenantDocument {
  const names = namesFrom(unicodeNames, overrides)
  const identity = identityOf(names, names.prefix)
  const people = unicodePeople(identity)
  const base = baseDocument(names, identity, people)
  const { sharepoint, fabric, teams } = base
  const [root = {}] = sharepoint.sites
  const meetings = teams.configurations.TeamsMeetingPolicy ?? []
  const own = meetings.find((row) => row.Identity === 'Global') ?? {}
  const changes: TenantOverrides = {
    app: { displayName: awkwardNames.html },
    servicePlans: e5Plans,
    graph: unicodeGraph(base.graph, identity, people) as NonNullable<TenantOverrides['graph']>,
    exchange: { cmdlets: unicodeExchange(base, identity) },
    compliance: { cmdlets: unicodeCompliance(base, identity) },
    teams: {
      configurations: {
        TeamsMeetingPolicy: [
          ...meetings,
          ...keys.map((key) => ({ ...own, Identity: `Tag:${awkwardNames[key]}`, Description: awkwardNames[key] })),
        ],
      },
    },
    sharepoint: {
      sites: [
        ...sharepoint.sites,
        ...keys.map((key, index) => ({
          ...root,
          Template: 'GROUP#0',
          Title: awkwardNames[key],
          Url: `https://${identity.prefix}.sharepoint.com/sites/${index === 0 ? 'Bücher und Söhne' : `site${index}`}`,
        })),
      ],
    },
    fabric: {
      settings: fabric.settings.map((row, index) => ({
        ...row,
        title: awkwardNames[keys[index] ?? 'empty'],
        ...(row.canSpecifySecurityGroups === true && row.enabled === true
          ? {
              enabledSecurityGroups: [
                { graphId: guid(identity.tenantId, 'group', 'markup'), name: awkwardNames.markup },
              ],
            }
          : {}),
      })),
    },
    dns: { [identity.domain]: [...(base.dns[identity.domain] as string[]), 'note=Bücher "quoted" 📚', '=1+1'] },
  }
  return merge(merge(base, changes), overrides)
}
