import { guid } from './directory.ts'
import { roleTemplateId } from './roles.ts'
import type { JsonObject } from './types.ts'

/** Roles whose activation policy a scan looks at. */
export const policyRoles = ['Global Administrator', 'Privileged Role Administrator']

export function policyId(tenantId: string, role: string): string {
  return `DirectoryRole_${tenantId}_${guid(tenantId, 'role policy', role)}`
}

export function policyAssignments(tenantId: string): JsonObject[] {
  return policyRoles.map((role) => ({
    id: `${policyId(tenantId, role)}_${roleTemplateId(role)}`,
    policyId: policyId(tenantId, role),
    scopeId: '/',
    scopeType: 'DirectoryRole',
    roleDefinitionId: roleTemplateId(role),
  }))
}

/** The rule that asks for a second person before a role is activated. */
export function approvalRule(approvers: { id: string; displayName: string }[]): JsonObject {
  return {
    '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyApprovalRule',
    id: 'Approval_EndUser_Assignment',
    target: {
      caller: 'EndUser',
      operations: ['all'],
      level: 'Assignment',
      inheritableSettings: [],
      enforcedSettings: [],
    },
    setting: {
      isApprovalRequired: true,
      isApprovalRequiredForExtension: false,
      isRequestorJustificationRequired: true,
      approvalMode: 'SingleStage',
      approvalStages: [
        {
          approvalStageTimeOutInDays: 1,
          isApproverJustificationRequired: true,
          escalationTimeInMinutes: 0,
          isEscalationEnabled: false,
          primaryApprovers: approvers.map(({ id, displayName }) => ({
            '@odata.type': '#microsoft.graph.singleUser',
            isBackup: false,
            userId: id,
            description: displayName,
          })),
          escalationApprovers: [],
        },
      ],
    },
  }
}
