import {
  everybody,
  everyTime,
  conditionalAccessPolicy as policy,
  protectedAdminRoles,
  session,
} from './conditional-access.ts'
import graphConfigured from './data/graph-configured.json' with { type: 'json' }
import { guid } from './directory.ts'
import type { LegacyCast } from './legacy-people.ts'
import { fill, type Identity, merge } from './merge.ts'
import { approvalRule, policyId } from './pim.ts'
import type { GraphData, Json, JsonObject } from './types.ts'

type Resources = GraphData['resources']

/** Policies of three administrators and two consultants, none of whom removed anything. */
function oldPolicies(tenantId: string, cast: LegacyCast): JsonObject[] {
  const excluded = [cast.people.founder.id, cast.syncAccount.id]
  const groupId = (name: string) => guid(tenantId, 'group', name)
  return [
    policy({
      displayName: '[OLD] Require MFA for admins',
      state: 'disabled',
      users: { includeRoles: protectedAdminRoles },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'MFA for admins',
      users: { includeRoles: protectedAdminRoles.slice(0, 5), excludeUsers: excluded },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'MFA for everybody (pilot)',
      state: 'enabledForReportingButNotEnforced',
      users: everybody,
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'MFA outside the office',
      users: { ...everybody, excludeUsers: excluded, excludeGroups: [groupId('Robots')] },
      conditions: { locations: { includeLocations: ['All'], excludeLocations: ['AllTrusted'] } },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'Block legacy authentication, but for scanners',
      users: { ...everybody, excludeGroups: [groupId('Robots')] },
      conditions: { clientAppTypes: ['exchangeActiveSync', 'other'] },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'Terms of use',
      users: everybody,
      applications: { includeApplications: ['Office365'] },
      operator: 'OR',
      builtInControls: ['mfa'],
      termsOfUse: [guid(tenantId, 'terms of use')],
    }),
  ]
}

function oddPolicies(tenantId: string): JsonObject[] {
  return [
    policy({
      displayName: 'Mobile platforms',
      users: everybody,
      conditions: { platforms: { includePlatforms: ['android', 'iOS'], excludePlatforms: [] } },
      builtInControls: ['approvedApplication', 'compliantApplication'],
    }),
    policy({
      displayName: 'Sign in every day',
      users: { includeRoles: protectedAdminRoles },
      grantControls: null,
      sessionControls: session({
        signInFrequency: { ...everyTime, value: 1, type: 'days', frequencyInterval: 'timeBased' },
        persistentBrowser: { mode: 'always', isEnabled: true },
      }),
    }),
    policy({
      displayName: 'Corporate devices only',
      users: everybody,
      conditions: { devices: { deviceFilter: { mode: 'exclude', rule: 'device.trustType -eq "ServerAD"' } } },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'Guests: MFA',
      users: {
        includeGuestsOrExternalUsers: {
          guestOrExternalUserTypes: 'internalGuest,b2bCollaborationGuest,b2bCollaborationMember,serviceProvider',
          externalTenants: {
            '@odata.type': '#microsoft.graph.conditionalAccessAllExternalTenants',
            membershipKind: 'all',
          },
        },
      },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'Device code: block for contractors',
      users: { includeGroups: [guid(tenantId, 'group', 'Robots')] },
      conditions: { authenticationFlows: { transferMethods: 'deviceCodeFlow' } },
      builtInControls: ['block'],
    }),
    // Written by a newer portal than this version of the interface knows.
    policy({
      displayName: 'Preview control',
      state: 'enabledForReportingButNotEnforced',
      users: { includeUsers: ['None'] },
      conditions: { insiderRiskLevels: 'unknownFutureValue' },
      builtInControls: ['unknownFutureValue'],
    }),
  ]
}

function oldMethods(methods: JsonObject): JsonObject {
  const rows = methods.authenticationMethodConfigurations as JsonObject[]
  return {
    ...methods,
    policyMigrationState: 'preMigration',
    authenticationMethodConfigurations: rows.map((row) =>
      ['Sms', 'Voice', 'Email'].includes(String(row.id)) ? { ...row, state: 'enabled' } : row,
    ),
  }
}

/** Setting objects of three templates; their values are texts, written by three generations of portals. */
const oldSettings: JsonObject[] = [
  {
    id: 'ffffffff-0000-4000-8000-000000000002',
    displayName: 'Group.Unified',
    templateId: '62375ab9-6b52-47ed-826b-58e47e0e304b',
    values: [
      { name: 'EnableGroupCreation', value: 'true' },
      { name: 'AllowGuestsToAccessGroups', value: 'True' },
      { name: 'GuestUsageGuidelinesUrl', value: '' },
    ],
  },
  {
    id: 'ffffffff-0000-4000-8000-000000000001',
    displayName: 'Password Rule Settings',
    templateId: '5cf42378-d67d-4f36-ba46-e8b86229381d',
    values: [
      { name: 'LockoutThreshold', value: '10' },
      { name: 'EnableBannedPasswordCheckOnPremises', value: 'FALSE' },
      { name: 'BannedPasswordCheckOnPremisesMode', value: 'audit' },
      { name: 'EnableBannedPasswordCheck', value: 'true' },
      { name: 'BannedPasswordList', value: '' },
      { name: 'LockoutDurationInSeconds', value: '60' },
    ],
  },
  {
    id: 'ffffffff-0000-4000-8000-000000000003',
    displayName: 'Consent Policy Settings',
    templateId: 'dffd5d46-495d-40a9-8e21-954ff55e198a',
    values: [{ name: 'EnableGroupSpecificConsent', value: 'False' }],
  },
]

function timeouts(): JsonObject[] {
  const policies = (entries: [string, string][]) =>
    JSON.stringify({
      ActivityBasedTimeoutPolicy: {
        Version: 1,
        ApplicationPolicies: entries.map(([ApplicationId, WebSessionIdleTimeout]) => ({
          ApplicationId,
          WebSessionIdleTimeout,
        })),
      },
    })
  const row = (name: string, isOrganizationDefault: boolean, entries: [string, string][]): JsonObject => ({
    id: guid('timeout', name),
    deletedDateTime: null,
    displayName: name,
    definition: [policies(entries)],
    isOrganizationDefault,
  })
  const portal = 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c'
  return [
    row('Short, but in force nowhere', false, [['default', '00:15:00']]),
    row('Idle sign-out', true, [
      [portal, '01:00:00'],
      ['default', '1.00:00:00'],
    ]),
  ]
}

/** Reviews that ended, and one that says what it reviews in words only. */
function oldReviews(configured: Resources): JsonObject[] {
  const [guests, roles] = configured['identityGovernance/accessReviews/definitions'] as [JsonObject, JsonObject]
  const { '@odata.type': _, ...scope } = guests.scope as Record<string, Json>
  return [
    { ...guests, displayName: 'Guests 2023', status: 'Completed' },
    {
      ...guests,
      id: guid('review', 'team guests'),
      displayName: 'Guests of one team',
      scope,
      settings: { ...(guests.settings as JsonObject), defaultDecisionEnabled: false },
    },
    { ...roles, reviewers: [] },
  ]
}

function oldEnrolment(rows: JsonObject[], tenantId: string): JsonObject[] {
  const usual = rows.find((row) => String(row.id).includes('DefaultPlatformRestrictions'))
  const blocked = {
    platformBlocked: true,
    personalDeviceEnrollmentBlocked: false,
    osMinimumVersion: '',
    osMaximumVersion: '',
  }
  return [
    ...rows.map((row) => (row === usual ? { ...row, androidRestriction: blocked } : row)),
    {
      ...usual,
      id: `${guid(tenantId, 'restriction', 'field')}_SinglePlatformRestriction`,
      displayName: 'Field staff',
      priority: 1,
    },
  ]
}

function synchronisation(base: Resources): JsonObject[] {
  const [row = {}] = base['directory/onPremisesSynchronization'] as JsonObject[]
  const features = { ...(row.features as JsonObject), softMatchOnUpnEnabled: true, userWritebackEnabled: null }
  return [{ ...row, features }]
}

export function legacyResources(base: Resources, identity: Identity, cast: LegacyCast): Resources {
  const configured = fill<Resources>(graphConfigured, identity)
  const enrolment = base['deviceManagement/deviceEnrollmentConfigurations'] as JsonObject[]
  const betaEnrolment = base['beta/deviceManagement/deviceEnrollmentConfigurations'] as JsonObject[]
  const definition = JSON.stringify({
    B2BManagementPolicy: {
      InvitationsAllowedAndBlockedDomainsPolicy: { BlockedDomains: ['competitor.example'] },
      AutoRedeemPolicy: { AdminConsentedForUsersIntoTenantIds: [], NoAADConsentForUsersFromTenantsIds: [] },
    },
  })
  const invitations = (name: string) =>
    (configured[name] as JsonObject[]).map((row) => ({ ...row, definition: [definition] }))
  return merge(base, {
    'directory/onPremisesSynchronization': synchronisation(base),
    'policies/authorizationPolicy': {
      guestUserRoleId: 'a0b1b346-4d3e-4e8b-98f8-753987be4970',
      allowInvitesFrom: 'everyone',
      allowUserConsentForRiskyApps: true,
      blockMsolPowerShell: null,
      defaultUserRolePermissions: {
        allowedToReadBitlockerKeysForOwnedDevice: null,
        permissionGrantPoliciesAssigned: ['ManagePermissionGrantsForSelf.microsoft-user-default-legacy'],
      },
    },
    // Switched on, and nobody is asked.
    'policies/adminConsentRequestPolicy': { isEnabled: true, requestDurationInDays: 5, version: 3, reviewers: [] },
    'policies/identitySecurityDefaultsEnforcementPolicy': { isEnabled: false },
    'policies/activityBasedTimeoutPolicies': timeouts(),
    'policies/authenticationMethodsPolicy': oldMethods(base['policies/authenticationMethodsPolicy'] as JsonObject),
    'beta/policies/authenticationMethodsPolicy': oldMethods(
      base['beta/policies/authenticationMethodsPolicy'] as JsonObject,
    ),
    'beta/policies/b2bManagementPolicies': invitations('beta/policies/b2bManagementPolicies'),
    'beta/legacy/policies': invitations('beta/legacy/policies'),
    groupSettings: oldSettings,
    'identity/conditionalAccess/policies': [...oldPolicies(identity.tenantId, cast), ...oddPolicies(identity.tenantId)],
    'identityGovernance/accessReviews/definitions': oldReviews(configured),
    [`policies/roleManagementPolicies/${policyId(identity.tenantId, 'Global Administrator')}/rules/Approval_EndUser_Assignment`]:
      groupApproval(identity.tenantId),
    'deviceManagement/settings': { deviceComplianceCheckinThresholdDays: null, secureByDefault: false },
    'deviceManagement/deviceEnrollmentConfigurations': oldEnrolment(enrolment, identity.tenantId),
    'beta/deviceManagement/deviceEnrollmentConfigurations': oldEnrolment(betaEnrolment, identity.tenantId),
    'admin/sharepoint/settings': {
      sharingDomainRestrictionMode: 'blockList',
      sharingBlockedDomainList: ['competitor.example'],
      sharingCapability: 'existingExternalUserSharingOnly',
    },
  })
}

/** One approver, and that one is a group. */
function groupApproval(tenantId: string): JsonObject {
  const rule = approvalRule([])
  const setting = rule.setting as JsonObject
  const [stage = {}] = setting.approvalStages as JsonObject[]
  const approver = {
    '@odata.type': '#microsoft.graph.groupMembers',
    isBackup: false,
    groupId: guid(tenantId, 'group', 'Messaging Tier 2'),
    description: 'Messaging Tier 2',
  }
  return { ...rule, setting: { ...setting, approvalStages: [{ ...stage, primaryApprovers: [approver] }] } }
}
