import compliancePopulated from './data/compliance-populated.json' with { type: 'json' }
import { alertLike, type Cmdlets } from './defender.ts'
import { guid } from './directory.ts'
import { fill, type Identity } from './merge.ts'
import type { Json, JsonObject, TenantDocument, TenantOverrides } from './types.ts'

export function legacyCompliance({ compliance }: TenantDocument, identity: Identity): Cmdlets {
  const populated = fill<Cmdlets>(compliancePopulated, identity)
  const [malware] = populated['Get-ProtectionAlert'] ?? []
  const [enforced = {}] = populated['Get-DlpCompliancePolicy'] ?? []
  const [labels = {}] = populated['Get-LabelPolicy'] ?? []
  const named = (row: JsonObject, name: string, changes: JsonObject) => ({
    ...row,
    ...changes,
    Name: name,
    DisplayName: name,
    Identity: String(row.Identity).replace(String(row.Name), name),
  })
  return {
    'Get-ProtectionAlert': [
      ...(compliance.cmdlets['Get-ProtectionAlert'] ?? []),
      // The tag as a bare text and as a list: no capture says which one the wire has.
      alertLike(malware, 'VIP malware', { RecipientTags: 'Priority account', Severity: 'Medium' }),
      alertLike(malware, 'VIP phish', { ThreatType: 'Phish', NotifyUser: [] }),
      // Some system names end in a space of no width.
      alertLike(malware, 'Messages have been delayed\u200b', {
        IsSystemRule: true,
        ThreatType: 'MailFlow',
        RecipientTags: null,
        Severity: 'High',
      }),
    ],
    'Get-DlpCompliancePolicy': [
      named(enforced, 'PCI (test)', { Mode: 'TestWithoutNotifications' }),
      named(enforced, 'Old archive rule', { Mode: 'Enable', Enabled: false }),
      named(enforced, 'Going away', { Mode: 'PendingDeletion' }),
      named(enforced, 'Desktop only', {
        Mode: 'Enable',
        Workload: 'EndpointDevices',
        ExchangeLocation: [],
        SharePointLocation: [],
        OneDriveLocation: [],
        TeamsLocation: [],
        EndpointDlpLocation: ['All'],
      }),
    ],
    'Get-LabelPolicy': [
      named(labels, 'Pilot labels', { Mode: 'PendingDeletion' }),
      named(labels, 'Retention labels', { Type: 'PublishedComplianceTag' }),
    ],
  }
}

/** Another instance of a configuration type beside the tenant's own. */
function instance(rows: JsonObject[] | undefined, identity: string, changes: JsonObject): JsonObject[] {
  const own = rows?.find((row) => row.Identity === 'Global') ?? {}
  return [{ ...own, ...changes, Identity: identity }]
}

export function legacyTeams({ teams }: TenantDocument): Cmdlets {
  const { configurations } = teams
  const withGlobal = (type: string, changes: JsonObject) =>
    (configurations[type] ?? []).map((row) => (row.Identity === 'Global' ? { ...row, ...changes } : row))
  return {
    ExternalAccessPolicy: [
      ...(configurations.ExternalAccessPolicy ?? []),
      ...instance(configurations.ExternalAccessPolicy, 'Tag:Traders', {
        CommunicationWithExternalOrgs: 'AllowSpecificExternalDomains',
        AllowedExternalDomains: [{ Domain: 'exchange.example' }],
      }),
    ],
    TenantFederationSettings: withGlobal('TenantFederationSettings', {
      // Plain names instead of objects, and a switch that newer tenants no longer have.
      AllowedDomains: { AllowedDomain: ['partner.example', 'supplier.example'] },
      BlockedDomains: ['competitor.example'],
      AllowPublicUsers: true,
    }),
    TeamsAppPermissionPolicy: [
      ...withGlobal('TeamsAppPermissionPolicy', {
        GlobalCatalogAppsType: 'AllowedAppList',
        GlobalCatalogApps: [{ Id: guid('teams app', 'polls') }],
      }),
      ...instance(configurations.TeamsAppPermissionPolicy, 'Tag:Developers', {
        PrivateCatalogAppsType: 'BlockedAppList',
      }),
    ],
    TeamsMeetingPolicy: [
      // Older tenants write the built-in names in lower case.
      ...withGlobal('TeamsMeetingPolicy', {
        AutoAdmittedUsers: 'Everyone',
        DesignatedPresenterRoleMode: 'EveryoneInSameAndFederatedCompanyUserOverride',
        AllowPSTNUsersToBypassLobby: true,
        AllowAnonymousUsersToStartMeeting: true,
        Description: '',
      }).map((row) => (row.Identity === 'Tag:Default' ? { ...row, Identity: 'Tag:default' } : row)),
      ...instance(configurations.TeamsMeetingPolicy, 'Tag:Board meetings', {
        AllowAnonymousUsersToJoinMeeting: false,
        AutoAdmittedUsers: 'OrganizerOnly',
        AllowCloudRecording: false,
      }),
    ],
    TeamsMessagingPolicy: [
      ...withGlobal('TeamsMessagingPolicy', { AllowSecurityEndUserReporting: false }),
      ...instance(configurations.TeamsMessagingPolicy, 'Tag:Call centre', { AllowUserChat: false }),
    ],
  }
}

export function legacySharePoint(
  { sharepoint, tenantId }: TenantDocument,
  { prefix }: Identity,
): NonNullable<TenantOverrides['sharepoint']> {
  const [root] = sharepoint.sites
  const host = `https://${prefix}.sharepoint.com`
  const site = (path: string, Template: string, changes: JsonObject = {}) =>
    ({ ...root, Template, Title: path, Url: `${host}/${path}`, ...changes }) as JsonObject
  const groupId = guid(tenantId, 'group', 'Mergers')
  return {
    tenant: {
      SharingCapability: 3,
      CoreSharingCapability: 3,
      ODBSharingCapability: 2,
      SharingDomainRestrictionMode: 2,
      SharingBlockedDomainList: 'competitor.example other.example',
      DefaultSharingLinkType: 0,
      DefaultLinkPermission: 0,
      GuestSharingGroupAllowListInTenant: `<acl><ace identityName="c:0t.c|tenant|${groupId}" /></acl>`,
      ExternalUserExpirationRequired: true,
      ExternalUserExpireInDays: 730,
      EmailAttestationRequired: true,
      EmailAttestationReAuthDays: 365,
      CompatibilityRange: '14,15',
      IsUnmanagedSyncClientForTenantRestricted: true,
    },
    sites: [
      { ...root, Template: 'EHS#1', Title: 'Old portal', DenyAddAndCustomizePages: 1 } as JsonObject,
      site('sites/archive2012', 'STS#0', { LockState: 'ReadOnly', DenyAddAndCustomizePages: 1 }),
      site('sites/apps', 'APPCATALOG#0'),
      site('search', 'SRCHCEN#0', { DenyAddAndCustomizePages: 1 }),
      // The list view may leave the switch unknown.
      site('sites/unclear', 'GROUP#0', { DenyAddAndCustomizePages: 0 }),
      site('portals/hub', 'POINTPUBLISHINGHUB#0', { Title: null as Json }),
      { ...root, Template: 'SPSMSITEHOST#0', Title: '', Url: `https://${prefix}-my.sharepoint.com/` } as JsonObject,
      {
        ...root,
        Template: 'SPSPERS#2',
        Title: 'Bianca Pisani',
        Url: `https://${prefix}-my.sharepoint.com/personal/biancap`,
        DenyAddAndCustomizePages: 1,
      } as JsonObject,
    ],
    sitePageSize: 3,
  }
}

export function legacyFabric({ fabric, tenantId }: TenantDocument): JsonObject[] {
  const members = [{ graphId: guid(tenantId, 'group', 'Mergers'), name: 'Mergers' }]
  const changes: Record<string, JsonObject> = {
    AllowGuestUserToAccessSharedContent: { excludedSecurityGroups: members, title: 'Allow Azure AD guests' },
    ExternalSharingV2: { enabledSecurityGroups: [] },
    PublishToWeb: {
      enabledSecurityGroups: members,
      properties: [{ name: 'CreateP2w', value: 'true', type: 'Boolean' }],
    },
    ServicePrincipalAccessPermissionAPIs: {
      settingName: 'ServicePrincipalAccess',
      title: 'Allow service principals to use Power BI APIs',
    },
    BlockResourceKeyAuthentication: { delegateToCapacity: false },
  }
  // One setting is not told at all: that is not the same as off.
  return fabric.settings
    .filter((row) => row.settingName !== 'EnableDatasetInPlaceSharing')
    .map((row) => ({ ...row, ...changes[String(row.settingName)] }))
}
