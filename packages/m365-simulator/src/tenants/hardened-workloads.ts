import attachmentTypes from './data/attachment-types.json' with { type: 'json' }
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
} from './defender.ts'
import { guid } from './directory.ts'
import { onPremisesDomainGuid, partnerDomain } from './hardened-entra.ts'
import { fill, type Identity } from './merge.ts'
import type { JsonObject, TenantDocument } from './types.ts'

const fullAudit = {
  admin:
    'ApplyRecord Copy Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems Send SendAs SendOnBehalf SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules'.split(
      ' ',
    ),
  delegate:
    'ApplyRecord Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems SendAs SendOnBehalf SoftDelete Update UpdateFolderPermissions UpdateInboxRules'.split(
      ' ',
    ),
  owner:
    'ApplyRecord Create HardDelete MailItemsAccessed MailboxLogin Move MoveToDeletedItems Send SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules'.split(
      ' ',
    ),
}

function auditedMailboxes(rows: JsonObject[] | undefined): JsonObject[] {
  return (rows ?? []).map((row) =>
    row.RecipientTypeDetails === 'UserMailbox'
      ? {
          ...row,
          AuditAdmin: fullAudit.admin,
          AuditDelegate: fullAudit.delegate,
          AuditOwner: fullAudit.owner,
          DefaultAuditSet: [],
        }
      : row,
  )
}

/** The strict preset for everybody, and policies as good as it behind it. */
function defenderPolicies(cmdlets: Cmdlets, populated: Cmdlets, { domain, initialDomain }: Identity): Cmdlets {
  const everybody = { RecipientDomainIs: [domain] }
  const [links, attachments, phishing] = [
    'Safe Links for everyone',
    'Safe Attachments for everyone',
    'Impersonation protection',
  ] as const
  const added = appendRows(
    {},
    presetPolicies(cmdlets, populated, 'Strict'),
    presetRules('Strict', everybody, 'Enabled'),
    {
      'Get-SafeLinksPolicy': [policyLike(populated['Get-SafeLinksPolicy']?.[0], links)],
      'Get-SafeLinksRule': [rule(links, { SafeLinksPolicy: links }, everybody)],
      'Get-SafeAttachmentPolicy': [
        policyLike(cmdlets['Get-SafeAttachmentPolicy']?.[0], attachments, { IsBuiltInProtection: false }),
      ],
      'Get-SafeAttachmentRule': [rule(attachments, { SafeAttachmentPolicy: attachments }, everybody)],
      'Get-AntiPhishPolicy': [
        policyLike(populated['Get-AntiPhishPolicy']?.[0], phishing, {
          MailboxIntelligenceProtectionAction: 'Quarantine',
          TargetedUsersToProtect: [`Admin One;adm.one@${initialDomain}`],
        }),
      ],
      'Get-AntiPhishRule': [rule(phishing, { AntiPhishPolicy: phishing }, everybody)],
    },
  )
  const kept = Object.fromEntries(Object.keys(added).map((name) => [name, cmdlets[name] ?? []]))
  return {
    ...appendRows(kept, added),
    'Get-AtpPolicyForO365': changeRows(cmdlets['Get-AtpPolicyForO365'], {
      EnableSafeDocs: true,
      AllowSafeDocsOpen: false,
    }),
  }
}

export function hardenedExchange({ exchange, customDomains }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const { cmdlets } = exchange
  const protection = defenderPolicies(cmdlets, populated, identity)
  const security = `security@${identity.domain}`
  const dkim = populated['Get-DkimSigningConfig'] ?? []
  const [initial, custom] = dkim
  return {
    ...protection,
    'Get-Mailbox': auditedMailboxes(cmdlets['Get-Mailbox']),
    'Get-SharingPolicy': changeRows(cmdlets['Get-SharingPolicy'], { Enabled: false }),
    'Get-OrganizationConfig': changeRows(cmdlets['Get-OrganizationConfig'], {
      CustomerLockboxEnabled: true,
      MailTipsExternalRecipientsTipsEnabled: true,
    }),
    'Get-MalwareFilterPolicy': (protection['Get-MalwareFilterPolicy'] ?? []).map((row) =>
      row.IsDefault === true
        ? {
            ...row,
            EnableFileFilter: true,
            FileTypes: attachmentTypes,
            EnableInternalSenderAdminNotifications: true,
            InternalSenderAdminAddress: security,
          }
        : row,
    ),
    'Get-HostedOutboundSpamFilterPolicy': changeRows(cmdlets['Get-HostedOutboundSpamFilterPolicy'], {
      AutoForwardingMode: 'Off',
      BccSuspiciousOutboundMail: true,
      BccSuspiciousOutboundAdditionalRecipients: [security],
      NotifyOutboundSpam: true,
      NotifyOutboundSpamRecipients: [security],
    }),
    'Get-DkimSigningConfig': [
      ...(initial === undefined ? [] : [initial]),
      ...customDomains.map((name) => ({
        ...custom,
        Domain: name,
        Identity: name,
        Name: name,
        Enabled: true,
        Status: 'Valid',
      })),
    ],
    'Get-ExternalInOutlook': changeRows(cmdlets['Get-ExternalInOutlook'], { Enabled: true }),
    'Get-RoleAssignmentPolicy': (cmdlets['Get-RoleAssignmentPolicy'] ?? []).map((row) => ({
      ...row,
      RoleAssignments: [],
      AssignedRoles: (row.AssignedRoles as string[]).filter(
        (role) => !/^My (Custom|Marketplace|ReadWriteMailbox) Apps$/.test(role),
      ),
    })),
    'Get-OwaMailboxPolicy': changeRows(cmdlets['Get-OwaMailboxPolicy'], { AdditionalStorageProvidersAvailable: false }),
    'Get-ReportSubmissionPolicy': changeRows(cmdlets['Get-ReportSubmissionPolicy'], {
      ReportJunkToCustomizedAddress: true,
      ReportNotJunkToCustomizedAddress: true,
      ReportPhishToCustomizedAddress: true,
      ReportJunkAddresses: [security],
      ReportNotJunkAddresses: [security],
      ReportPhishAddresses: [security],
      ReportChatMessageEnabled: false,
      ReportChatMessageToCustomizedAddressEnabled: true,
    }),
  }
}

export function hardenedCompliance({ compliance }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(compliancePopulated, identity)
  const [malware] = populated['Get-ProtectionAlert'] ?? []
  const phish = alertLike(malware, 'Priority account - phish', { ThreatType: 'Phish' })
  return {
    'Get-ProtectionAlert': [
      ...(compliance.cmdlets['Get-ProtectionAlert'] ?? []),
      ...(malware === undefined ? [] : [malware]),
      phish,
    ],
    'Get-DlpCompliancePolicy': (populated['Get-DlpCompliancePolicy'] ?? []).filter((row) => row.Mode === 'Enable'),
    'Get-LabelPolicy': populated['Get-LabelPolicy'] ?? [],
  }
}

const globalChanges: Cmdlets = {
  TeamsClientConfiguration: [
    {
      AllowDropBox: false,
      AllowBox: false,
      AllowGoogleDrive: false,
      AllowShareFile: false,
      AllowEgnyte: false,
      AllowEmailIntoChannel: false,
    },
  ],
  ExternalAccessPolicy: [{ EnableTeamsConsumerAccess: false, EnableTeamsConsumerInbound: false }],
  TenantFederationSettings: [
    {
      AllowedDomains: { AllowedDomain: [{ Domain: partnerDomain }] },
      AllowTeamsConsumer: false,
      AllowTeamsConsumerInbound: false,
    },
  ],
  TeamsAppPermissionPolicy: [{ GlobalCatalogAppsType: 'AllowedAppList', PrivateCatalogAppsType: 'AllowedAppList' }],
  TeamsMeetingPolicy: [
    {
      AllowAnonymousUsersToJoinMeeting: false,
      AllowAnonymousUsersToStartMeeting: false,
      AutoAdmittedUsers: 'InvitedUsers',
      AllowPSTNUsersToBypassLobby: false,
      MeetingChatEnabledType: 'EnabledExceptAnonymous',
      DesignatedPresenterRoleMode: 'OrganizerOnlyUserOverride',
      AllowExternalParticipantGiveRequestControl: false,
      AllowExternalNonTrustedMeetingChat: false,
      AllowCloudRecording: false,
    },
  ],
}

/** Only the tenant's own instance is changed: the built-in ones belong to the service. */
export function hardenedTeams({ teams }: TenantDocument): Cmdlets {
  return Object.fromEntries(
    Object.entries(globalChanges).map(([type, [changes]]) => [
      type,
      (teams.configurations[type] ?? []).map((row) => (row.Identity === 'Global' ? { ...row, ...changes } : row)),
    ]),
  )
}

export function hardenedSharePoint({ tenantId }: TenantDocument): JsonObject {
  return {
    LegacyAuthProtocolsEnabled: false,
    EnableAzureADB2BIntegration: true,
    SharingCapability: 1,
    CoreSharingCapability: 1,
    ODBSharingCapability: 0,
    PreventExternalUsersFromResharing: true,
    SharingDomainRestrictionMode: 1,
    SharingAllowedDomainList: partnerDomain,
    DefaultSharingLinkType: 1,
    DefaultLinkPermission: 1,
    GuestSharingGroupAllowListInTenantByPrincipalIdentity: [
      `c:0t.c|tenant|${guid(tenantId, 'group', 'Guest sharers')}`,
    ],
    ExternalUserExpirationRequired: true,
    ExternalUserExpireInDays: 30,
    EmailAttestationRequired: true,
    EmailAttestationReAuthDays: 15,
    DisallowInfectedFileDownload: true,
    IsUnmanagedSyncClientForTenantRestricted: true,
    AllowedDomainListForSyncClient: [onPremisesDomainGuid],
  }
}

export function hardenedFabric({ fabric, tenantId }: TenantDocument): JsonObject[] {
  const guests = [{ graphId: guid(tenantId, 'group', 'Fabric guests'), name: 'Fabric guests' }]
  const off = { enabled: false }
  const changes: Record<string, JsonObject> = {
    AllowGuestUserToAccessSharedContent: { enabled: true, enabledSecurityGroups: guests },
    ExternalSharingV2: off,
    PublishToWeb: off,
    RScriptVisual: off,
    EimInformationProtectionEdit: { enabled: true },
    ShareLinkToEntireOrg: off,
    BlockResourceKeyAuthentication: { enabled: true },
    ServicePrincipalAccessPermissionAPIs: {
      enabled: true,
      enabledSecurityGroups: [{ graphId: guid(tenantId, 'group', 'Fabric principals'), name: 'Fabric principals' }],
    },
  }
  return fabric.settings.map((row) => ({ ...row, ...changes[String(row.settingName)] }))
}
