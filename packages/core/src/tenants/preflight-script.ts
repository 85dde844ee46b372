import type { PreflightGrants } from './preflight.ts'

/**
 * PowerShell for an administrator of the M365 tenant: grants what is not known to be held, skips what is there already, changes nothing else. Ids of
 * permissions are looked up by name in the tenant itself. What no command can do stands in comments.
 */
export function grantScript(params: {
  grants: PreflightGrants
  m365TenantId: string
  /** Application (client) id; null when neither the credential nor a token told it. */
  clientId: string | null
}): string {
  const { grants, m365TenantId, clientId } = params
  const roles = grants.appRoles.filter(({ held }) => held !== true)
  const directoryRoles = wantedDirectoryRoles(grants)
  const manual = byHand(grants)
  if (roles.length + directoryRoles.length + manual.length === 0) return '# Nothing to grant.\n'
  const commands = [...appRoleLines(roles), ...directoryRoleLines(directoryRoles)]
  const lines = commands.length > 0 ? [...opening(m365TenantId, clientId), ...commands, ''] : []
  return `${[...lines, ...manual].join('\n').trimEnd()}\n`
}

function opening(m365TenantId: string, clientId: string | null): string[] {
  return [
    '# Run as Global Administrator, or as Privileged Role Administrator with Cloud Application Administrator.',
    '# Needs the modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications and Microsoft.Graph.Identity.Governance.',
    "$ErrorActionPreference = 'Stop'",
    `Connect-MgGraph -TenantId ${quote(m365TenantId)} -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All', 'RoleManagement.ReadWrite.Directory'`,
    clientId === null ? "$clientId = '<application (client) id>' # fill in" : `$clientId = ${quote(clientId)}`,
    '$principal = Get-MgServicePrincipal -Filter "appId eq \'$clientId\'"',
    'if (-not $principal) { throw "The tenant has no enterprise application $clientId." }',
  ]
}

function appRoleLines(roles: PreflightGrants['appRoles']): string[] {
  if (roles.length === 0) return []
  const resources = [...new Set(roles.map(({ resourceAppId }) => resourceAppId))]
  return [
    '$assigned = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All)',
    ...resources.flatMap((appId) => {
      const ofResource = roles.filter(({ resourceAppId }) => resourceAppId === appId)
      const name = ofResource[0]?.resource ?? appId
      const names = ofResource.map(({ appRole }) => quote(appRole))
      return [
        '',
        `# ${comment(name)}`,
        ...ofResource.flatMap(({ appRole, remark }) => (remark ? [`#   ${comment(`${appRole}: ${remark}`)}`] : [])),
        `$resource = Get-MgServicePrincipal -Filter "appId eq '${appId.replace(/[^\w-]/g, '')}'"`,
        `if (-not $resource) { Write-Warning ${quote(`The tenant has no service principal of ${name}: is the service in use?`)} }`,
        `else { foreach ($name in ${names.join(', ')}) {`,
        "  $role = $resource.AppRoles | Where-Object { $_.Value -ceq $name -and $_.AllowedMemberTypes -contains 'Application' }",
        '  if (-not $role) { Write-Warning "$($resource.DisplayName) has no application permission $name."; continue }',
        '  if ($assigned | Where-Object { $_.ResourceId -eq $resource.Id -and $_.AppRoleId -eq $role.Id }) { continue }',
        '  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id -ResourceId $resource.Id -AppRoleId $role.Id | Out-Null',
        '} }',
      ]
    }),
  ]
}

/** Of roles that do equally well the first; one that another need asks for anyway does for both. */
function wantedDirectoryRoles(grants: PreflightGrants): { name: string; templateId: string }[] {
  const open = grants.directoryRoles.filter(({ held }) => held !== true)
  const wanted = new Map<string, { name: string; templateId: string }>()
  for (const { anyOf } of open.toSorted((a, b) => a.anyOf.length - b.anyOf.length)) {
    const [first] = anyOf
    if (first && !anyOf.some(({ templateId }) => wanted.has(templateId))) wanted.set(first.templateId, first)
  }
  return [...wanted.values()]
}

/** A built-in role's definition has the id of its template. */
function directoryRoleLines(roles: readonly { name: string; templateId: string }[]): string[] {
  return roles.flatMap(({ name, templateId }) => {
    const id = templateId.replace(/[^\w-]/g, '')
    return [
      '',
      `# Directory role ${comment(name)}`,
      `if (-not (Get-MgRoleManagementDirectoryRoleAssignment -Filter "principalId eq '$($principal.Id)' and roleDefinitionId eq '${id}'")) {`,
      `  New-MgRoleManagementDirectoryRoleAssignment -PrincipalId $principal.Id -RoleDefinitionId '${id}' -DirectoryScopeId '/' | Out-Null`,
      '}',
    ]
  })
}

function byHand(grants: PreflightGrants): string[] {
  const switches = grants.adminSwitches.filter(({ held }) => held !== true)
  const kinds = grants.credentialKinds.filter(({ held }) => held !== true)
  return [
    ...switches.map(({ name, instruction }) => `# By hand: ${comment(`${name}. ${instruction}`)}`),
    ...kinds.map(
      ({ service, anyOf }) =>
        `# By hand: ${comment(`${service} takes only a credential of the kind ${anyOf.join(', ')}.`)}`,
    ),
  ]
}

/** PowerShell takes typographic quotation marks for plain ones: each is doubled. */
function quote(text: string): string {
  return `'${comment(text).replace(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`
}

/** On one line. */
function comment(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
