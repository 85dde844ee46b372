#Requires -Version 7.5
<#
.SYNOPSIS
Installs the vendors' PowerShell modules, for those who let the engine read a service through its module.

.DESCRIPTION
The engine needs no module: it asks every service over its own interface. Who prefers the vendor's module for Exchange,
compliance, Teams or SharePoint (docs/module-transport.md) installs it with this script, at the version it is pinned to
here. The modules come from the PowerShell Gallery, with what they depend on.

  pwsh -File Install-Modules.ps1 -WhatIf                      says what would be installed, and where
  pwsh -File Install-Modules.ps1 -Service exchange,teams      only what these services need
  pwsh -File Install-Modules.ps1 -Path /opt/modules           into a folder of its own: name it as modulePath

Exit code 0 when everything is there, 1 when something could not be installed, 2 for a wrong argument.

.PARAMETER Service
exchange, compliance, teams, sharepoint, several with commas. All five modules without it; two of them (Microsoft.Graph,
MicrosoftPowerBIMgmt) are for people who look into a finding by hand. The engine never loads these two.

.PARAMETER Path
A folder to save the modules to. Without it they are installed where PowerShell looks by itself.

.PARAMETER Scope
CurrentUser (default) or AllUsers. Not together with -Path.

.PARAMETER Help
Show this text.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [string[]]$Service,
    [string]$Path,
    [string]$Scope,
    [switch]$Help
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# Pinned, so that two installations read alike. All of these run on PowerShell 7.5; ExchangeOnlineManagement 3.10 asks for 7.6.
$modules = @(
    @{ name = 'ExchangeOnlineManagement'; version = '3.9.2'; services = @('exchange', 'compliance'); purpose = 'Exchange Online; on Windows also Security & Compliance' }
    @{ name = 'MicrosoftTeams'; version = '7.6.0'; services = @('teams'); purpose = 'policies of Microsoft Teams' }
    @{ name = 'PnP.PowerShell'; version = '3.1.0'; services = @('sharepoint'); purpose = 'settings and sites of SharePoint and OneDrive' }
    @{ name = 'Microsoft.Graph'; version = '2.40.0'; services = @(); purpose = 'Entra ID and Intune by hand; about 40 modules, a long download' }
    @{ name = 'MicrosoftPowerBIMgmt'; version = '1.2.1111'; services = @(); purpose = 'Fabric and Power BI by hand' }
)

function Stop-Wrong { param([string]$Message) [Console]::Error.WriteLine("Install-Modules: $Message"); exit 2 }

function Show-Help {
    $text = [IO.File]::ReadAllText("$PSScriptRoot/Install-Modules.ps1")
    $from = $text.IndexOf('<#') + 2
    [Console]::Out.WriteLine($text.Substring($from, $text.IndexOf('#>') - $from).Trim())
}

function Test-Installed {
    param([string]$Name, [string]$Version)
    $from = $Path ? [IO.Path]::Combine($Path, $Name) : $Name
    if ($Path -and -not [IO.Directory]::Exists($from)) { return $false }
    foreach ($one in @(Get-Module -ListAvailable -Name $from -ErrorAction Ignore)) { if ("$($one.Version)" -eq $Version) { return $true } }
    $false
}

function Install-OneModule {
    param([string]$Name, [string]$Version)
    if ($Path) {
        [void][IO.Directory]::CreateDirectory($Path)
        Save-PSResource -Name $Name -Version $Version -Repository PSGallery -Path $Path -TrustRepository
    } else {
        Install-PSResource -Name $Name -Version $Version -Repository PSGallery -Scope ($Scope ? $Scope : 'CurrentUser') -TrustRepository
    }
}

if ($Help) { Show-Help; exit 0 }
# With -File a list comes as one text.
$wanted = @(foreach ($one in $Service) { $one.Split(',').Trim() })
$known = @($modules.ForEach({ $_.services }))
foreach ($one in $wanted) { if ($one -notin $known) { Stop-Wrong "-Service must be of $($known -join ', ')." } }
if ($Scope -and $Scope -notin 'CurrentUser', 'AllUsers') { Stop-Wrong '-Scope must be CurrentUser or AllUsers.' }
if ($Scope -and $Path) { Stop-Wrong 'Give -Scope or -Path, not both.' }
$chosen = @($modules.Where({ $module = $_; -not $wanted.Count -or @($wanted.Where({ $_ -in $module.services })).Count }))
if ('compliance' -in $wanted -and -not $IsWindows) { Write-Warning 'The compliance cmdlets of ExchangeOnlineManagement work on Windows only. Elsewhere the engine reads compliance over its own interface.' }

$failed = 0
foreach ($module in $chosen) {
    $title = "$($module.name) $($module.version)"
    if (Test-Installed $module.name $module.version) { Write-Output "there     $title  ($($module.purpose))"; continue }
    Write-Output "install   $title  ($($module.purpose))"
    if (-not $PSCmdlet.ShouldProcess("$title from the PowerShell Gallery to $($Path ? $Path : "the modules of $($Scope ? $Scope : 'CurrentUser')")", 'Install')) { continue }
    try { Install-OneModule $module.name $module.version } catch {
        $failed++
        [Console]::Error.WriteLine("Install-Modules: $title could not be installed: $($_.Exception.Message)")
    }
}
if ($Path) { Write-Output "Name the folder to the engine: modulePath: ['$([IO.Path]::GetFullPath($Path))']" }
exit ($failed ? 1 : 0)
