import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StubModule } from './module-stubs.ts'

/** Rows of a cmdlet as the service's own interface gives them. */
export type CmdletRows = Record<string, unknown[]>

// What the modules are known to do to the values of the wire, or are said to do.
const enumNames = [
  'State',
  'DomainType',
  'RecipientTypeDetails',
  'RecommendedPolicyType',
  'FileTypeAction',
  'Mode',
  'AutoAdmittedUsers',
  'MeetingChatEnabledType',
  'DesignatedPresenterRoleMode',
  'CommunicationWithExternalOrgs',
  'GlobalCatalogAppsType',
]
/** Numbers on the wire, enums in the module; in the order of their numbers. */
const numberedEnums: Record<string, string[]> = {
  SharingCapability: [
    'Disabled',
    'ExternalUserSharingOnly',
    'ExternalUserAndGuestSharing',
    'ExistingExternalUserSharingOnly',
  ],
  ODBSharingCapability: [
    'Disabled',
    'ExternalUserSharingOnly',
    'ExternalUserAndGuestSharing',
    'ExistingExternalUserSharingOnly',
  ],
  DefaultSharingLinkType: ['None', 'Direct', 'Internal', 'AnonymousAccess'],
  DefaultLinkPermission: ['None', 'View', 'Edit'],
  SharingDomainRestrictionMode: ['None', 'AllowList', 'BlockList'],
  DenyAddAndCustomizePages: ['Unknown', 'Disabled', 'Enabled'],
}

const connects: Record<string, string> = {
  ExchangeOnlineManagement:
    'function Connect-ExchangeOnline { [CmdletBinding()] param([string]$AccessToken, [string]$Organization, [string[]]$CommandName, [switch]$ShowBanner) Write-Host "welcome" }',
  MicrosoftTeams:
    'function Connect-MicrosoftTeams { [CmdletBinding()] param([string[]]$AccessTokens) if ($AccessTokens.Count -ne 2 -or $AccessTokens[0] -eq $AccessTokens[1]) { throw "two tokens are needed" }; [pscustomobject]@{ Account = "app" } }',
  'PnP.PowerShell':
    'function Connect-PnPOnline { [CmdletBinding()] param([string]$Url, [string]$AccessToken) if ($Url -notlike "https://*-admin.sharepoint.com") { throw "no admin address" } }',
}

/** A module whose cmdlets give the same data as the wire, in the clothes of .NET. */
export function twinModule(name: string, cmdlets: CmdletRows): StubModule {
  const enums = new Map<string, Set<string>>()
  for (const row of Object.values(cmdlets).flat() as Record<string, unknown>[])
    for (const property of enumNames) {
      const value = row[property]
      if (typeof value !== 'string' || !/^[A-Za-z]\w*$/.test(value)) continue
      enums.set(property, (enums.get(property) ?? new Set()).add(value))
    }
  const declared = [
    ...[...enums].map(([property, values]) => `enum Twin_${property} { ${[...values].join('; ')} }`),
    ...Object.entries(numberedEnums).map(([property, values]) => `enum Twin_${property} { ${values.join('; ')} }`),
  ]
  return {
    code: `${declared.join('\n')}
class AllowAllKnownDomains { }
class DomainPattern { [string]$Domain; DomainPattern([string]$d) { $this.Domain = $d } }
class VersionText { hidden [string]$Inner; VersionText([string]$t) { $this.Inner = $t } [string] ToString() { return $this.Inner } }
${connects[name]}
$enumTypes = @{ ${[...enums.keys(), ...Object.keys(numberedEnums)].map((property) => `'${property}' = [Twin_${property}]`).join('; ')} }
function ConvertTo-Twin($Name, $Value) {
    if ($null -ne $Value -and $enumTypes.ContainsKey($Name) -and ($Value -is [string] -or $Value -is [long] -or $Value -is [int])) { return $Value -as $enumTypes[$Name] }
    if ($Name -eq 'ExchangeVersion') { return [VersionText]::new($Value) }
    if ($Name -eq 'RuleVersion') { return [version]$Value }
    if ($Name -eq 'AllowedSenderDomains') { return , [Collections.ArrayList]@(foreach ($one in $Value) { [pscustomobject]@{ Domain = $one } }) }
    if ($Name -eq 'AllowedDomainList') { return , [Collections.Generic.List[guid]]@(foreach ($one in $Value) { [guid]$one }) }
    if ($Name -eq 'AllowedDomains') {
        if (-not @($Value.PSObject.Properties).Count) { return [AllowAllKnownDomains]::new() }
        return [pscustomobject]@{ AllowedDomain = [Collections.ArrayList]@(foreach ($one in $Value.AllowedDomain) { if ($one -is [string]) { $one } else { [DomainPattern]::new($one.Domain) } }) }
    }
    if ($Value -is [array]) { return , [Collections.ArrayList]$Value }
    $Value
}
function Get-Twins($Cmdlet) {
    $rows = ConvertFrom-Json ([IO.File]::ReadAllText("$PSScriptRoot/$Cmdlet.json")) -NoEnumerate
    foreach ($row in $rows) {
        $twin = [ordered]@{ RunspaceId = [guid]::NewGuid(); PSComputerName = 'outlook.office365.com'; PSShowComputerName = $false; ObjectState = 'Unchanged' }
        foreach ($property in $row.PSObject.Properties) { $twin[$property.Name] = ConvertTo-Twin $property.Name $property.Value }
        [pscustomobject]$twin
    }
}
${Object.keys(cmdlets)
  .map(
    (cmdlet) =>
      `function ${cmdlet} { [CmdletBinding()] param($ResultSize, $PropertySets, [switch]$IncludeOneDriveSites, [switch]$Detailed) Get-Twins '${cmdlet}' }`,
  )
  .join('\n')}
Export-ModuleMember -Function 'Connect-*', ${Object.keys(cmdlets)
      .map((cmdlet) => `'${cmdlet}'`)
      .join(', ')}
`,
  }
}

/** The rows of each cmdlet, beside the code that gives them. */
export async function writeTwinData(path: string, name: string, cmdlets: CmdletRows): Promise<void> {
  await mkdir(join(path, name), { recursive: true })
  for (const [cmdlet, rows] of Object.entries(cmdlets))
    await writeFile(join(path, name, `${cmdlet}.json`), JSON.stringify(rows))
}
