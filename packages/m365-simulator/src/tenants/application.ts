import { guid } from './directory.ts'
import { readerRoles } from './roles.ts'
import type { AppRegistration } from './types.ts'

/** Read permissions on Microsoft Graph that a full scan asks for, plus the one that finds the SharePoint host. */
export const graphReadPermissions = [
  'AccessReview.Read.All',
  'Application.Read.All',
  'AuditLog.Read.All',
  'DeviceManagementConfiguration.Read.All',
  'DeviceManagementServiceConfig.Read.All',
  'Domain.Read.All',
  'Group.Read.All',
  'GroupMember.Read.All',
  'GroupSettings.Read.All',
  'LicenseAssignment.Read.All',
  'OnPremDirectorySynchronization.Read.All',
  'OrgSettings-AppsAndServices.Read.All',
  'OrgSettings-Forms.Read.All',
  'Organization.Read.All',
  'Policy.Read.All',
  'Policy.Read.AuthenticationMethod',
  'RoleAssignmentSchedule.Read.Directory',
  'RoleManagement.Read.Directory',
  'RoleManagementPolicy.Read.Directory',
  'SharePointTenantSettings.Read.All',
  'Sites.Read.All',
  'User.Read.All',
]

/** An application with everything a scan needs: tests take away what they want to see missing. */
export function scannerApp(tenantId: string, clientSecret: string): AppRegistration {
  return {
    clientId: guid(tenantId, 'app'),
    clientSecret,
    expiredSecrets: [],
    certificates: [],
    federatedCredentials: [],
    publicClient: false,
    objectId: guid(tenantId, 'service principal'),
    displayName: 'Benchmark scanner',
    enabled: true,
    appRoles: {
      graph: graphReadPermissions,
      exchange: ['Exchange.ManageAsApp'],
      compliance: ['Exchange.ManageAsApp'],
      teams: [],
      sharepoint: ['Sites.FullControl.All'],
      fabric: [],
    },
    directoryRoles: readerRoles,
  }
}
