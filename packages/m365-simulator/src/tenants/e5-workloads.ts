import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import {
  alertLike,
  appendRows,
  type Cmdlets,
  changeRows,
  policyLike,
  presetPolicies,
  presetRules,
  rule,
  transportRule,
} from './defender.ts'
import { guid } from './directory.ts'
import { fill, type Identity } from './merge.ts'
import type { JsonObject, TenantDocument, TenantOverrides } from './types.ts'

/** The standard preset for everybody, the strict one switched off again, and policies of the company's own beside them. */
function protection(cmdlets: Cmdlets, populated: Cmdlets, { tenantId, domain }: Identity): Cmdlets {
  const everybody = { RecipientDomainIs: [domain] }
  const pilot = { SentToMemberOf: [`SafeAttachmentspilot@${domain}`] }
  const links = policyLike(populated['Get-SafeLinksPolicy']?.[0], 'Tailspin Safe Links', {
    AllowClickThrough: true,
    EnableForInternalSenders: false,
  })
  const attachments = policyLike(cmdlets['Get-SafeAttachmentPolicy']?.[0], 'Pilot: Dynamic Delivery', {
    IsBuiltInProtection: false,
    Action: 'DynamicDelivery',
  })
  const phishing = policyLike(populated['Get-AntiPhishPolicy']?.[0], 'Executives', {
    PhishThresholdLevel: 2,
    TargetedUsersToProtect: [`Lynne Robbins;lynner@${domain}`],
    MailboxIntelligenceProtectionAction: 'MoveToJmf',
  })
  return appendRows(
    {},
    presetPolicies(cmdlets, populated, 'Standard'),
    presetPolicies(cmdlets, populated, 'Strict'),
    presetRules('Strict', { SentTo: [`lynner@${domain}`] }, 'Disabled'),
    presetRules('Standard', everybody, 'Enabled'),
    {
      'Get-SafeLinksPolicy': [links],
      'Get-SafeLinksRule': [rule('Tailspin Safe Links', { SafeLinksPolicy: 'Tailspin Safe Links' }, everybody)],
      'Get-SafeAttachmentPolicy': [attachments],
      'Get-SafeAttachmentRule': [
        rule('Pilot: Dynamic Delivery', { SafeAttachmentPolicy: 'Pilot: Dynamic Delivery' }, pilot),
      ],
      'Get-AntiPhishPolicy': [phishing],
      'Get-AntiPhishRule': [rule('Executives', { AntiPhishPolicy: 'Executives' }, { SentTo: [`lynner@${domain}`] })],
      'Get-TeamsProtectionPolicyRule': [
        rule(
          'Teams Protection Policy Rule',
          { TeamsProtectionPolicy: 'Teams Protection Policy', Guid: guid(tenantId, 'teams protection rule') },
          {},
        ),
      ],
    },
  )
}

function mailFlow(cmdlets: Cmdlets, populated: Cmdlets, identity: Identity): Cmdlets {
  const template = populated['Get-TransportRule']?.[0]
  return {
    'Get-TransportRule': [
      transportRule(template, {
        name: 'External sender banner',
        actions: { FromScope: 'NotInOrganization' },
      }),
      transportRule(template, {
        name: 'Invoices to accounting',
        priority: 1,
        actions: { RedirectMessageTo: [`miriamg@${identity.domain}`] },
      }),
      // Switched off long ago, and still there.
      transportRule(template, {
        name: 'Newsletter bypass',
        state: 'Disabled',
        priority: 2,
        actions: { SetSCL: '-1', SenderDomainIs: ['newsletter.example'] },
      }),
    ],
    'Get-HostedOutboundSpamFilterPolicy': [
      ...changeRows(cmdlets['Get-HostedOutboundSpamFilterPolicy'], { AutoForwardingMode: 'Off' }),
      policyLike(cmdlets['Get-HostedOutboundSpamFilterPolicy']?.[0], 'Forwarding allowed', {
        AutoForwardingMode: 'On',
      }),
    ],
  }
}

export function e5Exchange({ exchange, customDomains }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const { cmdlets } = exchange
  const added = protection(cmdlets, populated, identity)
  const kept = Object.fromEntries(Object.keys(added).map((name) => [name, cmdlets[name] ?? []]))
  const [initial, custom] = populated['Get-DkimSigningConfig'] ?? []
  return {
    ...appendRows(kept, added),
    ...mailFlow(cmdlets, populated, identity),
    'Get-OrganizationConfig': changeRows(cmdlets['Get-OrganizationConfig'], {
      CustomerLockboxEnabled: false,
      MailTipsExternalRecipientsTipsEnabled: true,
    }),
    'Get-AtpPolicyForO365': changeRows(cmdlets['Get-AtpPolicyForO365'], { EnableSafeDocs: true }),
    'Get-ExternalInOutlook': changeRows(cmdlets['Get-ExternalInOutlook'], {
      Enabled: true,
      AllowList: ['partner.example'],
    }),
    // Signing was set up for the first domain; the second has no configuration at all.
    'Get-DkimSigningConfig': [
      ...(initial === undefined ? [] : [initial]),
      ...customDomains
        .slice(0, 1)
        .map((name) => ({ ...custom, Domain: name, Identity: name, Name: name, Enabled: true, Status: 'Valid' })),
    ],
    'Get-MailboxAuditBypassAssociation': (cmdlets['Get-MailboxAuditBypassAssociation'] ?? []).map((row) =>
      row.Name === 'info' ? { ...row, AuditBypassEnabled: true } : row,
    ),
    'Get-ReportSubmissionPolicy': changeRows(cmdlets['Get-ReportSubmissionPolicy'], {
      ReportPhishToCustomizedAddress: true,
      ReportPhishAddresses: [`phish@${identity.domain}`],
    }),
  }
}

export function e5Compliance({ compliance }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(compliancePopulated, identity)
  const [malware] = populated['Get-ProtectionAlert'] ?? []
  return {
    'Get-ProtectionAlert': [
      ...(compliance.cmdlets['Get-ProtectionAlert'] ?? []),
      alertLike(malware, 'Priority account - malware', {}),
      // The second one was begun and never switched on.
      alertLike(malware, 'Priority account - phish', { ThreatType: 'Phish', Disabled: true }),
    ],
    'Get-DlpCompliancePolicy': populated['Get-DlpCompliancePolicy'] ?? [],
    'Get-LabelPolicy': populated['Get-LabelPolicy'] ?? [],
  }
}

const globalChanges: Record<string, JsonObject> = {
  TeamsClientConfiguration: { AllowDropBox: false, AllowBox: false, AllowEgnyte: false },
  TenantFederationSettings: {
    BlockedDomains: [{ Domain: 'blocked.example' }],
    AllowTeamsConsumer: true,
    AllowTeamsConsumerInbound: false,
  },
  TeamsMeetingPolicy: {
    AutoAdmittedUsers: 'EveryoneInCompanyExcludingGuests',
    MeetingChatEnabledType: 'EnabledExceptAnonymous',
    AllowExternalNonTrustedMeetingChat: false,
  },
}

export function e5Teams({ teams }: TenantDocument): Cmdlets {
  return Object.fromEntries(
    Object.entries(globalChanges).map(([type, changes]) => [
      type,
      (teams.configurations[type] ?? []).map((row) => (row.Identity === 'Global' ? { ...row, ...changes } : row)),
    ]),
  )
}

export function e5SharePoint(
  { sharepoint }: TenantDocument,
  { prefix }: Identity,
): NonNullable<TenantOverrides['sharepoint']> {
  const [root] = sharepoint.sites
  return {
    tenant: {
      LegacyAuthProtocolsEnabled: false,
      SharingCapability: 1,
      CoreSharingCapability: 1,
      ODBSharingCapability: 1,
      PreventExternalUsersFromResharing: true,
      DefaultSharingLinkType: 1,
      ExternalUserExpirationRequired: true,
      ExternalUserExpireInDays: 60,
      DisallowInfectedFileDownload: true,
    },
    sites: [
      ...sharepoint.sites,
      {
        ...root,
        Template: 'GROUP#0',
        Title: 'Design',
        Url: `https://${prefix}.sharepoint.com/sites/design`,
        SharingCapability: 1,
      },
      // An old solution needs script here.
      {
        ...root,
        DenyAddAndCustomizePages: 1,
        Template: 'STS#0',
        Title: 'Forms archive',
        Url: `https://${prefix}.sharepoint.com/sites/forms`,
        SharingCapability: 0,
      },
    ] as JsonObject[],
  }
}

export function e5Fabric({ fabric, tenantId }: TenantDocument): JsonObject[] {
  const changes: Record<string, JsonObject> = {
    AllowGuestUserToAccessSharedContent: {
      enabled: true,
      enabledSecurityGroups: [{ graphId: guid(tenantId, 'group', 'Fabric guests'), name: 'Fabric guests' }],
    },
    RScriptVisual: { enabled: false },
    EimInformationProtectionEdit: { enabled: true },
  }
  return fabric.settings.map((row) => ({ ...row, ...changes[String(row.settingName)] }))
}
