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

interface PolicyInput {
  displayName: string
  users?: JsonObject
  applications?: JsonObject
  conditions?: JsonObject
  builtInControls?: string[]
  operator?: 'AND' | 'OR'
  authenticationStrength?: Json
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
    state: 'enabled',
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
            termsOfUse: [],
            authenticationStrength: input.authenticationStrength ?? null,
          },
    sessionControls: input.sessionControls ?? null,
  }
}

export function adminRolePolicy(): JsonObject {
  return conditionalAccessPolicy({
    displayName: 'Administrators use multifactor authentication',
    users: { includeRoles: protectedAdminRoles },
    builtInControls: ['mfa'],
  })
}
