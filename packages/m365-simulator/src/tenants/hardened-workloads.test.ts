import { describe, expect, it } from 'vitest'
import { hardenedInputs, hardenedTenant, type JsonObject } from '../index.ts'
import attachmentTypes from './data/attachment-types.json' with { type: 'json' }

// The second half: what the controls of mail, files, meetings and reports ask for, over the bare document.

const tenant = hardenedTenant()
const inputs = hardenedInputs(tenant)
const rows = (cmdlet: string) => tenant.exchange.cmdlets[cmdlet] ?? []
const only = (cmdlet: string) => {
  const found = rows(cmdlet)
  expect(found).toHaveLength(1)
  return found[0] ?? {}
}
const named = (cmdlet: string, name: unknown) => rows(cmdlet).find((row) => row.Name === name) ?? {}
const compliance = (cmdlet: string) => tenant.compliance.cmdlets[cmdlet] ?? []
const globalOf = (type: string) => tenant.teams.configurations[type]?.find((row) => row.Identity === 'Global') ?? {}
const setting = (name: string) => tenant.fabric.settings.find((row) => row.settingName === name)

describe('Defender', () => {
  it('2.1.1: a complete Safe Links policy reaches everybody', () => {
    const [rule = {}] = rows('Get-SafeLinksRule')
    expect(rule).toMatchObject({ State: 'Enabled', RecipientDomainIs: tenant.customDomains })
    expect(named('Get-SafeLinksPolicy', rule.SafeLinksPolicy)).toMatchObject({
      EnableSafeLinksForEmail: true,
      EnableSafeLinksForTeams: true,
      EnableSafeLinksForOffice: true,
      TrackClicks: true,
      ScanUrls: true,
      EnableForInternalSenders: true,
      DeliverMessageAfterScan: true,
      AllowClickThrough: false,
      DisableUrlRewrite: false,
    })
  })

  it('2.1.2, 2.1.3, 2.1.11: attachments are filtered and insiders reported', () => {
    const usual = named('Get-MalwareFilterPolicy', 'Default')
    expect(usual).toMatchObject({ EnableFileFilter: true, EnableInternalSenderAdminNotifications: true })
    expect(usual.InternalSenderAdminAddress).toContain('@')
    expect(new Set(usual.FileTypes as string[])).toEqual(new Set(attachmentTypes))
    expect(attachmentTypes).toHaveLength(184)
    // No policy of the organisation's own stands before it.
    expect(rows('Get-MalwareFilterRule')).toEqual([])
  })

  it('2.1.4: whatever policy wins, it blocks', () => {
    expect(rows('Get-SafeAttachmentPolicy')).toHaveLength(3)
    for (const policy of rows('Get-SafeAttachmentPolicy'))
      expect(policy).toMatchObject({ Enable: true, Action: 'Block', QuarantineTag: 'AdminOnlyAccessPolicy' })
  })

  it('2.1.5: files are covered', () => {
    expect(only('Get-AtpPolicyForO365')).toMatchObject({
      EnableATPForSPOTeamsODB: true,
      EnableSafeDocs: true,
      AllowSafeDocsOpen: false,
    })
  })

  it('2.1.6: outbound spam is reported', () => {
    const policy = only('Get-HostedOutboundSpamFilterPolicy')
    expect(policy).toMatchObject({
      BccSuspiciousOutboundMail: true,
      NotifyOutboundSpam: true,
      AutoForwardingMode: 'Off',
    })
    expect(policy.BccSuspiciousOutboundAdditionalRecipients).toHaveLength(1)
    expect(policy.NotifyOutboundSpamRecipients).toHaveLength(1)
  })

  it('2.1.7: a strong policy against phishing reaches everybody', () => {
    const [rule = {}] = rows('Get-AntiPhishRule')
    expect(rule).toMatchObject({ State: 'Enabled', RecipientDomainIs: tenant.customDomains })
    const policy = named('Get-AntiPhishPolicy', rule.AntiPhishPolicy)
    expect(policy).toMatchObject({
      Enabled: true,
      PhishThresholdLevel: 3,
      EnableTargetedUserProtection: true,
      EnableOrganizationDomainsProtection: true,
      EnableMailboxIntelligence: true,
      EnableMailboxIntelligenceProtection: true,
      EnableSpoofIntelligence: true,
      TargetedUserProtectionAction: 'Quarantine',
      TargetedDomainProtectionAction: 'Quarantine',
      MailboxIntelligenceProtectionAction: 'Quarantine',
      EnableFirstContactSafetyTips: true,
      EnableSimilarUsersSafetyTips: true,
      EnableSimilarDomainsSafetyTips: true,
      EnableUnusualCharactersSafetyTips: true,
      HonorDmarcPolicy: true,
    })
    expect(policy.TargetedUsersToProtect).toHaveLength(1)
  })

  it('2.1.12, 2.1.13, 2.1.14: nothing passes the filters by', () => {
    expect(only('Get-HostedConnectionFilterPolicy')).toMatchObject({ IPAllowList: [], EnableSafeList: false })
    for (const policy of rows('Get-HostedContentFilterPolicy')) expect(policy.AllowedSenderDomains).toEqual([])
  })

  it('2.4.1: priority accounts are protected, with two alerts', () => {
    expect(only('Get-EmailTenantSettings').EnablePriorityAccountProtection).toBe(true)
    const alerts = compliance('Get-ProtectionAlert').filter((row) => row.RecipientTags !== null)
    expect(alerts.map((row) => row.ThreatType)).toEqual(['Malware', 'Phish'])
    for (const alert of alerts) {
      expect(alert).toMatchObject({ Severity: 'High', Disabled: false, RecipientTags: ['Priority account'] })
      expect(alert.Filter).toContain('Inbound')
      expect(alert.NotifyUser).toHaveLength(1)
    }
  })

  it('2.4.2: the strict preset is on, its policies exist, priority accounts fall under it', () => {
    for (const cmdlet of ['Get-EOPProtectionPolicyRule', 'Get-ATPProtectionPolicyRule']) {
      const rule = named(cmdlet, 'Strict Preset Security Policy')
      expect(rule).toMatchObject({ State: 'Enabled', RecipientDomainIs: tenant.customDomains })
      const policies = Object.entries(rule).filter(([name]) => name.endsWith('Policy'))
      expect(policies.length).toBeGreaterThanOrEqual(2)
      for (const [name, value] of policies) expect(named(`Get-${name}`, value).RecommendedPolicyType).toBe('Strict')
    }
    for (const account of inputs.priorityAccounts ?? []) {
      expect(tenant.graph.users.some((row) => row.userPrincipalName === account)).toBe(true)
      expect(tenant.customDomains).toContain(account.split('@')[1])
    }
  })

  it('2.4.4: chats are cleaned', () => {
    expect(only('Get-TeamsProtectionPolicy').ZapEnabled).toBe(true)
    expect(rows('Get-TeamsProtectionPolicyRule')).toEqual([])
  })
})

describe('mail', () => {
  it('2.1.8, 2.1.9, 2.1.10: every domain publishes and signs', () => {
    for (const domain of [tenant.initialDomain, ...tenant.customDomains]) {
      expect(tenant.dns[domain]).toEqual(['v=spf1 include:spf.protection.outlook.com -all'])
      expect(String(tenant.dns[`_dmarc.${domain}`])).toMatch(
        /^v=DMARC1; p=reject; pct=100; rua=mailto:\S+; ruf=mailto:\S+$/,
      )
      expect(named('Get-DkimSigningConfig', domain)).toMatchObject({ Enabled: true, Status: 'Valid' })
    }
    expect(rows('Get-AcceptedDomain')).toHaveLength(2)
  })

  it('1.3.3, 1.3.6, 6.1.1, 6.5.1, 6.5.2, 6.5.4: settings of the organisation', () => {
    expect(rows('Get-SharingPolicy')).toMatchObject([{ Default: true, Enabled: false }])
    expect(only('Get-OrganizationConfig')).toMatchObject({
      CustomerLockboxEnabled: true,
      AuditDisabled: false,
      OAuth2ClientProfileEnabled: true,
      MailTipsAllTipsEnabled: true,
      MailTipsExternalRecipientsTipsEnabled: true,
      MailTipsGroupMetricsEnabled: true,
      MailTipsLargeAudienceThreshold: 25,
    })
    expect(only('Get-TransportConfig').SmtpClientAuthenticationDisabled).toBe(true)
  })

  it('3.1.1, 6.1.2, 6.1.3: everything is written down', () => {
    expect(only('Get-AdminAuditLogConfig').UnifiedAuditLogIngestionEnabled).toBe(true)
    const expected = {
      AuditAdmin: ['Copy', 'FolderBind', 'Move', 'MailItemsAccessed', 'UpdateCalendarDelegation'],
      AuditDelegate: ['FolderBind', 'Move', 'MailItemsAccessed', 'SendOnBehalf'],
      AuditOwner: ['Create', 'MailboxLogin', 'Move', 'Send', 'ApplyRecord'],
    }
    const people = rows('Get-Mailbox').filter((row) => row.RecipientTypeDetails === 'UserMailbox')
    expect(people.length).toBeGreaterThan(3)
    for (const mailbox of people) {
      expect(mailbox.AuditEnabled).toBe(true)
      for (const [name, actions] of Object.entries(expected))
        expect(mailbox[name]).toEqual(expect.arrayContaining(actions))
      expect(['AuditAdmin', 'AuditDelegate', 'AuditOwner'].map((name) => (mailbox[name] as string[]).length)).toEqual([
        16, 13, 13,
      ])
    }
    for (const row of rows('Get-MailboxAuditBypassAssociation')) expect(row.AuditBypassEnabled).toBe(false)
  })

  it('6.2.1, 6.2.2, 6.2.3: no way round, and outsiders are marked', () => {
    expect(rows('Get-TransportRule')).toEqual([])
    expect(only('Get-ExternalInOutlook')).toMatchObject({ Enabled: true, AllowList: [] })
  })

  it('6.3.1, 6.5.3: nothing is added to Outlook', () => {
    for (const policy of rows('Get-RoleAssignmentPolicy'))
      for (const role of ['My Custom Apps', 'My Marketplace Apps', 'My ReadWriteMailbox Apps'])
        expect(policy.AssignedRoles).not.toContain(role)
    for (const policy of rows('Get-OwaMailboxPolicy')) expect(policy.AdditionalStorageProvidersAvailable).toBe(false)
  })
})

describe('information', () => {
  it('3.2.1, 3.2.2, 3.3.1: data loss is prevented and labels are published', () => {
    expect(compliance('Get-DlpCompliancePolicy')).toMatchObject([
      { Mode: 'Enable', Enabled: true, TeamsLocation: ['All'] },
    ])
    expect(compliance('Get-DlpCompliancePolicy')[0]?.Workload).toContain('Teams')
    expect(compliance('Get-LabelPolicy')).toMatchObject([
      { Type: 'PublishedSensitivityLabel', Enabled: true, Mode: 'Enforce' },
    ])
  })
})

describe('files', () => {
  it('7.2.1 to 7.3.2: the tenant object, and the part of it that Graph shows', () => {
    expect(tenant.sharepoint.tenant).toMatchObject({
      LegacyAuthProtocolsEnabled: false,
      EnableAzureADB2BIntegration: true,
      SharingCapability: 1,
      ODBSharingCapability: 0,
      PreventExternalUsersFromResharing: true,
      SharingDomainRestrictionMode: 1,
      SharingAllowedDomainList: inputs.approvedDomains?.join(' '),
      DefaultSharingLinkType: 1,
      DefaultLinkPermission: 1,
      ExternalUserExpirationRequired: true,
      ExternalUserExpireInDays: 30,
      EmailAttestationRequired: true,
      EmailAttestationReAuthDays: 15,
      DisallowInfectedFileDownload: true,
      IsUnmanagedSyncClientForTenantRestricted: true,
      AllowedDomainListForSyncClient: inputs.trustedDomainGuids,
    })
    const [sharers = ''] = tenant.sharepoint.tenant.GuestSharingGroupAllowListInTenantByPrincipalIdentity as string[]
    expect(tenant.graph.groups.some((row) => sharers.endsWith(row.id))).toBe(true)
    expect(tenant.graph.resources['admin/sharepoint/settings']).toMatchObject({
      isLegacyAuthProtocolsEnabled: false,
      sharingCapability: 'externalUserSharingOnly',
      isResharingByExternalUsersEnabled: false,
      sharingDomainRestrictionMode: 'allowList',
      sharingAllowedDomainList: inputs.approvedDomains,
      isUnmanagedSyncAppForTenantRestricted: true,
      allowedDomainGuidsForSyncApp: inputs.trustedDomainGuids,
    })
  })

  it('7.3.3, 7.3.4: no site runs script, and there is a personal one', () => {
    for (const site of tenant.sharepoint.sites) expect(site.DenyAddAndCustomizePages).toBe(2)
    expect(tenant.sharepoint.sites.some((site) => String(site.Template).startsWith('SPSPERS'))).toBe(true)
  })
})

describe('meetings and chats', () => {
  it('8.1.1, 8.1.2: no other storage, no mail', () => {
    for (const name of [
      'AllowDropBox',
      'AllowBox',
      'AllowGoogleDrive',
      'AllowShareFile',
      'AllowEgnyte',
      'AllowEmailIntoChannel',
    ])
      expect([name, globalOf('TeamsClientConfiguration')[name]]).toEqual([name, false])
  })

  it('8.2.1 to 8.2.4: outsiders', () => {
    expect(globalOf('ExternalAccessPolicy')).toMatchObject({
      EnableTeamsConsumerAccess: false,
      EnableTeamsConsumerInbound: false,
    })
    expect(globalOf('TenantFederationSettings')).toMatchObject({
      AllowedDomains: { AllowedDomain: inputs.approvedDomains?.map((Domain) => ({ Domain })) },
      AllowTeamsConsumer: false,
      AllowTeamsConsumerInbound: false,
    })
    expect(globalOf('TenantFederationSettings')).not.toHaveProperty('AllowPublicUsers')
  })

  it('8.5.1 to 8.5.9: meetings', () => {
    expect(globalOf('TeamsMeetingPolicy')).toMatchObject({
      AllowAnonymousUsersToJoinMeeting: false,
      AllowAnonymousUsersToStartMeeting: false,
      AutoAdmittedUsers: 'InvitedUsers',
      AllowPSTNUsersToBypassLobby: false,
      MeetingChatEnabledType: 'EnabledExceptAnonymous',
      DesignatedPresenterRoleMode: 'OrganizerOnlyUserOverride',
      AllowExternalParticipantGiveRequestControl: false,
      AllowExternalNonTrustedMeetingChat: false,
      AllowCloudRecording: false,
    })
  })

  it('8.6.1: reports reach the security team', () => {
    expect(globalOf('TeamsMessagingPolicy').AllowSecurityEndUserReporting).toBe(true)
    const policy = only('Get-ReportSubmissionPolicy')
    expect(policy).toMatchObject({ ReportChatMessageEnabled: false, ReportChatMessageToCustomizedAddressEnabled: true })
    for (const kind of ['Junk', 'NotJunk', 'Phish']) {
      expect(policy[`Report${kind}ToCustomizedAddress`]).toBe(true)
      expect(policy[`Report${kind}Addresses`]).toHaveLength(1)
    }
  })
})

describe('Fabric', () => {
  const groupsOf = (row: JsonObject | undefined) => (row?.enabledSecurityGroups ?? []) as JsonObject[]

  it.each([
    'AllowGuestUserToAccessSharedContent',
    'ExternalSharingV2',
    'ElevatedGuestsTenant',
    'PublishToWeb',
    'ShareLinkToEntireOrg',
    'EnableDatasetInPlaceSharing',
    'ServicePrincipalAccessPermissionAPIs',
    'AllowServicePrincipalsCreateAndUseProfiles',
  ])('9.1: %s is off, or on for groups that exist', (name) => {
    const row = setting(name)
    expect(row).toBeDefined()
    const ids = new Set(tenant.graph.groups.map((group) => group.id))
    expect(row?.enabled === false || groupsOf(row).length > 0).toBe(true)
    for (const group of groupsOf(row)) expect(ids.has(String(group.graphId))).toBe(true)
  })

  it('9.1.5, 9.1.6, 9.1.9: no scripts, labels, no resource keys', () => {
    expect(setting('RScriptVisual')?.enabled).toBe(false)
    expect(setting('EimInformationProtectionEdit')?.enabled).toBe(true)
    expect(setting('BlockResourceKeyAuthentication')?.enabled).toBe(true)
  })
})
