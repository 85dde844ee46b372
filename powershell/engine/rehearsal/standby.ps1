# A host that has no job yet may have the engine started and rehearsed: it then answers in a fraction of the time. The rehearsal has a
# runspace of its own, so that nothing of it, no variable and no answer, is there when the job begins; what stays is compiled code.

# Returns when the host has sent its next line. A job that comes early stops the rehearsal: it must not wait for it.
function Wait-JobOnStandby {
    param($Network)
    $rehearsal = [powershell]::Create([Management.Automation.RunspaceMode]::NewRunspace)
    # Again and again: what has run often is compiled better. Measured: more than three times brings nothing.
    foreach ($pass in 1, 2, 3) { [void]$rehearsal.AddStatement().AddCommand([IO.Path]::Combine($PSScriptRoot, 'Invoke-Rehearsal.ps1')).AddParameter('Root', $root).AddParameter('Network', $Network) }
    $running = $rehearsal.BeginInvoke()
    while (-not $running.IsCompleted -and -not $hostLines.task.IsCompleted) { [void][Threading.Tasks.Task]::WaitAny(@($hostLines.task), 20) }
    if (-not $running.IsCompleted) { [void]$rehearsal.BeginStop($null, $null); return }
    Close-Rehearsal $rehearsal $running
    Send-Frame 'prepared' @{ ms = (Get-ElapsedMs) }
    [void][Threading.Tasks.Task]::WaitAny(@($hostLines.task))
}

function Close-Rehearsal {
    param($Rehearsal, $Running)
    try { [void]$Rehearsal.EndInvoke($Running) } catch {
        # A rehearsal proves nothing and harms nothing: without it the job is as right, only slower.
        if ($env:TENANTSCOPE_ENGINE_DEBUG) { [Console]::Error.WriteLine("rehearsal: $($_.Exception.GetBaseException().Message)`n$($_.Exception.GetBaseException().ErrorRecord.ScriptStackTrace)") }
    }
    $Rehearsal.Dispose()
}
