import { hasPlan } from '../engine/world.ts'
import type { Cmdlet } from '../exchange/cmdlets.ts'
import { roleTemplateId } from '../tenants/roles.ts'
import type { JsonObject, TenantDocument } from '../tenants/types.ts'

export const complianceRoles: readonly string[] = [
  'Global Reader',
  'Security Reader',
  'Compliance Administrator',
  'Global Administrator',
].map(roleTemplateId)

function cmdlet(name: string, source = `compliance/${name}`): Cmdlet {
  return { name, source, roles: [...complianceRoles], parameters: [], grows: false }
}

const cmdlets = new Map(
  [cmdlet('Get-ProtectionAlert'), cmdlet('Get-DlpCompliancePolicy'), cmdlet('Get-LabelPolicy')].map((one) => [
    one.name.toLowerCase(),
    one,
  ]),
)

export const complianceCmdlets: readonly Cmdlet[] = [...cmdlets.values()]

export function complianceCmdlet(name: string): Cmdlet | undefined {
  return cmdlets.get(name.toLowerCase())
}

/** The compliance host answers it too, and always untruly: no collector should read it here. */
export const auditTrap: Cmdlet = { ...cmdlet('Get-AdminAuditLogConfig'), source: '' }

/** Plans that hold data loss prevention for mail and files. */
const dlpPlans = ['EXCHANGE_S_ENTERPRISE', 'COMMUNICATIONS_DLP']

/** Without such a plan the service may show no policy, or refuse: no source says which. */
export function dlpRefused(tenant: TenantDocument, { name }: Cmdlet): boolean {
  const asked = name === 'Get-DlpCompliancePolicy' && tenant.readings.dlpWithoutLicence === 'denied'
  return asked && !hasPlan(tenant, ...dlpPlans)
}

export function complianceRows(tenant: TenantDocument, { name }: Cmdlet): JsonObject[] {
  return tenant.compliance.cmdlets[name] ?? []
}

export function auditTrapRows(tenant: TenantDocument): JsonObject[] {
  return (tenant.exchange.cmdlets['Get-AdminAuditLogConfig'] ?? []).map((row) => ({
    ...row,
    UnifiedAuditLogIngestionEnabled: false,
  }))
}
