import { guid } from './directory.ts'
import { roleTemplateId } from './roles.ts'
import type { Json, JsonObject } from './types.ts'

/** The administrator roles a policy has to name to count as protection of administrators. */
export const protectedAdminRoles = [
  'Application Administrator',
  'Authentication Administrator',
  'Billing Administrator',
  'Cloud Application Administrator',
  'Conditional Access Administrator',
  'Exchange Administrator',
  'Global Administrator',
  'Global Reader',
  'Helpdesk Administrator',
  'Password Administrator',
  'Privileged Authentication Administrator',
  'Privileged Role Administrator',
  'Security Administrator',
  'SharePoint Administrator',
  'User Administrator',
].map(roleTemplateId)

export interface PolicyInput {
  displayName: string
  state?: 'enabled' | 'disabled' | 'enabledForReportingButNotEnforced'
  users?: JsonObject
  applications?: JsonObject
  conditions?: JsonObject
  builtInControls?: string[]
  operator?: 'AND' | 'OR'
  authenticationStrength?: Json
  termsOfUse?: string[]
  grantControls?: null
  sessionControls?: Json
}

/** A policy as the service writes it: every condition present, unused ones null or empty. */
export function conditionalAccessPolicy(input: PolicyInput): JsonObject {
  return {
    id: guid('conditional access', input.displayName),
    templateId: null,
    displayName: input.displayName,
    createdDateTime: '2026-01-20T09:00:00Z',
    modifiedDateTime: null,
    state: input.state ?? 'enabled',
    conditions: {
      userRiskLevels: [],
      signInRiskLevels: [],
      clientAppTypes: ['all'],
      servicePrincipalRiskLevels: [],
      insiderRiskLevels: null,
      platforms: null,
      locations: null,
      devices: null,
      clientApplications: null,
      authenticationFlows: null,
      applications: {
        includeApplications: ['All'],
        excludeApplications: [],
        includeUserActions: [],
        includeAuthenticationContextClassReferences: [],
        applicationFilter: null,
        ...input.applications,
      },
      users: {
        includeUsers: [],
        excludeUsers: [],
        includeGroups: [],
        excludeGroups: [],
        includeRoles: [],
        excludeRoles: [],
        includeGuestsOrExternalUsers: null,
        excludeGuestsOrExternalUsers: null,
        ...input.users,
      },
      ...input.conditions,
    },
    grantControls:
      input.grantControls === null
        ? null
        : {
            operator: input.operator ?? 'OR',
            builtInControls: input.builtInControls ?? [],
            customAuthenticationFactors: [],
            termsOfUse: input.termsOfUse ?? [],
            authenticationStrength: input.authenticationStrength ?? null,
          },
    sessionControls: input.sessionControls ?? null,
  }
}

export const everybody = { includeUsers: ['All'] }
const administrators = { includeRoles: protectedAdminRoles }
export const everyTime = {
  value: null,
  type: null,
  authenticationType: 'primaryAndSecondaryAuthentication',
  frequencyInterval: 'everyTime',
  isEnabled: true,
}

export function session(settings: JsonObject): JsonObject {
  return {
    disableResilienceDefaults: null,
    applicationEnforcedRestrictions: null,
    cloudAppSecurity: null,
    signInFrequency: null,
    persistentBrowser: null,
    ...settings,
  }
}

/** The built-in strength that only keys, Windows Hello and multifactor certificates meet. */
export const phishingResistant = {
  id: '00000000-0000-0000-0000-000000000004',
  createdDateTime: '2021-12-01T00:00:00Z',
  modifiedDateTime: '2021-12-01T00:00:00Z',
  displayName: 'Phishing-resistant MFA',
  description: 'Phishing-resistant, passwordless methods for the strongest authentication',
  policyType: 'builtIn',
  requirementsSatisfied: 'mfa',
  allowedCombinations: ['windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor'],
}

function identityPolicies(): JsonObject[] {
  const policy = conditionalAccessPolicy
  return [
    policy({
      displayName: 'Administrators use multifactor authentication',
      users: administrators,
      builtInControls: ['mfa'],
    }),
    policy({ displayName: 'Everybody uses multifactor authentication', users: everybody, builtInControls: ['mfa'] }),
    policy({
      displayName: 'Legacy authentication is blocked',
      users: everybody,
      conditions: { clientAppTypes: ['exchangeActiveSync', 'other'] },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'Administrators sign in often and leave no session',
      users: administrators,
      grantControls: null,
      sessionControls: session({
        signInFrequency: { ...everyTime, value: 4, type: 'hours', frequencyInterval: 'timeBased' },
        persistentBrowser: { mode: 'never', isEnabled: true },
      }),
    }),
    policy({
      displayName: 'Administrators use phishing-resistant methods',
      users: administrators,
      authenticationStrength: phishingResistant,
    }),
    policy({
      displayName: 'Risky users change their password',
      users: everybody,
      conditions: { userRiskLevels: ['high'] },
      operator: 'AND',
      builtInControls: ['mfa', 'passwordChange'],
      sessionControls: session({ signInFrequency: everyTime }),
    }),
    policy({
      displayName: 'Risky sign-ins use multifactor authentication',
      users: everybody,
      conditions: { signInRiskLevels: ['high', 'medium'] },
      builtInControls: ['mfa'],
      sessionControls: session({ signInFrequency: everyTime }),
    }),
    policy({
      displayName: 'Risky sign-ins are blocked',
      users: everybody,
      conditions: { signInRiskLevels: ['high', 'medium'] },
      builtInControls: ['block'],
    }),
  ]
}

function devicePolicies(): JsonObject[] {
  const policy = conditionalAccessPolicy
  return [
    policy({
      displayName: 'Devices are managed',
      users: everybody,
      builtInControls: ['compliantDevice', 'domainJoinedDevice'],
    }),
    policy({
      displayName: 'Security information is registered on managed devices',
      users: everybody,
      applications: { includeApplications: [], includeUserActions: ['urn:user:registersecurityinfo'] },
      builtInControls: ['compliantDevice', 'domainJoinedDevice'],
    }),
    policy({
      displayName: 'Enrolment in Intune asks for multifactor authentication every time',
      users: everybody,
      applications: { includeApplications: ['d4ebce55-015a-49b5-a083-c84d1797ae8c'] },
      builtInControls: ['mfa'],
      sessionControls: session({ signInFrequency: everyTime }),
    }),
    policy({
      displayName: 'Device code sign-in is blocked',
      users: everybody,
      conditions: { authenticationFlows: { transferMethods: 'deviceCodeFlow' } },
      builtInControls: ['block'],
    }),
    policy({
      displayName: 'Browsers on unmanaged devices time out',
      users: everybody,
      applications: { includeApplications: ['Office365'] },
      conditions: { clientAppTypes: ['browser'] },
      grantControls: null,
      sessionControls: session({ applicationEnforcedRestrictions: { isEnabled: true } }),
    }),
  ]
}

/** One policy for each demand of the benchmark; real tenants fold some of them together. Emergency accounts are left out. */
export function hardenedPolicies(emergency: string[]): JsonObject[] {
  return [...identityPolicies(), ...devicePolicies()].map((policy) => {
    const conditions = policy.conditions as { users: JsonObject }
    return { ...policy, conditions: { ...conditions, users: { ...conditions.users, excludeUsers: emergency } } }
  })
}
