# One job from the first request to the last verdict; leaves `$outcome`. Dot-sourced by whoever has `$job` and the channel to a host:
# Invoke-Engine.ps1, and the rehearsal of a standby. The order is that of what a scan waits for: access tokens first, then the reads;
# what judges is loaded while these are on their way.

Import-UtilityCmdlets
foreach ($file in 'judge/states', 'judge/checks', 'judge/benchmarks', 'judge/judging-files', 'collect/declarations', 'collect/plan', 'collect/services', 'http/tokens') { . "$PSScriptRoot/$file.ps1" }
$engine = @{
    root = $root; job = $job; plan = $null; services = @{}; lanes = @{}; readings = @{}; openReadings = 0
    live = [Collections.Generic.List[object]]::new(); awaited = @{}; hostRequests = 0; http = $null; judgingScan = $null; modules = $null
    nextBeat = 0; settled = [Collections.Generic.Queue[string]]::new(); ready = [Collections.Generic.Queue[string]]::new(); waitingChecks = @{}
}
$job.inputs = ConvertFrom-JsonText $job.inputsJson
$engine.plan = New-JobPlan $job
if ($job.network.caFile -and -not [IO.File]::Exists($job.network.caFile)) { Stop-Job 'ca_file_missing' 'network.caFile names a file that does not exist.' }
Send-Frame 'ready' ([ordered]@{
        engine = $engineVersion; powershell = "$($PSVersionTable.PSVersion)"; pid = $PID; controls = $job.controls.Count; sources = $engine.plan.requested.Count
    })
foreach ($service in (Get-RequestedServices $engine.plan $root)) { Add-Service $service }

foreach ($file in 'judge/licences', 'collect/readings', 'collect/judging-loop', 'collect/units', 'collect/objects', 'collect/requests', 'collect/pages', 'collect/failures', 'collect/held-plans',
    'collect/dns', 'http/client', 'http/calls', 'http/answers', 'http/outcomes', 'http/links', 'http/loop') { . "$PSScriptRoot/$file.ps1" }
if ($job.transport.Values -contains 'module') {
    foreach ($file in 'transport', 'process', 'answers') { . "$PSScriptRoot/modules/$file.ps1" }
    $engine.modules = @{}
}
Complete-Plan $engine.plan $root $job.inputs
foreach ($service in (Get-PlannedServices $engine.plan)) { Add-Service $service }
$engine.http = try { & $httpClientMaker $job.network } catch { Stop-Job 'network_malformed' "network.proxyUrl or network.caFile cannot be used ($($_.Exception.GetBaseException().GetType().Name))." }
$engine.judgingScan = @{ inputs = $job.inputs; startedAt = $job.startedAt; tenant = $job.tenant; plans = $null }
# All readings exist before the first starts: they wait for each other.
foreach ($id in $engine.plan.sources.Keys) { $engine.readings[$id] = New-Reading $id $engine.plan.sources[$id] }
$engine.openReadings = $engine.readings.Count
# The reads of the slow services are on their way before the others are prepared.
$outcome = 'idle'
foreach ($slow in $true, $false) {
    foreach ($id in @($engine.plan.sources.Keys)) { if ($slow -eq ($id -match '^(compliance|exchange)/')) { Start-Reading $engine.readings[$id] } }
    if (-not $slow) { Start-HeldPlans }
    if ($outcome -eq 'idle') { $outcome = Invoke-Loop -UntilIdle }
}
Initialize-Checks

# One file whenever there is nothing to receive and nothing to send.
if ($outcome -eq 'idle') { Start-Lifeline $hostLines }
foreach ($file in @("$PSScriptRoot/judge/reading.ps1"; Get-JudgingFiles)) {
    if ($outcome -eq 'idle') { $outcome = Invoke-Loop -UntilIdle }
    if ($outcome -eq 'idle') { . $file }
}
if ($outcome -eq 'idle') { $outcome = Invoke-Loop }
