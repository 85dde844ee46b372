#Requires -Version 7.4
<#
.SYNOPSIS
Judges a Microsoft 365 tenant against a benchmark.

.DESCRIPTION
Two ways to run:

  pwsh -NoProfile -NonInteractive -File Start-Checks.ps1 -Engine
      For a host program. The job comes as a JSON line on standard input, frames go to standard output
      (docs/engine-protocol.md). The host answers requests for access tokens and DNS records.

  pwsh -File Start-Checks.ps1 -EvidencePath evidence.json [-ControlId 5.1.2.2,6.1.1] [-Level L1] [-OutputPath results.json]
      Judges an evidence document, without network. Results go to the file, or to standard output.
      Exit code 0 when it judged, whatever the verdicts; 2 for a wrong argument, 3 for unusable evidence,
      4 when the results cannot be written.

.PARAMETER HostMode
-Engine for short: run one job for a host program.

.PARAMETER EvidencePath
Evidence in the format tenantscope-evidence/1.

.PARAMETER ControlId
Controls to judge, several with commas. All controls of the benchmark without it.

.PARAMETER Level
L1 or L2: only controls of that level.

.PARAMETER OutputPath
File for the results (UTF-8 without byte order mark).

.PARAMETER Help
Show this text.
#>
param(
    [Alias('Engine')][switch]$HostMode,
    [string]$EvidencePath,
    [string[]]$ControlId,
    [string]$Level,
    [string]$OutputPath,
    [switch]$Help
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$root = $PSScriptRoot
$engineVersion = '0.1.0'

function Show-Help {
    $text = [IO.File]::ReadAllText("$PSScriptRoot/Start-Checks.ps1")
    $from = $text.IndexOf('<#') + 2
    [Console]::Out.WriteLine($text.Substring($from, $text.IndexOf('#>') - $from).Trim())
}

if ($Help) { Show-Help; exit 0 }
if ($HostMode) { . "$PSScriptRoot/engine/Invoke-Engine.ps1"; exit 0 }
if (-not $EvidencePath) {
    [Console]::Error.WriteLine('Start-Checks: give -EvidencePath to judge evidence, or -Engine to run for a host program. -Help tells more.')
    exit 2
}
if ($Level -and $Level -notin 'L1', 'L2') {
    [Console]::Error.WriteLine('Start-Checks: -Level must be L1 or L2.')
    exit 2
}
. "$PSScriptRoot/engine/Invoke-Offline.ps1"
exit 0
