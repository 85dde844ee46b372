import { createHash } from 'node:crypto'
import { roleTemplateId } from './roles.ts'
import type { ActivatedRole, DirectoryGroup, DirectoryUser, JsonObject } from './types.ts'

/** The same words give the same GUID, in every run: tests can name objects. */
export function guid(...words: string[]): string {
  const hex = createHash('sha256').update(words.join('\n')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export interface UserInput {
  name: string
  displayName: string
  domain: string
  skuIds?: string[]
  accountEnabled?: boolean
  guest?: boolean
  /** true: synchronised from an on-premises directory; false: it once was. */
  synced?: boolean
}

export function user(tenantId: string, input: UserInput): DirectoryUser {
  const userPrincipalName = `${input.name}@${input.domain}`
  return {
    id: guid(tenantId, 'user', input.name),
    userPrincipalName,
    displayName: input.displayName,
    accountEnabled: input.accountEnabled ?? true,
    userType: input.guest ? 'Guest' : 'Member',
    onPremisesSyncEnabled: input.synced ?? null,
    assignedLicenses: (input.skuIds ?? []).map((skuId) => ({ disabledPlans: [], skuId })),
    businessPhones: [],
    givenName: input.displayName.split(' ')[0] ?? null,
    surname: input.displayName.split(' ')[1] ?? null,
    jobTitle: null,
    mail: userPrincipalName,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
  }
}

export interface GroupInput {
  displayName: string
  visibility: 'Public' | 'Private' | 'HiddenMembership' | null
  groupTypes: string[]
  members?: string[]
  membershipRule?: string
  roleAssignable?: boolean
}

export function group(tenantId: string, input: GroupInput): DirectoryGroup {
  const unified = input.groupTypes.includes('Unified')
  return {
    id: guid(tenantId, 'group', input.displayName),
    displayName: input.displayName,
    description: null,
    visibility: input.visibility,
    groupTypes: input.groupTypes,
    mailEnabled: unified,
    securityEnabled: !unified,
    isAssignableToRole: input.roleAssignable ?? null,
    membershipRule: input.membershipRule ?? null,
    membershipRuleProcessingState: input.membershipRule ? 'On' : null,
    members: input.members ?? [],
  }
}

export function role(tenantId: string, name: string, members: string[]): ActivatedRole {
  return {
    id: guid(tenantId, 'role', name),
    deletedDateTime: null,
    description: `Holds the permissions of ${name}.`,
    displayName: name,
    roleTemplateId: roleTemplateId(name),
    members,
  }
}

export interface AssignmentInput {
  role: string
  principalId: string
  assignmentType?: 'Assigned' | 'Activated'
  endDateTime?: string | null
}

/** One row of roleAssignmentScheduleInstances; `principal` is put in when the caller expands it. */
export function roleAssignment(tenantId: string, input: AssignmentInput): JsonObject {
  const id = guid(tenantId, 'assignment', input.role, input.principalId, input.assignmentType ?? 'Assigned')
  return {
    id,
    principalId: input.principalId,
    roleDefinitionId: roleTemplateId(input.role),
    directoryScopeId: '/',
    appScopeId: null,
    startDateTime: '2026-01-15T09:00:00Z',
    endDateTime: input.endDateTime ?? null,
    assignmentType: input.assignmentType ?? 'Assigned',
    memberType: 'Direct',
    roleAssignmentOriginId: id,
    roleAssignmentScheduleId: id,
  }
}

export function registrationDetails(member: DirectoryUser, facts: { admin: boolean; capable: boolean }): JsonObject {
  return {
    id: member.id,
    userPrincipalName: member.userPrincipalName,
    userDisplayName: member.displayName,
    userType: member.userType === 'Guest' ? 'guest' : 'member',
    isAdmin: facts.admin,
    isSsprRegistered: facts.capable,
    isSsprEnabled: true,
    isSsprCapable: facts.capable,
    isMfaRegistered: facts.capable,
    isMfaCapable: facts.capable,
    isPasswordlessCapable: false,
    methodsRegistered: facts.capable ? ['microsoftAuthenticatorPush', 'softwareOneTimePasscode'] : [],
    isSystemPreferredAuthenticationMethodEnabled: true,
    systemPreferredAuthenticationMethods: facts.capable ? ['push'] : [],
    userPreferredMethodForSecondaryAuthentication: facts.capable ? 'push' : '',
    lastUpdatedDateTime: '2026-01-20T04:00:00Z',
  }
}
