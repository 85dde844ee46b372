import type { JsonObject, TenantDocument } from '../index.ts'
import type { Outcome, Reader } from './reader.ts'

/** Where objects are named: one of each kind, as the tenant has them. */
function samples(tenant: TenantDocument): Record<string, string> {
  const { graph } = tenant
  const [role] = graph.directoryRoles
  const [user] = graph.users
  const [group] = graph.groups
  const [assignment] = graph.resources['policies/roleManagementPolicyAssignments'] as JsonObject[]
  const filter = encodeURIComponent("scopeId eq '/' and scopeType eq 'DirectoryRole'")
  const type = (name: string) => `groups?$top=999&$filter=${encodeURIComponent(`groupTypes/any(c:c eq '${name}')`)}`
  return {
    users: 'users?$top=999',
    groups: 'groups?$top=999',
    'directoryRoles/{id}/members': `directoryRoles/${role?.id}/members`,
    'directoryRoles(roleTemplateId)/members': `directoryRoles(roleTemplateId='${role?.roleTemplateId}')/members`,
    'groups/{id}/members': `groups/${group?.id}/members`,
    'users/{id}': `users/${user?.id}`,
    'users/{id}/licenseDetails': `users/${user?.id}/licenseDetails`,
    'users/{id}/authentication/requirements': `users/${user?.id}/authentication/requirements`,
    'groups?Unified': type('Unified'),
    'groups?DynamicMembership': type('DynamicMembership'),
    'servicePrincipals?appId': `servicePrincipals?$filter=${encodeURIComponent("appId eq 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e'")}`,
    'policies/roleManagementPolicyAssignments': `policies/roleManagementPolicyAssignments?$filter=${filter}`,
    'policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment': `policies/roleManagementPolicies/${assignment?.policyId}/rules/Approval_EndUser_Assignment`,
  }
}

/** Reads any source by its id; of a source with objects, one object. */
export function readSource(reader: Reader, tenant: TenantDocument, id: string): Promise<Outcome> {
  const [service, ...rest] = id.split('/')
  const name = rest.join('/')
  switch (service) {
    case 'exchange':
      return reader.cmdlet(name === 'Get-EXOMailbox' ? 'Get-Mailbox' : name)
    case 'compliance':
      return reader.compliance(name)
    case 'teams':
      return reader.teams(name)
    case 'sharepoint':
      return name === 'sites' ? reader.sites() : reader.sharepointTenant()
    case 'fabric':
      return reader.fabric()
    default: {
      const version = name.startsWith('beta/') ? 'beta' : 'v1.0'
      const path = name.replace(/^beta\//, '')
      return reader.graph(`/${version}/${samples(tenant)[path] ?? path}`)
    }
  }
}
