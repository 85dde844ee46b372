# Calls wait in the queue of their lane until their token is there, the lane has room and their time has come. Calls of the
# same batch group that are ready together travel as one $batch.

# $Unit: what the call is for, a list or an object of one source (see collect/units.ps1).
function Add-Call {
    param($Unit, $Request)
    $engine.lanes[$Request.lane].queue.Add(@{
            unit = $Unit; service = $Request.service; lane = $Request.lane; group = $Request.group; method = $Request.method
            url = $Request.url; path = $Request.path; headers = $Request.headers; body = $Request.body; tries = 0; refreshed = $false
            notBefore = 0; generation = 0; request = $Request
        })
}

function Test-CallsQueued {
    foreach ($lane in $engine.lanes.Values) { if ($lane.queue.Count) { return $true } }
    $false
}

# Starts what can start and says how long nothing will change by itself.
function Start-ReadyCalls {
    $now = Get-ElapsedMs
    $wake = 1000
    # A copy: what a call leads to may need a service, and so lanes, that were not there before.
    foreach ($lane in @($engine.lanes.Values)) { if ($lane.queue.Count) { $wake = [Math]::Min($wake, (Start-LaneCalls $lane $now)) } }
    $wake
}

# Only as much of the queue is looked at as the lane has room for: in a large tenant a call per user waits in it.
function Start-LaneCalls {
    param($Lane, [long]$Now)
    $queue = $Lane.queue
    $wake = 1000
    $token = $engine.services[$Lane.service].token
    if ($token.state -eq 'failed') { Stop-LaneCalls $Lane $token.problem; return $wake }
    if ($queue.Count -lt 200 -or $Now - $Lane.lookedAt -ge 2000) { $Lane.lookedAt = $Now; Stop-OverdueCalls $queue }
    if ($token.state -ne 'ready') { return $wake }
    for ($index = 0; $index -lt $queue.Count -and $Lane.live -lt $Lane.max; $index++) {
        if ($Lane.nextAt -gt $Now) { return [Math]::Min($wake, $Lane.nextAt - $Now) }
        $call = $queue[$index]
        if ($call.notBefore -gt $Now) { $wake = [Math]::Min($wake, $call.notBefore - $Now); continue }
        if ($call.request['spare'] -and (Test-OthersQueued $call)) { continue }
        $queue.RemoveAt($index)
        Send-Calls (Get-CallsOfGroup $call $Lane $index $Now) $Lane
        $index--
    }
    $wake
}

# A refused sign-in answers every source of the service, whatever it was for.
function Stop-LaneCalls {
    param($Lane, $Problem)
    $calls = $Lane.queue.ToArray()
    $Lane.queue.Clear()
    foreach ($call in $calls) { Complete-Reading $call.unit.reading $Problem.state $null (Copy-Fields $Problem.error) }
}

function Stop-OverdueCalls {
    param($Queue)
    for ($index = 0; $index -lt $Queue.Count; $index++) {
        $call = $Queue[$index]
        if ((Get-SourceTimeLeft $call.unit.reading) -gt 0) { continue }
        $Queue.RemoveAt($index); $index--
        Stop-Unit $call.unit (New-Failure 'timeout' 'source_timeout' 'The source could not be read in the time it has.')
    }
}

# Does anything of the same service wait that a scan cannot do without?
function Test-OthersQueued {
    param($Call)
    foreach ($lane in $engine.lanes.Values) {
        if ($lane.service -ne $Call.service) { continue }
        foreach ($other in $lane.queue) { if (-not $other.request['spare']) { return $true } }
    }
    $false
}

# The calls that travel with this one, from $From in its lane's queue on. Graph's batches are filled, to save requests; where the declaration of the
# service says `batchSpread`, the calls are spread over the free places of the lane, because a batch is as slow as all that is in it.
function Get-CallsOfGroup {
    param($Call, $Lane, [int]$From, [long]$Now)
    $calls = [Collections.Generic.List[object]]::new()
    $calls.Add($Call)
    $service = $engine.services[$Call.service]
    if (-not $Call.group -or $service.noBatch) { return , $calls }
    $queue = $Lane.queue
    $size = $service.declaration['batchMax']
    if ($service.declaration['batchSpread']) {
        $due = 1
        foreach ($other in $queue) { if ($other.group -eq $Call.group -and $other.notBefore -le $Now) { $due++ } }
        $size = [Math]::Min($size, [Math]::Ceiling($due / ($Lane.max - $Lane.live)))
    }
    for ($index = $From; $index -lt $queue.Count -and $calls.Count -lt $size; $index++) {
        $other = $queue[$index]
        if ($other.group -ne $Call.group -or $other.notBefore -gt $Now) { continue }
        $calls.Add($other)
        $queue.RemoveAt($index); $index--
    }
    , $calls
}

function Send-Calls {
    param($Calls, $Lane)
    $service = $engine.services[$Calls[0].service]
    $message = if ($Calls.Count -eq 1) { New-CallMessage $Calls[0] } else { New-BatchMessage $Calls $service }
    $message.Headers.Authorization = [Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $service.token.value)
    $time = $engine.job.limits.callTimeoutMs
    foreach ($call in $Calls) {
        $call.tries++
        $call.generation = $service.token.generation
        $reading = $call.unit.reading
        $reading.requests++
        if ($null -eq $reading.firstSentMs) { $reading.firstSentMs = Get-ElapsedMs }
        $time = [Math]::Min($time, [Math]::Max(1, (Get-SourceTimeLeft $reading)))
        if ($call.request['timeoutMs']) { $time = [Math]::Min($time, $call.request['timeoutMs']) }
    }
    $cancellation = [Threading.CancellationTokenSource]::new([int]$time)
    $totals.requests++
    $Lane.live++
    if ($Lane.gapMs) { $Lane.nextAt = (Get-ElapsedMs) + $Lane.gapMs }
    # The content is buffered by SendAsync, so the deadline covers the body as well.
    $engine.live.Add(@{ calls = $Calls; task = $engine.http.SendAsync($message, $cancellation.Token); cancellation = $cancellation; lane = $Lane })
}

function New-CallMessage {
    param($Call)
    $message = [Net.Http.HttpRequestMessage]::new([Net.Http.HttpMethod]::new($Call.method), [uri]$Call.url)
    $type = 'application/json'
    foreach ($name in $Call.headers.Keys) {
        if ($name -eq 'Content-Type') { $type = $Call.headers[$name]; continue }
        [void]$message.Headers.TryAddWithoutValidation($name, [string]$Call.headers[$name])
    }
    [void]$message.Headers.TryAddWithoutValidation('client-request-id', [guid]::NewGuid().ToString())
    if ($Call.body) { $message.Content = [Net.Http.StringContent]::new($Call.body, [Text.UTF8Encoding]::new($false), $type) }
    $message
}

function New-BatchMessage {
    param($Calls, $Service)
    $parts = [Collections.Generic.List[object]]::new()
    for ($index = 0; $index -lt $Calls.Count; $index++) {
        $call = $Calls[$index]
        $part = [ordered]@{ id = "$($index + 1)"; method = $call.method; url = $call.path ?? $call.url }
        if ($null -ne $call.request['part']) { $part['headers'] = $call.headers; $part['body'] = $call.request['part'] }
        $parts.Add($part)
    }
    $message = [Net.Http.HttpRequestMessage]::new([Net.Http.HttpMethod]::Post, [uri]$Calls[0].request.batchUrl)
    [void]$message.Headers.TryAddWithoutValidation('Accept', 'application/json')
    [void]$message.Headers.TryAddWithoutValidation('client-request-id', [guid]::NewGuid().ToString())
    if ($Service.anchor) { [void]$message.Headers.TryAddWithoutValidation('X-AnchorMailbox', $Service.anchor) }
    $json = ConvertTo-JsonText @{ requests = $parts }
    $message.Content = [Net.Http.StringContent]::new($json, [Text.UTF8Encoding]::new($false), 'application/json')
    $message
}

# A finished call or batch: one answer for each call in it.
function Complete-Send {
    param($Sent)
    $Sent.lane.live--
    $answer = Get-TaskAnswer $Sent.task
    $Sent.cancellation.Dispose()
    if ($Sent.calls.Count -eq 1) { Complete-Call $Sent.calls[0] $answer; return }
    $responses = if ($answer.status -eq 200) { Get-Field $answer.body 'responses' }
    if ($responses -isnot [array]) {
        # A batch as such was not understood: the calls go one by one from here on.
        if ($answer.kind -eq 'http' -and $answer.status -in 200, 400, 404, 405, 415, 501) { Disable-Batching $Sent.calls; return }
        if ($answer.kind -eq 'timeout') { Split-Batch $Sent.calls; return }
        foreach ($call in $Sent.calls) { Complete-Call $call $answer }
        return
    }
    $byId = @{}
    foreach ($part in $responses) { $byId["$(Get-Field $part 'id')"] = $part }
    for ($index = 0; $index -lt $Sent.calls.Count; $index++) {
        $part = $byId["$($index + 1)"]
        if ($null -eq $part) { $missing = New-Answer 'network'; $missing.code = 'part missing in the batch answer'; Complete-Call $Sent.calls[$index] $missing; continue }
        Complete-Call $Sent.calls[$index] (ConvertFrom-BatchPart $part $answer.annotated)
    }
}

function Disable-Batching {
    param($Calls)
    $service = $engine.services[$Calls[0].service]
    if (-not $service.noBatch) { Send-Log 'warn' "$($service.name) did not take a batch: its reads go one by one." }
    $service.noBatch = $true
    foreach ($call in $Calls) { $call.tries--; $engine.lanes[$call.lane].queue.Add($call) }
}

# A batch is as slow as the slowest part: one long list must not take the others with it.
function Split-Batch {
    param($Calls)
    foreach ($call in $Calls) {
        if ((Get-SourceTimeLeft $call.unit.reading) -le 0) { Complete-Call $call (New-Answer 'timeout'); continue }
        $call.group = $null
        $engine.lanes[$call.lane].queue.Add($call)
    }
}

function Get-TaskAnswer {
    param($Task)
    if ($Task.IsCanceled) { return New-Answer 'timeout' }
    if ($Task.IsFaulted) {
        $answer = New-Answer 'network'
        $problem = $Task.Exception.InnerException
        if ($problem -is [OperationCanceledException]) { return New-Answer 'timeout' }
        # Names only: the text of an exception may hold an address or a header.
        $answer.code = if ($problem -is [Net.Http.HttpRequestException]) { "$($problem.HttpRequestError)" } else { $problem.GetType().Name }
        return $answer
    }
    $response = $Task.Result
    try { ConvertFrom-Response $response } finally { $response.Dispose() }
}

# One odd answer must not end the scan: what the engine itself cannot digest fails its source, and is told by name and place only.
function Complete-Call {
    param($Call, $Answer)
    try { Resolve-Answer $Call $Answer } catch {
        $problem = $_.Exception.GetBaseException().GetType().Name
        $place = "$([IO.Path]::GetFileName($_.InvocationInfo.ScriptName)):$($_.InvocationInfo.ScriptLineNumber)"
        Send-Log 'error' "$($Call.unit.reading.id): the engine stumbled over the answer ($problem at $place)."
        Complete-Reading $Call.unit.reading 'unavailable' $null ([ordered]@{ code = 'engine_error'; message = "The engine could not read the answer ($problem). Please report this." })
    }
}

function Resolve-Answer {
    param($Call, $Answer)
    $outcome = Get-Outcome $Call $Answer
    # A question of the engine's own knows what an answer means, but not one that only asks for patience.
    if ($Call.request['then'] -and $outcome.action -ne 'retry') { & $Call.request['then'] $Call $Answer; return }
    $service = $engine.services[$Call.service]
    switch ($outcome.action) {
        'take' { Add-Answer $Call $Answer }
        'fail' { Stop-Unit $Call.unit $outcome $Call }
        'retry' {
            $Call.notBefore = (Get-ElapsedMs) + $outcome.waitMs
            # Buckets are per service, except in Graph, where each workload counts by itself.
            if ($outcome['holdLane'] -and $Call.lane -ne 'graph') { $lane = $engine.lanes[$Call.lane]; $lane.nextAt = [Math]::Max($lane.nextAt, $Call.notBefore) }
            $engine.lanes[$Call.lane].queue.Insert(0, $Call)
        }
        'refresh' {
            $Call.refreshed = $true
            $Call.tries--
            # Several calls may come back with the same dead token: ask for a new one once.
            if ($Call.generation -eq $service.token.generation -and $service.token.state -eq 'ready') { Request-Token $service $true }
            $engine.lanes[$Call.lane].queue.Insert(0, $Call)
        }
        'restart' { Restart-Unit $Call.unit }
    }
}
