import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import {
  appendRows,
  type Cmdlets,
  changeRows,
  policyLike,
  presetPolicies,
  presetRules,
  rule,
  transportRule,
} from './defender.ts'
import { fill, type Identity } from './merge.ts'
import type { JsonObject, TenantDocument } from './types.ts'

/** Policies piled up over the years: presets nobody is in, rules without a policy, policies without a rule. */
function oldProtection(cmdlets: Cmdlets, populated: Cmdlets, { domain }: Identity): Cmdlets {
  const malware = cmdlets['Get-MalwareFilterPolicy']?.[0]
  const links = populated['Get-SafeLinksPolicy']?.[0]
  const attachments = cmdlets['Get-SafeAttachmentPolicy']?.[0]
  const phishing = populated['Get-AntiPhishPolicy']?.[0]
  return appendRows(
    {},
    presetPolicies(cmdlets, populated, 'Standard'),
    presetPolicies(cmdlets, populated, 'Strict'),
    presetRules('Standard', {}, 'Enabled'),
    presetRules('Strict', { SentToMemberOf: [`board@${domain}`] }, 'Disabled'),
    {
      'Get-MalwareFilterPolicy': [
        policyLike(malware, 'Branch offices', { EnableFileFilter: false, FileTypes: ['exe', '.SCR', 'Js'] }),
        policyLike(malware, 'Nobody uses this', { EnableInternalSenderAdminNotifications: true }),
      ],
      'Get-MalwareFilterRule': [
        rule('Branch offices', { MalwareFilterPolicy: 'Branch offices' }, { RecipientDomainIs: [domain] }),
        rule('Deleted policy', { MalwareFilterPolicy: 'Deleted policy' }, {}, 'Disabled', 1),
      ],
      'Get-SafeLinksPolicy': [
        policyLike(links, 'Complete, but off', {}),
        policyLike(links, 'Mail only', { EnableSafeLinksForTeams: false, EnableSafeLinksForOffice: false }),
      ],
      'Get-SafeLinksRule': [
        rule(
          'Complete, but off',
          { SafeLinksPolicy: 'Complete, but off' },
          { RecipientDomainIs: [domain] },
          'Disabled',
        ),
        rule('Mail only', { SafeLinksPolicy: 'Mail only' }, { SentTo: [`arturol@${domain}`] }, 'Enabled', 1),
      ],
      'Get-SafeAttachmentPolicy': [
        policyLike(attachments, 'Monitor', { IsBuiltInProtection: false, Action: 'Allow', QuarantineTag: '' }),
      ],
      'Get-SafeAttachmentRule': [rule('Monitor', { SafeAttachmentPolicy: 'Monitor' }, {})],
      'Get-AntiPhishPolicy': [policyLike(phishing, 'Old executives', { Enabled: false, TargetedUsersToProtect: [] })],
      'Get-AntiPhishRule': [
        rule('Old executives', { AntiPhishPolicy: 'Old executives' }, { SentTo: [`kent@${domain}`] }, 'Disabled'),
      ],
      'Get-HostedContentFilterPolicy': [
        policyLike(cmdlets['Get-HostedContentFilterPolicy']?.[0], 'Partners', {
          AllowedSenderDomains: ['partner.example', 'supplier.example'],
          AllowedSenders: ['boss@private.example'],
        }),
      ],
      'Get-SharingPolicy': [
        policyLike(cmdlets['Get-SharingPolicy']?.[0], 'Executives', {
          Default: false,
          Enabled: true,
          Domains: ['*:CalendarSharingFreeBusyDetail, ContactsSharing'],
        }),
      ],
      'Get-RoleAssignmentPolicy': [
        policyLike(cmdlets['Get-RoleAssignmentPolicy']?.[0], 'Kiosk', {
          AssignedRoles: ['MyBaseOptions', 'My Marketplace Apps'],
        }),
      ],
      'Get-OwaMailboxPolicy': [
        policyLike(cmdlets['Get-OwaMailboxPolicy']?.[0], 'OWA (2013)', { AdditionalStorageProvidersAvailable: false }),
      ],
    },
  )
}

function oldMailFlow(populated: Cmdlets, { domain }: Identity): JsonObject[] {
  const template = populated['Get-TransportRule']?.[0]
  return [
    transportRule(template, { name: 'Copy to journal', actions: { BlindCopyTo: ['journal@archive.example'] } }),
    transportRule(template, {
      name: 'Redirect leavers',
      priority: 1,
      actions: { RedirectMessageTo: ['leavers@provider.example', `arturol@${domain}`] },
    }),
    transportRule(template, {
      name: 'Old redirect',
      priority: 2,
      state: 'Disabled',
      actions: { RedirectMessageTo: ['nobody@provider.example'] },
    }),
    // A number here, a text there: which one the wire has was not seen.
    transportRule(template, {
      name: 'Trust partner',
      priority: 3,
      actions: { SetSCL: '-1', SenderDomainIs: ['partner.example'] },
    }),
    transportRule(template, { name: 'Trust scanner', priority: 4, actions: { SetSCL: -1, SenderDomainIs: [] } }),
    transportRule(template, {
      name: 'Trial',
      priority: 5,
      mode: 'Audit',
      actions: { SetSCL: -1, SenderDomainIs: ['trial.example'] },
    }),
  ]
}

function acceptedDomains(rows: JsonObject[], initialDomain: string): JsonObject[] {
  const [initial] = rows
  const coexistence = initialDomain.replace('.onmicrosoft.com', '.mail.onmicrosoft.com')
  const changed = rows.map((row, index) => {
    if (index === 2) return { ...row, DomainType: 'InternalRelay' }
    return index === 3 ? { ...row, SendingFromDomainDisabled: true } : row
  })
  if (coexistence === initialDomain) return changed
  const extra = {
    DomainName: coexistence,
    Identity: coexistence,
    Name: coexistence,
    Default: false,
    InitialDomain: false,
  }
  return [...changed, { ...initial, ...extra, IsCoexistenceDomain: true } as JsonObject]
}

function signing(populated: Cmdlets, customDomains: string[]): JsonObject[] {
  const [initial, custom] = populated['Get-DkimSigningConfig'] ?? []
  const states = [
    { Enabled: true, Status: 'CnameMissing' },
    { Enabled: false, Status: 'Valid' },
    { Enabled: true, Status: 'NoDKIMKeys', Selector1KeySize: 1024, KeyCreationTime: null },
  ]
  const rows = customDomains.slice(0, states.length).map((name, index) => ({
    ...custom,
    ...states[index],
    Domain: name,
    Identity: name,
    Name: name,
  }))
  return [...(initial === undefined ? [] : [initial]), ...(rows as JsonObject[])]
}

function oldMailboxes(rows: JsonObject[]): JsonObject[] {
  return rows.map((row, index) => {
    if (row.DisplayName === 'Room 1') return { ...row, RecipientTypeDetails: 'RoomMailbox' }
    if (row.RecipientTypeDetails !== 'UserMailbox') return row
    // Somebody chose actions by hand, somebody switched one off.
    if (index % 4 === 1) return { ...row, AuditOwner: ['MailboxLogin'], DefaultAuditSet: ['Admin', 'Delegate'] }
    if (index % 4 === 2) return { ...row, AuditEnabled: false }
    return index % 4 === 3 ? { ...row, RoleAssignmentPolicy: 'Kiosk' } : row
  })
}

export function legacyExchange(
  { exchange, customDomains, initialDomain }: TenantDocument,
  identity: Identity,
): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const { cmdlets } = exchange
  const added = oldProtection(cmdlets, populated, identity)
  const kept = Object.fromEntries(Object.keys(added).map((name) => [name, cmdlets[name] ?? []]))
  const [defaultSharing = {}] = cmdlets['Get-SharingPolicy'] ?? []
  const piled = appendRows(kept, added)
  return {
    ...piled,
    // The default policy got another name; only its flag tells.
    'Get-SharingPolicy': [
      ...(piled['Get-SharingPolicy'] ?? []).slice(1),
      { ...defaultSharing, Name: 'Litware sharing', Identity: 'Litware sharing' },
    ],
    'Get-Mailbox': oldMailboxes(cmdlets['Get-Mailbox'] ?? []),
    'Get-AcceptedDomain': acceptedDomains(cmdlets['Get-AcceptedDomain'] ?? [], initialDomain),
    'Get-DkimSigningConfig': signing(populated, customDomains),
    'Get-TransportRule': oldMailFlow(populated, identity),
    'Get-HostedOutboundSpamFilterPolicy': [
      ...(cmdlets['Get-HostedOutboundSpamFilterPolicy'] ?? []),
      policyLike(cmdlets['Get-HostedOutboundSpamFilterPolicy']?.[0], 'Scanners', { AutoForwardingMode: 'Automatic' }),
    ],
    'Get-HostedConnectionFilterPolicy': changeRows(cmdlets['Get-HostedConnectionFilterPolicy'], {
      IPAllowList: ['203.0.113.7', '198.51.100.0/24'],
      EnableSafeList: true,
    }),
    'Get-OrganizationConfig': changeRows(cmdlets['Get-OrganizationConfig'], {
      AuditDisabled: true,
      OAuth2ClientProfileEnabled: false,
      MailTipsLargeAudienceThreshold: 50,
      MailTipsGroupMetricsEnabled: false,
    }),
    'Get-TransportConfig': changeRows(cmdlets['Get-TransportConfig'], {
      SmtpClientAuthenticationDisabled: false,
      AllowLegacyTLSClients: true,
    }),
    'Get-AdminAuditLogConfig': changeRows(cmdlets['Get-AdminAuditLogConfig'], {
      UnifiedAuditLogIngestionEnabled: false,
      UnifiedAuditLogFirstOptInDate: null,
    }),
    // Objects that exist only once somebody opened their page.
    'Get-TeamsProtectionPolicy': [],
    'Get-ReportSubmissionPolicy': [],
  }
}
