# One thread, one loop: the input line of the host and all calls in flight are waited for together.

$heartbeatMs = 5000

# -UntilIdle: gives back `idle` as soon as nothing can be received or sent; nothing is judged.
function Invoke-Loop {
    param([switch]$UntilIdle)
    while ($true) {
        if (-not $UntilIdle) { Update-ReadyChecks }
        $wake = Start-ReadyCalls
        if ($engine.modules) { $wake = [Math]::Min($wake, (Update-Modules)) }
        if (-not $UntilIdle) {
            Update-ReadyChecks
            if (Test-AllDone) { return 'completed' }
        }
        $now = Get-ElapsedMs
        if ($now -ge $engine.job.limits.scanTimeoutMs) { Stop-LiveCalls; return 'timed_out' }
        if ($now -ge $engine.nextBeat) { Send-Heartbeat $now }
        # Judging fills the time that calls take; a check waits for nothing itself.
        $wait = if ($UntilIdle -or $engine.ready.Count -or $engine.settled.Count) { 0 } else { [Math]::Max(1, [Math]::Min($wake, [Math]::Min($engine.nextBeat - $now, $engine.job.limits.scanTimeoutMs - $now))) }
        $index = [Threading.Tasks.Task]::WaitAny((Get-AwaitedTasks), [int]$wait)
        if ($index -eq 0) { if (-not (Receive-HostLine)) { Stop-LiveCalls; return 'cancelled' } }
        elseif ($index -gt 0) { $sent = $engine.live[$index - 1]; $engine.live.RemoveAt($index - 1); if ($sent['receive']) { & $sent.receive $sent } else { Complete-Send $sent } }
        elseif ($UntilIdle) { return 'idle' }
        elseif ($engine.ready.Count) { Invoke-ReadyCheck }
    }
}

function Send-Heartbeat {
    param([long]$Now)
    if ($engine.nextBeat) { Send-Frame 'heartbeat' @{ ms = $Now } }
    $engine.nextBeat = $Now + $heartbeatMs
    Stop-OverdueHostRequests
    Stop-OverdueLookups
}

function Get-AwaitedTasks {
    $tasks = [Threading.Tasks.Task[]]::new($engine.live.Count + 1)
    $tasks[0] = $hostLines.task
    for ($index = 0; $index -lt $engine.live.Count; $index++) { $tasks[$index + 1] = $engine.live[$index].task }
    , $tasks
}

function Test-AllDone {
    -not ($engine.openReadings -or $engine.ready.Count -or $engine.settled.Count -or $engine.live.Count -or (Test-CallsQueued))
}

function Stop-LiveCalls { foreach ($sent in $engine.live) { $sent.cancellation.Cancel() } }

# $false when the host wants the scan to stop.
function Receive-HostLine {
    $line = $hostLines.task.Result
    if ($null -eq $line) { [Environment]::Exit(70) }   # the lifeline is faster, this is for the moment between
    Start-HostLine $hostLines
    $node = ConvertFrom-HostLine $line
    if ($null -eq $node) { Send-Log 'warn' 'A line of the host is not a JSON object: ignored.'; return $true }
    $type = Get-NodeText $node 't'
    if ($type -eq 'cancel') { return $false }
    if ($type -in 'token', 'dns') {
        $id = Get-NodeNumber $node 'id'
        $awaited = if ($null -ne $id) { $engine.awaited[[int]$id] }
        if ($null -eq $awaited -or $awaited.kind -ne $type) { Send-Log 'warn' "An answer of the host belongs to no open request: ignored."; return $true }
        $engine.awaited.Remove([int]$id)
        if ($type -eq 'token') { Receive-Token $engine.services[$awaited.service] $node } else { Receive-DnsAnswer $awaited.question $node }
        return $true
    }
    Send-Log 'warn' 'A line of the host has an unknown type: ignored.'
    $true
}
