import { hardenedPolicies } from './conditional-access.ts'
import graphConfigured from './data/graph-configured.json' with { type: 'json' }
import { betaConfigurations, personalDevicesBlocked } from './enrolment.ts'
import { fill, type Identity, merge } from './merge.ts'
import { approvalRule, policyId, policyRoles } from './pim.ts'
import { roleTemplateId } from './roles.ts'
import type { DirectoryUser, GraphData, JsonObject } from './types.ts'

type Resources = GraphData['resources']

const reviewedRoles = [
  'Global Administrator',
  'Exchange Administrator',
  'SharePoint Administrator',
  'Teams Administrator',
  'Security Administrator',
]

/** A monthly review of a role's holders by a named person: nobody reviews themselves. */
function roleReview(template: JsonObject, role: string, reviewer: DirectoryUser): JsonObject {
  const query = (path: string) => ({
    '@odata.type': '#microsoft.graph.accessReviewQueryScope',
    query: path,
    queryType: 'MicrosoftGraph',
    queryRoot: null,
  })
  return {
    ...template,
    id: `review-${roleTemplateId(role)}`,
    displayName: `Review of ${role}`,
    scope: {
      '@odata.type': '#microsoft.graph.principalResourceMembershipsScope',
      principalScopes: [query('/v1.0/users'), query('/v1.0/groups')],
      resourceScopes: [query(`/beta/roleManagement/directory/roleDefinitions/${roleTemplateId(role)}`)],
    },
    reviewers: [{ query: `/users/${reviewer.id}`, queryType: 'MicrosoftGraph', queryRoot: null }],
    settings: { ...(template.settings as JsonObject), defaultDecision: 'None', defaultDecisionEnabled: false },
  }
}

function accessReviews(configured: Resources, reviewer: DirectoryUser): JsonObject[] {
  const [guests, role] = configured['identityGovernance/accessReviews/definitions'] as [JsonObject, JsonObject]
  return [guests, ...reviewedRoles.map((name) => roleReview(role, name, reviewer))]
}

/** Weak methods off; the app shows what is being signed in to, and asks for the number. */
function hardenedMethods(policy: JsonObject): JsonObject {
  const everyone = { targetType: 'group', id: 'all_users' }
  const rows = policy.authenticationMethodConfigurations as JsonObject[]
  return {
    ...policy,
    ...('systemCredentialPreferences' in policy
      ? { systemCredentialPreferences: { state: 'enabled', excludeTargets: [], includeTargets: [everyone] } }
      : {}),
    authenticationMethodConfigurations: rows.map((row) => {
      if (['Sms', 'Voice', 'Email'].includes(String(row.id))) return { ...row, state: 'disabled' }
      if (row.id !== 'MicrosoftAuthenticator') return row
      const features = Object.entries(row.featureSettings as Record<string, JsonObject>)
      return {
        ...row,
        featureSettings: Object.fromEntries(
          features.map(([name, feature]) => [name, { ...feature, state: 'enabled', includeTarget: everyone }]),
        ),
      }
    }),
  }
}

function bannedWords(configured: Resources): JsonObject[] {
  return (configured.groupSettings as JsonObject[]).map((row) => ({
    ...row,
    values: (row.values as JsonObject[]).map((pair) =>
      pair.name === 'BannedPasswordCheckOnPremisesMode' ? { ...pair, value: 'Enforce' } : pair,
    ),
  }))
}

/** The one partner the organisation trusts, and the one domain its computers are joined to. */
export const partnerDomain = 'partner.example'
export const onPremisesDomainGuid = '786548dd-877b-4760-a749-6b1efbc1190a'

const sharepointSettings = {
  isLegacyAuthProtocolsEnabled: false,
  sharingCapability: 'externalUserSharingOnly',
  isResharingByExternalUsersEnabled: false,
  sharingDomainRestrictionMode: 'allowList',
  sharingAllowedDomainList: [partnerDomain],
  isUnmanagedSyncAppForTenantRestricted: true,
  allowedDomainGuidsForSyncApp: [onPremisesDomainGuid],
}

/** Guests are invited from that partner, and from nowhere else. */
function invitations(rows: JsonObject[]): JsonObject[] {
  const definition = JSON.stringify({
    B2BManagementPolicy: {
      InvitationsAllowedAndBlockedDomainsPolicy: { AllowedDomains: [partnerDomain], BlockedDomains: [] },
      AutoRedeemPolicy: { AdminConsentedForUsersIntoTenantIds: [], NoAADConsentForUsersFromTenantsIds: [] },
    },
  })
  return rows.map((row) => ({ ...row, definition: [definition] }))
}

function passwordHashes(base: Resources): JsonObject[] {
  return (base['directory/onPremisesSynchronization'] as JsonObject[]).map((row) => ({
    ...row,
    features: { ...(row.features as JsonObject), passwordSyncEnabled: true, passwordWritebackEnabled: true },
  }))
}

interface Duties {
  reviewer: DirectoryUser
  approvers: DirectoryUser[]
  /** Ids of accounts that no policy may lock out. */
  emergency: string[]
}

export function hardenedResources(base: Resources, identity: Identity, duties: Duties): Resources {
  const configured = fill<Resources>(graphConfigured, identity)
  const enrolment = base['deviceManagement/deviceEnrollmentConfigurations'] as JsonObject[]
  const { reviewer, approvers, emergency } = duties
  return merge(base, {
    'directory/onPremisesSynchronization': passwordHashes(base),
    'policies/authorizationPolicy': {
      guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b',
      allowInvitesFrom: 'adminsAndGuestInviters',
      defaultUserRolePermissions: {
        allowedToCreateApps: false,
        allowedToCreateTenants: false,
        permissionGrantPoliciesAssigned: [
          'ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team',
        ],
      },
    },
    'policies/adminConsentRequestPolicy': {
      isEnabled: true,
      notifyReviewers: true,
      remindersEnabled: true,
      requestDurationInDays: 30,
      version: 1,
      reviewers: [{ query: `/users/${reviewer.id}`, queryType: 'MicrosoftGraph', queryRoot: null }],
    },
    'policies/activityBasedTimeoutPolicies': configured['policies/activityBasedTimeoutPolicies'],
    'policies/identitySecurityDefaultsEnforcementPolicy': { isEnabled: false },
    'policies/authenticationMethodsPolicy': hardenedMethods(base['policies/authenticationMethodsPolicy'] as JsonObject),
    'beta/policies/authenticationMethodsPolicy': hardenedMethods(
      base['beta/policies/authenticationMethodsPolicy'] as JsonObject,
    ),
    'beta/policies/b2bManagementPolicies': invitations(
      configured['beta/policies/b2bManagementPolicies'] as JsonObject[],
    ),
    'beta/legacy/policies': invitations(configured['beta/legacy/policies'] as JsonObject[]),
    groupSettings: bannedWords(configured),
    'identity/conditionalAccess/policies': hardenedPolicies(emergency),
    'identityGovernance/accessReviews/definitions': accessReviews(configured, reviewer),
    ...Object.fromEntries(
      policyRoles.map((role) => [
        `policies/roleManagementPolicies/${policyId(identity.tenantId, role)}/rules/Approval_EndUser_Assignment`,
        approvalRule(approvers),
      ]),
    ),
    'deviceManagement/settings': { secureByDefault: true },
    'deviceManagement/deviceEnrollmentConfigurations': personalDevicesBlocked(enrolment),
    'beta/deviceManagement/deviceEnrollmentConfigurations': personalDevicesBlocked(betaConfigurations(enrolment)),
    'admin/sharepoint/settings': sharepointSettings,
    'beta/admin/appsAndServices/settings': { isOfficeStoreEnabled: false, isAppAndServicesTrialEnabled: false },
  })
}
