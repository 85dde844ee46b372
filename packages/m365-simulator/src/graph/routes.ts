import type { RateLimitName } from '../engine/limits.ts'
import { hasPlan } from '../engine/world.ts'
import { sharepointPlans } from '../signin/resources.ts'
import type { TenantDocument } from '../tenants/types.ts'
import type { DenialStyle, LicenceStyle } from './errors.ts'
import { findBy, findUser, transitiveMembers } from './lookup.ts'
import {
  adminSettings,
  authenticatorConfiguration,
  betaAuthorizationPolicy,
  groupsSource,
  licenceDetails,
  memberRows,
  oneUser,
  organization,
  pick,
  policyAssignments,
  policyRule,
  propertyPath,
  type Read,
  type ReadInput,
  resource,
  roleDefinitions,
  roleMembers,
  scheduleInstances,
  skuRow,
  synchronisation,
  userDefaults,
  type Version,
  withoutMembers,
} from './reads.ts'

export interface Route {
  pattern: RegExp
  /** The source id without `graph/` and `beta/`; a function where the query decides. */
  source: string | ((search: URLSearchParams) => string)
  versions: Version[]
  /** Any one of these is enough. */
  permissions: string[]
  denial: DenialStyle
  licence?: { plans: string[]; style: LicenceStyle }
  /** Type whose properties $select may name; absent: $select is not looked at. */
  type?: string
  page?: { usual: number; most: number }
  bucket?: Exclude<RateLimitName, 'fabric'>
  /** Resource units before $select, $expand and $top; 1 without it. */
  cost?: number
  read(input: ReadInput): Read
}

const both: Version[] = ['v1.0', 'beta']
const directoryPage = { usual: 100, most: 999 }
const premium = ['AAD_PREMIUM', 'AAD_PREMIUM_P2']

const directory = { denial: 'directory', bucket: 'directory', versions: both } as const
const pim = {
  denial: 'pim',
  versions: both,
  licence: { plans: ['AAD_PREMIUM_P2'], style: 'pim' },
} satisfies Partial<Route>
const intune = {
  denial: 'intune',
  bucket: 'intune',
  versions: both,
  licence: { plans: ['INTUNE_A'], style: 'intune' },
} satisfies Partial<Route>
const policies = { permissions: ['Policy.Read.All'], ...directory }
const methods = { ...policies, permissions: ['Policy.Read.AuthenticationMethod', 'Policy.Read.All'] }

export const routes: Route[] = [
  {
    pattern: /^\/directoryRoles$/,
    source: 'directoryRoles',
    type: 'directoryRole',
    permissions: ['RoleManagement.Read.Directory'],
    ...directory,
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.directoryRoles.map(withoutMembers) }),
  },
  {
    pattern: /^\/directoryRoles\/([^/()]+)\/members$/,
    source: 'directoryRoles/{id}/members',
    type: 'member',
    page: directoryPage,
    permissions: ['RoleManagement.Read.Directory'],
    ...directory,
    read: roleMembers((role, id) => role.id === id),
  },
  {
    pattern: /^\/directoryRoles(?:\(|\/)roleTemplateId='?([^/')]+)'?\)?\/members$/,
    source: 'directoryRoles(roleTemplateId)/members',
    type: 'member',
    page: directoryPage,
    permissions: ['RoleManagement.Read.Directory'],
    ...directory,
    read: roleMembers((role, id) => role.roleTemplateId === id),
  },
  {
    pattern: /^\/groups$/,
    source: groupsSource,
    type: 'group',
    page: directoryPage,
    permissions: ['Group.Read.All'],
    ...directory,
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.groups.map(withoutMembers) }),
  },
  {
    pattern: /^\/groups\/([^/]+)\/(members|transitiveMembers)$/,
    source: 'groups/{id}/members',
    type: 'member',
    page: directoryPage,
    permissions: ['GroupMember.Read.All', 'Group.Read.All'],
    cost: 3,
    ...directory,
    read: (input) => {
      const [id = '', which] = input.params
      const group = findBy(input.tenant.graph.groups, 'id', id)
      if (group === undefined) return { kind: 'missing', id }
      return memberRows(input, which === 'members' ? group.members : transitiveMembers(input.tenant, group.members))
    },
  },
  {
    pattern: /^\/users$/,
    source: 'users',
    type: 'user',
    page: directoryPage,
    permissions: ['User.Read.All'],
    cost: 2,
    ...directory,
    read: ({ tenant, search }) => ({
      kind: 'collection',
      rows:
        search.has('$select') || search.has('$filter')
          ? tenant.graph.users
          : tenant.graph.users.map((user) => pick(user, userDefaults)),
    }),
  },
  {
    pattern: /^\/users\/([^/]+)$/,
    source: 'users/{id}',
    type: 'user',
    permissions: ['User.Read.All'],
    ...directory,
    read: oneUser,
  },
  {
    pattern: /^\/users\/([^/]+)\/licenseDetails$/,
    source: 'users/{id}/licenseDetails',
    type: 'licenseDetails',
    permissions: ['LicenseAssignment.Read.All', 'User.Read.All'],
    cost: 2,
    ...directory,
    read: licenceDetails,
  },
  {
    pattern: /^\/users\/([^/]+)\/authentication\/requirements$/,
    source: 'users/{id}/authentication/requirements',
    permissions: ['Policy.Read.All'],
    ...directory,
    versions: ['beta'],
    read: ({ tenant, params }) => {
      const user = findUser(tenant, params[0] ?? '')
      if (user === undefined)
        return {
          kind: 'missing',
          id: params[0] ?? '',
          code: 'resourceNotFound',
          message: 'The requested user was not found.',
        }
      return {
        kind: 'single',
        entity: false,
        value: { perUserMfaState: tenant.graph.perUserMfaState[String(user.id)] ?? 'disabled' },
      }
    },
  },
  {
    pattern: /^\/groupSettings$/,
    source: 'groupSettings',
    type: 'groupSetting',
    permissions: ['GroupSettings.Read.All', 'Directory.Read.All'],
    ...directory,
    read: resource('groupSettings'),
  },
  {
    pattern: /^\/domains$/,
    source: 'domains',
    type: 'domain',
    permissions: ['Domain.Read.All'],
    ...directory,
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.domains }),
  },
  {
    pattern: /^\/organization$/,
    source: 'organization',
    type: 'organization',
    permissions: ['Organization.Read.All'],
    ...directory,
    read: organization,
  },
  {
    pattern: /^\/subscribedSkus$/,
    source: 'subscribedSkus',
    type: 'subscribedSku',
    permissions: ['LicenseAssignment.Read.All', 'Organization.Read.All', 'Directory.Read.All'],
    cost: 3,
    ...directory,
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.skus.map((sku) => skuRow(tenant, sku)) }),
  },
  {
    pattern: /^\/sites\/root$/,
    source: 'sites/root',
    type: 'site',
    permissions: ['Sites.Read.All', 'Sites.FullControl.All'],
    denial: 'sharepoint',
    versions: both,
    licence: { plans: sharepointPlans, style: 'sharepoint' },
    read: ({ tenant }) => {
      const host = `${tenant.sharepoint.prefix}.sharepoint.com`
      return {
        kind: 'single',
        value: {
          id: `${host},${tenant.tenantId},${tenant.app.objectId}`,
          displayName: 'Communication site',
          name: '',
          webUrl: `https://${host}`,
          root: {},
          siteCollection: { hostname: host },
        },
      }
    },
  },
  {
    pattern: /^\/servicePrincipals$/,
    source: 'servicePrincipals?appId',
    type: 'servicePrincipal',
    page: directoryPage,
    permissions: ['Application.Read.All'],
    ...directory,
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.servicePrincipals }),
  },
  {
    pattern: /^\/directory\/onPremisesSynchronization$/,
    source: 'directory/onPremisesSynchronization',
    permissions: ['OnPremDirectorySynchronization.Read.All'],
    ...directory,
    read: synchronisation,
  },
  {
    pattern: /^\/admin\/sharepoint\/settings$/,
    source: 'admin/sharepoint/settings',
    type: 'sharepointSettings',
    permissions: ['SharePointTenantSettings.Read.All'],
    denial: 'sharepoint',
    versions: both,
    licence: { plans: sharepointPlans, style: 'sharepoint' },
    read: adminSettings('admin/sharepoint'),
  },
  {
    pattern: /^\/admin\/appsAndServices(\/settings)?$/,
    source: 'admin/appsAndServices/settings',
    permissions: ['OrgSettings-AppsAndServices.Read.All'],
    denial: 'orgSettings',
    versions: ['beta'],
    read: adminSettings('admin/appsAndServices'),
  },
  {
    pattern: /^\/admin\/forms(\/settings)?$/,
    source: 'admin/forms/settings',
    permissions: ['OrgSettings-Forms.Read.All'],
    denial: 'orgSettings',
    versions: ['beta'],
    read: adminSettings('admin/forms'),
  },
  {
    pattern: /^\/policies\/authorizationPolicy$/,
    source: 'policies/authorizationPolicy',
    ...policies,
    read: betaAuthorizationPolicy,
  },
  {
    pattern: /^\/policies\/adminConsentRequestPolicy$/,
    source: 'policies/adminConsentRequestPolicy',
    ...policies,
    read: resource('policies/adminConsentRequestPolicy'),
  },
  {
    pattern: /^\/policies\/activityBasedTimeoutPolicies$/,
    source: 'policies/activityBasedTimeoutPolicies',
    ...policies,
    read: resource('policies/activityBasedTimeoutPolicies'),
  },
  {
    pattern: /^\/policies\/identitySecurityDefaultsEnforcementPolicy$/,
    source: 'policies/identitySecurityDefaultsEnforcementPolicy',
    ...policies,
    read: resource('policies/identitySecurityDefaultsEnforcementPolicy'),
  },
  {
    pattern: /^\/policies\/authenticationMethodsPolicy$/,
    source: 'policies/authenticationMethodsPolicy',
    ...methods,
    read: resource('policies/authenticationMethodsPolicy'),
  },
  {
    pattern: /^\/policies\/authenticationMethodsPolicy\/authenticationMethodConfigurations\/([^/]+)$/,
    source: 'policies/authenticationMethodsPolicy/authenticationMethodConfigurations/microsoftAuthenticator',
    ...methods,
    read: authenticatorConfiguration,
  },
  {
    pattern: /^\/policies\/b2bManagementPolicies$/,
    source: 'policies/b2bManagementPolicies',
    ...policies,
    versions: ['beta'],
    permissions: ['Policy.Read.All', 'Policy.Read.B2BManagementPolicy'],
    read: resource('policies/b2bManagementPolicies'),
  },
  {
    pattern: /^\/legacy\/policies$/,
    source: 'legacy/policies',
    ...policies,
    versions: ['beta'],
    read: resource('legacy/policies'),
  },
  {
    pattern: /^\/policies\/roleManagementPolicyAssignments$/,
    source: 'policies/roleManagementPolicyAssignments',
    permissions: ['RoleManagementPolicy.Read.Directory', 'RoleManagement.Read.Directory'],
    ...pim,
    read: policyAssignments,
  },
  {
    pattern: /^\/policies\/roleManagementPolicies\/([^/]+)\/rules\/([^/]+)$/,
    source: 'policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment',
    permissions: ['RoleManagementPolicy.Read.Directory', 'RoleManagement.Read.Directory'],
    ...pim,
    read: policyRule,
  },
  {
    pattern: /^\/identity\/conditionalAccess\/policies$/,
    source: 'identity/conditionalAccess/policies',
    permissions: ['Policy.Read.All', 'Policy.Read.ConditionalAccess'],
    denial: 'conditionalAccess',
    bucket: 'conditionalAccess',
    versions: both,
    licence: { plans: premium, style: 'conditionalAccess' },
    read: resource('identity/conditionalAccess/policies'),
  },
  {
    pattern: /^\/identityGovernance\/accessReviews\/definitions$/,
    source: 'identityGovernance/accessReviews/definitions',
    page: { usual: 100, most: 100 },
    permissions: ['AccessReview.Read.All'],
    denial: 'governance',
    versions: both,
    licence: { plans: ['AAD_PREMIUM_P2'], style: 'governance' },
    read: resource('identityGovernance/accessReviews/definitions'),
  },
  {
    pattern: /^\/reports\/authenticationMethods\/userRegistrationDetails$/,
    source: 'reports/authenticationMethods/userRegistrationDetails',
    page: { usual: 1000, most: 1000 },
    permissions: ['AuditLog.Read.All'],
    denial: 'reports',
    bucket: 'reports',
    versions: both,
    licence: { plans: premium, style: 'reports' },
    read: ({ tenant }) => ({ kind: 'collection', rows: tenant.graph.userRegistrationDetails }),
  },
  {
    pattern: /^\/roleManagement\/directory\/roleDefinitions$/,
    source: 'roleManagement/directory/roleDefinitions',
    type: 'unifiedRoleDefinition',
    permissions: ['RoleManagement.Read.Directory'],
    ...directory,
    read: roleDefinitions,
  },
  {
    pattern: /^\/roleManagement\/directory\/roleAssignmentScheduleInstances$/,
    source: 'roleManagement/directory/roleAssignmentScheduleInstances',
    page: directoryPage,
    permissions: ['RoleAssignmentSchedule.Read.Directory', 'RoleManagement.Read.Directory'],
    ...pim,
    read: scheduleInstances,
  },
  {
    pattern: /^\/deviceManagement\/settings$/,
    source: 'deviceManagement/settings',
    permissions: ['DeviceManagementConfiguration.Read.All'],
    ...intune,
    read: propertyPath('deviceManagement/settings'),
  },
  {
    pattern: /^\/deviceManagement\/deviceEnrollmentConfigurations$/,
    source: 'deviceManagement/deviceEnrollmentConfigurations',
    permissions: ['DeviceManagementServiceConfig.Read.All', 'DeviceManagementConfiguration.Read.All'],
    ...intune,
    read: resource('deviceManagement/deviceEnrollmentConfigurations'),
  },
]

export function licensed(tenant: TenantDocument, route: Route): boolean {
  return route.licence === undefined || hasPlan(tenant, ...route.licence.plans)
}
