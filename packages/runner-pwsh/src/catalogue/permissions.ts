import type { AdminSwitch, AppRole, DirectoryRole, SourceDefinition } from '@tenantscope/core'

/** What a declaration demands, taken apart. */
export type Demands = Pick<SourceDefinition, 'appRoles' | 'directoryRoles' | 'adminSwitches' | 'otherDemands'>

type Resource = Pick<AppRole, 'service' | 'resource' | 'resourceAppId'>

const graph: Resource = {
  service: 'graph',
  resource: 'Microsoft Graph',
  resourceAppId: '00000003-0000-0000-c000-000000000000',
}

/** The other APIs, as declarations name them in brackets. */
const resources: Readonly<Record<string, Resource>> = {
  'Office 365 Exchange Online': {
    service: 'exchange',
    resource: 'Office 365 Exchange Online',
    resourceAppId: '00000002-0000-0ff1-ce00-000000000000',
  },
  'Microsoft Exchange Online Protection': {
    service: 'compliance',
    resource: 'Microsoft Exchange Online Protection',
    resourceAppId: '00000007-0000-0ff1-ce00-000000000000',
  },
  SharePoint: {
    service: 'sharepoint',
    resource: 'Office 365 SharePoint Online',
    resourceAppId: '00000003-0000-0ff1-ce00-000000000000',
  },
}

/** Built-in roles; their template ids are the same in every tenant. */
const roleTemplates: Readonly<Record<string, string>> = {
  'Global Reader': 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
  'Security Reader': '5d6b6bb7-de71-4623-b4af-96380a352509',
  'Teams Reader': '1076ac91-f3d9-41a7-a339-dcdf5f480acc',
}

/** Wider permissions of Microsoft Graph that its documentation names for the same reads. Whether they suffice for each of them only a read can tell. */
const wider: Readonly<Record<string, readonly string[]>> = {
  'Application.Read.All': ['Directory.Read.All'],
  'DeviceManagementServiceConfig.Read.All': ['DeviceManagementConfiguration.Read.All'],
  'Domain.Read.All': ['Directory.Read.All'],
  'Group.Read.All': ['Directory.Read.All'],
  'GroupMember.Read.All': ['Group.Read.All', 'Directory.Read.All'],
  'GroupSettings.Read.All': ['Directory.Read.All'],
  'Organization.Read.All': ['Directory.Read.All'],
  'Policy.Read.AuthenticationMethod': ['Policy.Read.All'],
  'RoleAssignmentSchedule.Read.Directory': ['RoleManagement.Read.Directory', 'RoleManagement.Read.All'],
  'RoleManagement.Read.Directory': ['RoleManagement.Read.All', 'Directory.Read.All'],
  'RoleManagementPolicy.Read.Directory': ['RoleManagement.Read.Directory', 'RoleManagement.Read.All'],
  'Sites.Read.All': ['Sites.Manage.All', 'Sites.FullControl.All'],
  'User.Read.All': ['Directory.Read.All'],
}

/** Narrower or other permissions with which one source can be read as well. */
const otherwise: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'graph/identity/conditionalAccess/policies': { 'Policy.Read.All': ['Policy.Read.ConditionalAccess'] },
  'graph/beta/policies/b2bManagementPolicies': { 'Policy.Read.All': ['Policy.Read.B2BManagementPolicy'] },
  'graph/users/{id}/licenseDetails': { 'User.Read.All': ['LicenseAssignment.Read.All'] },
}

const remarks: Readonly<Record<string, string>> = {
  'Office 365 Exchange Online/Exchange.ManageAsApp':
    'Lets the application sign in to Exchange Online. What it may do there is decided by its directory roles: with readers’ roles it reads.',
  'Microsoft Exchange Online Protection/Exchange.ManageAsApp':
    'The same for Security & Compliance, which asks for the permission of this API and not for that of Exchange Online.',
  'Office 365 SharePoint Online/Sites.FullControl.All':
    'Full write power over all sites. SharePoint’s admin API has no smaller application permission, and takes it only from an application that signs in with a certificate.',
  'Microsoft Graph/Sites.Read.All':
    'Finds the address of the SharePoint admin host. Without it the address is made from the initial domain, which is wrong for a renamed tenant.',
}

const switchInstruction =
  'Fabric admin portal > Tenant settings > Admin API settings: switch it on for a security group, and make the service principal a member of that group. The application must hold no Power BI application permission.'

/**
 * Permissions are declared as text; what no rule here understands is kept in words, so that nothing is lost silently. Of several permissions of Microsoft
 * Graph the first opens the read. The others are for the objects in it: without them Graph answers with ids in place of objects.
 */
export function demandsOf(sourceId: string, permissions: readonly string[]): Demands {
  const demands: Demands = { appRoles: [], directoryRoles: [], adminSwitches: [], otherDemands: [] }
  for (const text of permissions) addDemand(demands, text, otherwise[sourceId] ?? {})
  return demands
}

function addDemand(demands: Demands, text: string, also: Readonly<Record<string, readonly string[]>>): void {
  const roles = directoryRoles(text)
  const appRole = appRoleOf(text)
  const adminSwitch = adminSwitchOf(text)
  if (roles) demands.directoryRoles.push(roles)
  else if (appRole) {
    const gates = appRole.service !== 'graph' || demands.appRoles.every(({ service }) => service !== 'graph')
    demands.appRoles.push({ ...appRole, mayBeIn: [...appRole.mayBeIn, ...(also[appRole.name] ?? [])], gates })
  } else if (adminSwitch) demands.adminSwitches.push(adminSwitch)
  else demands.otherDemands.push(text)
}

/** `directory role Global Reader or Teams Reader` */
function directoryRoles(text: string): DirectoryRole[] | null {
  const names = /^directory role (.+)$/.exec(text)?.[1]?.split(' or ')
  if (!names) return null
  const roles = names.flatMap((name) => {
    const templateId = roleTemplates[name]
    return templateId === undefined ? [] : [{ name, templateId }]
  })
  return roles.length === names.length ? roles : null
}

/** `Policy.Read.All`, or `Sites.FullControl.All (SharePoint)` with what the credential must be after a comma. */
function appRoleOf(text: string): Omit<AppRole, 'gates'> | null {
  const [, name, api] = /^([A-Za-z][\w-]*(?:\.[\w-]+)+)(?: \(([^)]+)\)(?:, certificate sign-in)?)?$/.exec(text) ?? []
  const resource = api === undefined ? graph : resources[api]
  if (name === undefined || resource === undefined) return null
  const listed = api === undefined ? (wider[name] ?? []) : []
  const writing = [name, ...listed]
    .filter((one) => one.includes('.Read.'))
    .map((one) => one.replace('.Read.', '.ReadWrite.'))
  return {
    ...resource,
    name,
    mayBeIn: [...listed, ...writing],
    remark: remarks[`${resource.resource}/${name}`] ?? null,
  }
}

function adminSwitchOf(text: string): AdminSwitch | null {
  const name = /^Fabric tenant setting '([^']+)'/.exec(text)?.[1]
  return name === undefined ? null : { name, instruction: switchInstruction }
}
