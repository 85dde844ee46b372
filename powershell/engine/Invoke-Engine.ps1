# Host mode: one job on standard input, frames on standard output. Dot-sourced by Start-Checks.ps1, so that strict mode
# holds in everything that reads evidence.

$PSModuleAutoLoadingPreference = 'None'
foreach ($file in 'frames', 'host-lines', 'job', 'first-requests') { . "$PSScriptRoot/protocol/$file.ps1" }

$frames = Open-FrameChannel
$totals = @{ checks = 0; sources = 0; requests = 0 }
$hostLines = Open-HostLines
Start-HostLine $hostLines

try {
    $firstLine = $hostLines.task.Result
    if ($null -eq $firstLine) { [Environment]::Exit(70) }
    Start-HostLine $hostLines
    $job = Read-Job $firstLine
    $unknown = [Collections.Generic.List[string]]::new()
    $needs = Get-DeclaredNeeds $job $unknown
    if ($null -eq $needs) { Stop-Job 'benchmark_unknown' "There is no benchmark $($job.benchmark.id) $($job.benchmark.version)." }
    if ($unknown.Count) { Stop-Job 'control_unknown' "The benchmark has no control $($unknown -join ', ')." }
    if ($job.network.caFile -and -not [IO.File]::Exists($job.network.caFile)) { Stop-Job 'ca_file_missing' 'network.caFile names a file that does not exist.' }
    Send-PlainFrame 'ready' "`"engine`":`"$engineVersion`",`"powershell`":`"$($PSVersionTable.PSVersion)`",`"pid`":$PID,`"controls`":$($job.controls.Count),`"sources`":$($needs.sources.Count)"
    $firstTokens = Send-FirstTokenRequests (Get-FirstServices $needs) $job.cloud

    # Everything else is loaded while the host signs in.
    Import-UtilityCmdlets
    foreach ($file in 'judge/states', 'judge/reading', 'judge/checks', 'judge/benchmarks', 'judge/judging', 'collect/declarations', 'collect/plan', 'collect/readings',
        'collect/services', 'collect/judging-loop', 'collect/units', 'collect/objects', 'collect/requests', 'collect/pages', 'collect/failures', 'collect/held-plans', 'collect/dns',
        'http/client', 'http/tokens', 'http/calls', 'http/answers', 'http/outcomes', 'http/links', 'http/loop') { . "$PSScriptRoot/$file.ps1" }
    if ($job.transport.Values -contains 'module') { foreach ($file in 'transport', 'process', 'answers') { . "$PSScriptRoot/modules/$file.ps1" } }
    $job.inputs = ConvertFrom-Json -InputObject $job.inputsJson -NoEnumerate -DateKind String
    $engine = @{
        root = $root; job = $job; plan = $null; services = @{}; lanes = @{}; readings = @{}; queue = [Collections.Generic.List[object]]::new()
        live = [Collections.Generic.List[object]]::new(); awaited = @{}; hostRequests = $firstTokens.Count; firstTokens = @{}
        settled = [Collections.Generic.Queue[string]]::new(); ready = [Collections.Generic.Queue[string]]::new(); waitingChecks = @{}
        http = $null; judgingScan = $null; modules = $null
    }
    if ($job.transport.Values -contains 'module') { $engine.modules = @{} }
    foreach ($id in $firstTokens.Keys) { $engine.firstTokens[$firstTokens[$id]] = $id }
    $engine.http = try { New-HttpClient $job.network } catch { Stop-Job 'network_malformed' "network.proxyUrl or network.caFile cannot be used ($($_.Exception.GetBaseException().GetType().Name))." }
    $controls = Select-Controls (Read-Benchmark $root $job.benchmark.id $job.benchmark.version) $job.controls $unknown
    $engine.plan = New-Plan $root $controls $job.sources $job.inputs
    $engine.judgingScan = @{ inputs = $job.inputs; startedAt = $job.startedAt; tenant = $job.tenant; plans = $null }
    foreach ($service in (Get-PlannedServices $engine.plan)) { Add-Service $service }
    # All readings exist before the first starts: they wait for each other.
    foreach ($id in $engine.plan.sources.Keys) { $engine.readings[$id] = New-Reading $id $engine.plan.sources[$id] }
    Initialize-Checks
    Start-HeldPlans
    foreach ($id in @($engine.plan.sources.Keys)) { Start-Reading $engine.readings[$id] }
    $outcome = Invoke-Loop
} catch {
    # The type and the place, never the text or the record: these may hold a request with its header.
    $inner = $_.Exception.GetBaseException()
    if ($env:TENANTSCOPE_ENGINE_DEBUG) { [Console]::Error.WriteLine("$($inner.GetType().FullName): $($inner.Message)`n$($_.ScriptStackTrace)") }
    Complete-Job 'failed' @{ code = 'engine_error'; message = "The engine stopped: $($inner.GetType().Name) at $([IO.Path]::GetFileName($_.InvocationInfo.ScriptName)):$($_.InvocationInfo.ScriptLineNumber)." }
}
Complete-Job $outcome $null
