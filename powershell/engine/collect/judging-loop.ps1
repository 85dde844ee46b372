# Checks are judged the moment their last source has settled, between calls in flight.

# Stands for the service plans among what a check waits for.
$heldPlansMark = 'held plans'

function Initialize-Checks {
    foreach ($key in $engine.plan.checks.Keys) {
        $check = $engine.plan.checks[$key]
        $left = [Collections.Generic.HashSet[string]]::new([string[]]$check.sources)
        if ($check.licence.Count) { [void]$left.Add($heldPlansMark) }
        $engine.pendingChecks[$key] = $left
        if (-not $left.Count) { $engine.ready.Enqueue($key) }
    }
    foreach ($key in $engine.plan.broken.Keys) {
        foreach ($control in $engine.plan.controls[$key]) {
            Send-CheckFrame $control (Get-ElapsedMs) 0 @{ status = 'error'; reasonCode = 'check_broken'; message = "The check $key cannot be loaded: $($engine.plan.broken[$key])"; findings = @(); findingsTotal = 0 }
        }
    }
}

# Moves checks whose sources have all settled to the line of those to be judged.
function Update-ReadyChecks {
    while ($engine.settled.Count) {
        $source = $engine.settled.Dequeue()
        foreach ($key in @($engine.pendingChecks.Keys)) {
            $left = $engine.pendingChecks[$key]
            if ($left.Remove($source) -and -not $left.Count) { $engine.ready.Enqueue($key) }
        }
    }
}

function Invoke-ReadyCheck {
    $key = $engine.ready.Dequeue()
    $check = $engine.plan.checks[$key]
    $started = Get-ElapsedMs
    foreach ($source in $check.sources) {
        $reading = $engine.readings[$source]
        $started = [Math]::Min($started, $reading.firstSentMs ?? $reading.startedMs)
    }
    foreach ($control in $engine.plan.controls[$key]) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $result = try { Get-ControlResult $check $engine.readings $engine.judgingScan ((Test-Property $control 'parameters') ? $control.parameters : [pscustomobject]@{}) } catch {
            @{ status = 'error'; reasonCode = 'unexpected_data'; message = "The engine could not judge the evidence ($($_.Exception.GetBaseException().GetType().Name)). Please report this."; findings = @(); findingsTotal = 0 }
        }
        Send-CheckFrame $control $started $watch.ElapsedMilliseconds $result
    }
}

function Send-CheckFrame {
    param($Control, [long]$StartedMs, [long]$TookMs, $Result)
    $totals.checks++
    Send-Frame 'check.finished' ([ordered]@{
            controlId = $Control.id; status = $Result.status; reasonCode = $Result.reasonCode; message = $Result.message; findings = @($Result.findings)
            findingsTotal = $Result.findingsTotal; startedMs = $StartedMs; ms = (Get-ElapsedMs); tookMs = $TookMs
        })
}
