import {
  everybody,
  everyTime,
  phishingResistant,
  conditionalAccessPolicy as policy,
  protectedAdminRoles,
  session,
} from './conditional-access.ts'
import graphConfigured from './data/graph-configured.json' with { type: 'json' }
import { guid } from './directory.ts'
import { fill, type Identity, merge } from './merge.ts'
import { approvalRule, policyId } from './pim.ts'
import { roleTemplateId } from './roles.ts'
import type { DirectoryUser, GraphData, JsonObject } from './types.ts'

type Resources = GraphData['resources']

function identityPolicies(excluded: JsonObject): JsonObject[] {
  return [
    // All roles but one: Global Reader was added to the list after this policy was written.
    policy({
      displayName: 'CA001 Admins: multifactor authentication',
      users: {
        includeRoles: protectedAdminRoles.filter((id) => id !== roleTemplateId('Global Reader')),
        ...excluded,
      },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'CA002 Everybody: multifactor authentication',
      users: { ...everybody, ...excluded },
      builtInControls: ['mfa'],
    }),
    policy({
      displayName: 'CA003 Legacy authentication: block',
      users: { ...everybody, ...excluded },
      conditions: { clientAppTypes: ['exchangeActiveSync', 'other'] },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'CA004 Admins: phishing-resistant (pilot)',
      state: 'enabledForReportingButNotEnforced',
      users: { includeRoles: protectedAdminRoles, ...excluded },
      authenticationStrength: phishingResistant,
    }),
    policy({
      displayName: 'CA005 High user risk: change password',
      users: { ...everybody, ...excluded },
      conditions: { userRiskLevels: ['high'] },
      operator: 'AND',
      builtInControls: ['mfa', 'passwordChange'],
      sessionControls: session({ signInFrequency: everyTime }),
    }),
    policy({
      displayName: 'CA006 Risky sign-ins: multifactor authentication',
      state: 'enabledForReportingButNotEnforced',
      users: { ...everybody, ...excluded },
      conditions: { signInRiskLevels: ['high', 'medium'] },
      builtInControls: ['mfa'],
      sessionControls: session({ signInFrequency: everyTime }),
    }),
    policy({
      displayName: 'CA007 Admins: sign in every 12 hours',
      users: { includeRoles: protectedAdminRoles, ...excluded },
      grantControls: null,
      sessionControls: session({
        signInFrequency: { ...everyTime, value: 12, type: 'hours', frequencyInterval: 'timeBased' },
        persistentBrowser: { mode: 'never', isEnabled: true },
      }),
    }),
  ]
}

/** What the company has of Conditional Access: enforced, on trial, and narrower than it looks. */
export function e5Policies(tenantId: string): JsonObject[] {
  const excluded = { excludeGroups: [guid(tenantId, 'group', 'Conditional Access exclusions')] }
  return [
    ...identityPolicies(excluded),
    // With OR, one of three is enough: a device that nobody manages gets in with a code.
    policy({
      displayName: 'CA101 Office: managed device or multifactor authentication',
      users: { ...everybody, ...excluded },
      applications: { includeApplications: ['Office365'] },
      builtInControls: ['mfa', 'compliantDevice', 'domainJoinedDevice'],
    }),
    policy({
      displayName: 'CA102 Block countries',
      users: everybody,
      conditions: {
        locations: { includeLocations: [guid(tenantId, 'named location', 'Blocked')], excludeLocations: [] },
      },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'CA103 Device code flow: block (trial)',
      state: 'disabled',
      users: everybody,
      conditions: { authenticationFlows: { transferMethods: 'deviceCodeFlow,authenticationTransfer' } },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'CA104 Browsers: limited access',
      users: everybody,
      applications: { includeApplications: ['Office365'] },
      conditions: { clientAppTypes: ['browser'] },
      grantControls: null,
      sessionControls: session({ applicationEnforcedRestrictions: { isEnabled: true } }),
    }),
  ]
}

/** Guests are reviewed, but once a quarter; role holders review each other without a reminder. */
function reviews(configured: Resources): JsonObject[] {
  const [guests, roles] = configured['identityGovernance/accessReviews/definitions'] as [JsonObject, JsonObject]
  const settings = (row: JsonObject) => row.settings as JsonObject
  const recurrence = settings(guests).recurrence as JsonObject
  return [
    {
      ...guests,
      displayName: 'Guests quarterly',
      settings: {
        ...settings(guests),
        recurrence: { ...recurrence, pattern: { ...(recurrence.pattern as JsonObject), interval: 3 } },
      },
    },
    { ...roles, settings: { ...settings(roles), reminderNotificationsEnabled: false, defaultDecision: 'None' } },
  ]
}

function methods(policyObject: JsonObject): JsonObject {
  const rows = policyObject.authenticationMethodConfigurations as JsonObject[]
  return {
    ...policyObject,
    authenticationMethodConfigurations: rows.map((row) => (row.id === 'Voice' ? { ...row, state: 'disabled' } : row)),
  }
}

export function e5Resources(
  base: Resources,
  identity: Identity,
  approvers: DirectoryUser[],
  policies: JsonObject[],
): Resources {
  const configured = fill<Resources>(graphConfigured, identity)
  const synchronisation = (base['directory/onPremisesSynchronization'] as JsonObject[])[0] ?? {}
  return merge(base, {
    'directory/onPremisesSynchronization': [
      {
        ...synchronisation,
        features: {
          ...(synchronisation.features as JsonObject),
          passwordSyncEnabled: true,
          passwordWritebackEnabled: true,
          softMatchOnUpnEnabled: true,
          synchronizeUpnForManagedUsersEnabled: true,
        },
      },
    ],
    'policies/authorizationPolicy': {
      allowInvitesFrom: 'adminsGuestInvitersAndAllMembers',
      defaultUserRolePermissions: { allowedToCreateTenants: false },
    },
    'policies/adminConsentRequestPolicy': {
      isEnabled: true,
      notifyReviewers: true,
      remindersEnabled: true,
      requestDurationInDays: 30,
      version: 1,
      reviewers: [
        {
          query: `/directoryRoles/${guid(identity.tenantId, 'role', 'Global Administrator')}/members`,
          queryType: 'MicrosoftGraph',
          queryRoot: null,
        },
      ],
    },
    'policies/identitySecurityDefaultsEnforcementPolicy': { isEnabled: false },
    'policies/activityBasedTimeoutPolicies': configured['policies/activityBasedTimeoutPolicies'],
    'policies/authenticationMethodsPolicy': methods(base['policies/authenticationMethodsPolicy'] as JsonObject),
    'beta/policies/authenticationMethodsPolicy': methods(
      base['beta/policies/authenticationMethodsPolicy'] as JsonObject,
    ),
    // The words are enforced in the cloud and only watched on the domain controllers.
    groupSettings: configured.groupSettings,
    'identity/conditionalAccess/policies': policies,
    'identityGovernance/accessReviews/definitions': reviews(configured),
    [`policies/roleManagementPolicies/${policyId(identity.tenantId, 'Global Administrator')}/rules/Approval_EndUser_Assignment`]:
      approvalRule(approvers.slice(0, 2)),
    'deviceManagement/settings': { secureByDefault: true },
    'admin/sharepoint/settings': { isLegacyAuthProtocolsEnabled: false, sharingCapability: 'externalUserSharingOnly' },
    'beta/admin/appsAndServices/settings': { isOfficeStoreEnabled: false },
  })
}
