import attachmentTypes from './data/attachment-types.json' with { type: 'json' }
import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import exchangePopulated from './data/exchange-populated.json' with { type: 'json' }
import { guid } from './directory.ts'
import { fill, type Identity } from './merge.ts'
import type { JsonObject, TenantDocument } from './types.ts'

type Cmdlets = Record<string, JsonObject[]>

function change(rows: JsonObject[] | undefined, changes: JsonObject): JsonObject[] {
  return (rows ?? []).map((row) => ({ ...row, ...changes }))
}

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

/** Policies of the preset carry its name and a number; rules carry the name alone. */
const strictPreset = 'Strict Preset Security Policy'

function defenderPolicies(cmdlets: Cmdlets, populated: Cmdlets, { domain }: Identity): Cmdlets {
  const safeLinks = {
    ...populated['Get-SafeLinksPolicy']?.[0],
    Identity: 'Safe Links for everyone',
    Name: 'Safe Links for everyone',
    RecommendedPolicyType: 'Custom',
  }
  const antiPhish = {
    ...populated['Get-AntiPhishPolicy']?.[0],
    MailboxIntelligenceProtectionAction: 'Quarantine',
    TargetedUsersToProtect: [`Admin One;adm.one@${domain}`],
    Identity: 'Impersonation protection',
    Name: 'Impersonation protection',
    RecommendedPolicyType: 'Custom',
  }
  const attachmentNames = [`${strictPreset}1784144694781`, 'Safe Attachments for everyone'] as const
  const builtIn = cmdlets['Get-SafeAttachmentPolicy'] ?? []
  const attachment = (Name: string, RecommendedPolicyType: string) => ({
    ...builtIn[0],
    IsBuiltInProtection: false,
    Identity: Name,
    Name,
    RecommendedPolicyType,
  })
  const named = (row: JsonObject | undefined, policy: string, Name: string) => ({
    ...row,
    [policy]: Name,
    RecipientDomainIs: [domain],
    Identity: Name,
    Name,
  })
  return {
    'Get-SafeLinksPolicy': [...(cmdlets['Get-SafeLinksPolicy'] ?? []), safeLinks],
    'Get-SafeLinksRule': [named(populated['Get-SafeLinksRule']?.[0], 'SafeLinksPolicy', safeLinks.Name)],
    'Get-SafeAttachmentPolicy': [
      ...builtIn,
      attachment(attachmentNames[0], 'Strict'),
      attachment(attachmentNames[1], 'Custom'),
    ],
    'Get-SafeAttachmentRule': [
      named(populated['Get-SafeAttachmentRule']?.[0], 'SafeAttachmentPolicy', attachmentNames[1]),
    ],
    'Get-AntiPhishPolicy': [...(cmdlets['Get-AntiPhishPolicy'] ?? []), antiPhish],
    'Get-AntiPhishRule': [named(populated['Get-AntiPhishRule']?.[0], 'AntiPhishPolicy', antiPhish.Name)],
    'Get-ATPProtectionPolicyRule': populated['Get-ATPProtectionPolicyRule'] ?? [],
    'Get-EOPProtectionPolicyRule': populated['Get-EOPProtectionPolicyRule'] ?? [],
    'Get-AtpPolicyForO365': change(cmdlets['Get-AtpPolicyForO365'], { EnableSafeDocs: true, AllowSafeDocsOpen: false }),
  }
}

export function hardenedExchange({ exchange, customDomains }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(exchangePopulated, identity)
  const { cmdlets } = exchange
  const security = `security@${identity.domain}`
  const dkim = populated['Get-DkimSigningConfig'] ?? []
  const [initial, custom] = dkim
  return {
    ...defenderPolicies(cmdlets, populated, identity),
    'Get-Mailbox': auditedMailboxes(cmdlets['Get-Mailbox']),
    'Get-SharingPolicy': change(cmdlets['Get-SharingPolicy'], { Enabled: false }),
    'Get-OrganizationConfig': change(cmdlets['Get-OrganizationConfig'], {
      CustomerLockboxEnabled: true,
      MailTipsExternalRecipientsTipsEnabled: true,
    }),
    'Get-MalwareFilterPolicy': change(cmdlets['Get-MalwareFilterPolicy'], {
      EnableFileFilter: true,
      FileTypes: attachmentTypes,
      EnableInternalSenderAdminNotifications: true,
      InternalSenderAdminAddress: security,
    }),
    'Get-HostedOutboundSpamFilterPolicy': change(cmdlets['Get-HostedOutboundSpamFilterPolicy'], {
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
    'Get-ExternalInOutlook': change(cmdlets['Get-ExternalInOutlook'], { Enabled: true }),
    'Get-RoleAssignmentPolicy': (cmdlets['Get-RoleAssignmentPolicy'] ?? []).map((row) => ({
      ...row,
      RoleAssignments: [],
      AssignedRoles: (row.AssignedRoles as string[]).filter(
        (role) => !/^My (Custom|Marketplace|ReadWriteMailbox) Apps$/.test(role),
      ),
    })),
    'Get-OwaMailboxPolicy': change(cmdlets['Get-OwaMailboxPolicy'], { AdditionalStorageProvidersAvailable: false }),
    'Get-ReportSubmissionPolicy': change(cmdlets['Get-ReportSubmissionPolicy'], {
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
  const name = 'Priority account - phish'
  const phish = {
    ...malware,
    ThreatType: 'Phish',
    Name: name,
    Identity: String(malware?.Identity).replace(String(malware?.Name), name),
  }
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
      AllowedDomains: { AllowedDomain: [{ Domain: 'partner.example' }] },
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
    SharingAllowedDomainList: 'partner.example',
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
    AllowedDomainListForSyncClient: ['786548dd-877b-4760-a749-6b1efbc1190a'],
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
