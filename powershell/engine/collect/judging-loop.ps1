# Checks are judged the moment their last source has settled, between calls in flight.

# Stands for the service plans among what a check waits for.
$heldPlansMark = 'held plans'

function Initialize-Checks {
    foreach ($key in $engine.plan.checks.Keys) {
        $check = $engine.plan.checks[$key]
        $check.strands = @{}
        $marks = [Collections.Generic.HashSet[string]]::new()
        foreach ($source in $check.sources) { Add-SourceMarks $check $engine.readings[$source] $marks }
        if ($check.licence.Count) { [void]$marks.Add($heldPlansMark) }
        $check.openMarks = $marks.Count
        if (-not $marks.Count) { $engine.ready.Enqueue($key) }
        foreach ($mark in $marks) {
            if (-not $engine.waitingChecks.ContainsKey($mark)) { $engine.waitingChecks[$mark] = [Collections.Generic.List[string]]::new() }
            $engine.waitingChecks[$mark].Add($key)
        }
    }
    foreach ($key in $engine.plan.broken.Keys) {
        foreach ($control in $engine.plan.controls[$key]) {
            Send-CheckFrame $control (Get-ElapsedMs) 0 @{ status = 'error'; reasonCode = 'check_broken'; message = "The check $key cannot be loaded: $($engine.plan.broken[$key])"; findings = @(); findingsTotal = 0 }
        }
    }
}

# A check waits for a source as a whole, or for those strands of it that come from what the check declares as well.
function Add-SourceMarks {
    param($Check, $Reading, $Marks)
    $strands = @(foreach ($strand in $Reading.strands.Values) { if ($strand.origin['from'] -in $Check.sources -or $strand.origin['input'] -in $Check.inputs) { $strand } })
    if (-not $strands.Count) { [void]$Marks.Add($Reading.id); return }
    $Check.strands[$Reading.id] = $strands
    foreach ($strand in $strands) { [void]$Marks.Add("$($Reading.id) $($strand.name)") }
}

# Moves checks whose sources have all settled to the line of those to be judged.
function Update-ReadyChecks {
    while ($engine.settled.Count) {
        $mark = $engine.settled.Dequeue()
        foreach ($key in $engine.waitingChecks[$mark]) {
            $check = $engine.plan.checks[$key]
            $check.openMarks--
            if ($check.openMarks -eq 0) { $engine.ready.Enqueue($key) }
        }
    }
}

# Sources as one check sees them: of per-object sources only the strands that it waited for.
function Get-CheckSources {
    param($Check)
    $sources = $engine.readings
    foreach ($id in $Check.strands.Keys) {
        $reading = $engine.readings[$id]
        $strands = $Check.strands[$id]
        if ($reading.state -and (-not $reading.assembled -or $strands.Count -eq $reading.strands.Count)) { continue }
        if ($sources -eq $engine.readings) { $sources = $engine.readings.Clone() }
        $sources[$id] = Get-ObjectsOutcome $reading $strands
    }
    $sources
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
        $result = try { Get-ControlResult $check (Get-CheckSources $check) $engine.judgingScan ((Test-Property $control 'parameters') ? $control.parameters : [pscustomobject]@{}) } catch {
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
