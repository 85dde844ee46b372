# Host mode: one job on standard input, frames on standard output. Dot-sourced by Start-Checks.ps1, so that strict mode
# holds in everything that reads evidence. A host may say `prepare` before the job: then the time until the job is used to rehearse.

$PSModuleAutoLoadingPreference = 'None'
foreach ($file in 'protocol/frames', 'protocol/host-lines', 'protocol/job') { . "$PSScriptRoot/$file.ps1" }

$frames = Open-FrameChannel
$totals = @{ checks = 0; sources = 0; requests = 0; cpuMsBefore = 0 }
$httpClientMaker = 'New-HttpClient'
$hostLines = Open-HostLines -LifelineLater
Start-HostLine $hostLines

try {
    $firstLine = $hostLines.task.Result
    if ($null -eq $firstLine) { [Environment]::Exit(70) }
    Start-HostLine $hostLines
    $expected = Read-PrepareLine $firstLine
    if ($null -ne $expected) {
        . "$PSScriptRoot/rehearsal/standby.ps1"
        Wait-JobOnStandby $expected.network
        $firstLine = $hostLines.task.Result
        if ($null -eq $firstLine) { [Environment]::Exit(70) }
        Start-HostLine $hostLines
        # From here on the run counts.
        $frames.clock.Restart()
        $totals.cpuMsBefore = [Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime.TotalMilliseconds
    }
    $job = Read-Job $firstLine
    . "$PSScriptRoot/Invoke-Job.ps1"
} catch {
    # The type and the place, never the text or the record: these may hold a request with its header.
    $inner = $_.Exception.GetBaseException()
    if ($env:TENANTSCOPE_ENGINE_DEBUG) { [Console]::Error.WriteLine("$($inner.GetType().FullName): $($inner.Message)`n$($_.ScriptStackTrace)") }
    Complete-Job 'failed' @{ code = 'engine_error'; message = "The engine stopped: $($inner.GetType().Name) at $([IO.Path]::GetFileName($_.InvocationInfo.ScriptName)):$($_.InvocationInfo.ScriptLineNumber)." }
}
Complete-Job $outcome $null
