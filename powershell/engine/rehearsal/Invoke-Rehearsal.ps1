# A whole scan of a tenant that does not exist, in a runspace of its own: no network, no host, no output. It is there for the compiler alone.
param([string]$Root, $Network = @{ proxyUrl = $null; caFile = $null })
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$PSModuleAutoLoadingPreference = 'None'
$engineVersion = 'rehearsal'
$engineFolder = [IO.Path]::GetDirectoryName($PSScriptRoot)
foreach ($file in 'protocol/frames', 'protocol/host-lines', 'protocol/job', 'rehearsal/doubles') { . "$engineFolder/$file.ps1" }

$totals = @{ checks = 0; sources = 0; requests = 0; cpuMsBefore = 0 }
$frames = New-RehearsalFrames
$hostLines = New-RehearsalHostLines
$httpClientMaker = 'New-RehearsalClient'
Start-HostLine $hostLines
$rehearsalAnswers = Read-RehearsalAnswers
$job = Read-Job (New-RehearsalJob)
. "$engineFolder/Invoke-Job.ps1"
# Made and thrown away: nothing is asked over it.
(New-HttpClient $Network).Dispose()
Complete-Job 'completed' $null
