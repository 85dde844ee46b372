import { hasPlan } from '../engine/world.ts'
import type { ResourceName, TenantDocument } from '../tenants/types.ts'

export interface Resource {
  name: ResourceName
  audience: string
}

const teamsApplicationId = '48ac35b8-9aa8-4d74-927d-1f4a14a0b239'

export const audiences = {
  graph: 'https://graph.microsoft.com',
  exchange: 'https://outlook.office365.com',
  compliance: 'https://ps.compliance.protection.outlook.com',
  teams: teamsApplicationId,
  fabric: 'https://api.fabric.microsoft.com',
  powerBi: 'https://analysis.windows.net/powerbi/api',
} as const

export function sharepointAudience(tenant: TenantDocument): string {
  return `https://${tenant.sharepoint.prefix}-admin.sharepoint.com`
}

export const sharepointPlans = ['SHAREPOINTENTERPRISE', 'SHAREPOINTSTANDARD', 'SHAREPOINTDESKLESS']
const fabricPlans = ['BI_AZURE_P0', 'BI_AZURE_P1', 'BI_AZURE_P2', 'PBI_PREMIUM_P1_ADDON']

/** The resource a scope names, or undefined when the tenant has no principal for it (AADSTS500011). */
export function resourceOf(tenant: TenantDocument, identifier: string): Resource | undefined {
  const wanted = identifier.toLowerCase().replace(/\/$/, '')
  switch (wanted) {
    case audiences.graph:
      return { name: 'graph', audience: audiences.graph }
    case audiences.exchange:
      return { name: 'exchange', audience: audiences.exchange }
    case audiences.compliance:
      return { name: 'compliance', audience: audiences.compliance }
    case audiences.teams:
      return { name: 'teams', audience: audiences.teams }
    case audiences.fabric:
    case audiences.powerBi:
      // Power BI has a principal only where it was ever provisioned.
      return hasPlan(tenant, ...fabricPlans) ? { name: 'fabric', audience: wanted } : undefined
    case sharepointAudience(tenant).toLowerCase():
      return hasPlan(tenant, ...sharepointPlans)
        ? { name: 'sharepoint', audience: sharepointAudience(tenant) }
        : undefined
    default:
      return undefined
  }
}
