import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import { alertLike, type Cmdlets, policyLike, rule, transportRule } from './defender.ts'
import { auditBypassRow, discoveryMailbox, mailbox } from './mailboxes.ts'
import { fill, type Identity } from './merge.ts'
import { every, isGuest, type Scale } from './numbered.ts'
import type { DirectoryUser, JsonObject, TenantDocument } from './types.ts'

const numbered = <Row>(count: number, make: (index: number) => Row): Row[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Accounts of the system that every tenant has and nobody looks at. */
const systemAccounts = 242

function mailboxKind(index: number): 'UserMailbox' | 'SharedMailbox' | 'RoomMailbox' {
  if (every(40, index)) return 'SharedMailbox'
  return every(90, index) ? 'RoomMailbox' : 'UserMailbox'
}

export function largeExchange(
  { exchange, initialDomain }: TenantDocument,
  identity: Identity,
  users: DirectoryUser[],
  extent: Scale,
): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const { cmdlets } = exchange
  const holders: DirectoryUser[] = []
  for (let index = 3; index < users.length && holders.length < extent.mailboxes - 1; index++) {
    const holder = users[index]
    if (holder !== undefined && !isGuest(holder)) holders.push(holder)
  }
  const [links] = populated['Get-SafeLinksPolicy'] ?? []
  const [content] = cmdlets['Get-HostedContentFilterPolicy'] ?? []
  const [template] = populated['Get-TransportRule'] ?? []
  return {
    ...cmdlets,
    'Get-Mailbox': [
      ...holders.map((holder, index) => mailbox(holder, mailboxKind(index))),
      discoveryMailbox(initialDomain),
    ],
    'Get-MailboxAuditBypassAssociation': [
      ...numbered(systemAccounts, (index) => auditBypassRow(`SystemMailbox{${index.toString(16).padStart(8, '0')}}`)),
      ...holders.map((holder, index) => ({
        ...auditBypassRow(holder.userPrincipalName.split('@')[0] ?? ''),
        AuditBypassEnabled: every(4000, index),
      })),
    ],
    'Get-SafeLinksPolicy': [
      ...(cmdlets['Get-SafeLinksPolicy'] ?? []),
      ...numbered(40, (index) => policyLike(links, `Branch ${index}`, { EnableForInternalSenders: index === 39 })),
    ],
    'Get-SafeLinksRule': numbered(40, (index) =>
      rule(
        `Branch ${index}`,
        { SafeLinksPolicy: `Branch ${index}` },
        { RecipientDomainIs: [`branch${index}.woodgrove.example`] },
        every(3, index) ? 'Disabled' : 'Enabled',
        index,
      ),
    ),
    'Get-HostedContentFilterPolicy': [
      ...(cmdlets['Get-HostedContentFilterPolicy'] ?? []),
      ...numbered(30, (index) =>
        policyLike(content, `Branch ${index}`, {
          AllowedSenderDomains: index === 29 ? numbered(300, (at) => `sender${at}.example`) : [],
        }),
      ),
    ],
    'Get-TransportRule': numbered(120, (index) =>
      transportRule(template, {
        name: `Rule ${index}`,
        priority: index,
        state: every(4, index) ? 'Disabled' : 'Enabled',
        actions: index === 117 ? { RedirectMessageTo: ['outside@provider.example'] } : {},
      }),
    ),
  }
}

export function largeCompliance({ compliance }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(compliancePopulated, identity)
  const [alert] = populated['Get-ProtectionAlert'] ?? []
  const [loss = {}] = populated['Get-DlpCompliancePolicy'] ?? []
  const named = (row: JsonObject, name: string, changes: JsonObject) => ({
    ...row,
    ...changes,
    Name: name,
    DisplayName: name,
    Identity: String(row.Identity).replace(String(row.Name), name),
  })
  return {
    ...compliance.cmdlets,
    'Get-ProtectionAlert': [
      ...(compliance.cmdlets['Get-ProtectionAlert'] ?? []),
      ...numbered(60, (index) => alertLike(alert, `Alert ${index}`, { RecipientTags: null, IsSystemRule: index < 40 })),
    ],
    'Get-DlpCompliancePolicy': numbered(40, (index) =>
      named(loss, `Policy ${index}`, { Mode: index === 38 ? 'Enable' : 'TestWithoutNotifications' }),
    ),
    'Get-LabelPolicy': populated['Get-LabelPolicy'] ?? [],
  }
}

export function largeTeams({ teams }: TenantDocument): Cmdlets {
  const meetings = teams.configurations.TeamsMeetingPolicy ?? []
  const own = meetings.find((row) => row.Identity === 'Global') ?? {}
  return {
    ...teams.configurations,
    TeamsMeetingPolicy: [...meetings, ...numbered(60, (index) => ({ ...own, Identity: `Tag:Branch ${index}` }))],
  }
}

/** Half of them personal; the one that runs script is the last of all. */
export function largeSites({ sharepoint }: TenantDocument, { prefix }: Identity, extent: Scale): JsonObject[] {
  const [root = {}] = sharepoint.sites
  return numbered(extent.sites, (index) => {
    if (index === 0) return root
    const personal = every(2, index)
    const host = `https://${prefix}${personal ? '-my' : ''}.sharepoint.com`
    return {
      ...root,
      Template: personal ? 'SPSPERS#10' : 'GROUP#0',
      Title: `Site ${index}`,
      Url: personal ? `${host}/personal/person${index}` : `${host}/sites/site${index}`,
      DenyAddAndCustomizePages: index === extent.sites - 1 ? 1 : 2,
    }
  })
}

/** The settings a scan asks for are spread over the pages. */
export function largeFabric({ fabric }: TenantDocument): JsonObject[] {
  const others = numbered(110, (index) => ({
    settingName: `OtherSetting${index}`,
    title: `Another setting ${index}`,
    enabled: every(2, index),
    canSpecifySecurityGroups: true,
    tenantSettingGroup: 'Other',
  }))
  return fabric.settings.flatMap((row, index) => [...others.slice(index * 10, index * 10 + 10), row])
}
