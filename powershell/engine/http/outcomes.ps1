# What an answer means: take it, try again, get a new token, or give up with a state.

$licenceMarkers = [regex]::new('AadPremiumLicenseRequired|RequestFromNonPremiumTenantOrB2CTenant|\bNoLicense\b|Request not applicable to target tenant|does not have a SPO license', 'IgnoreCase')

function New-Failure {
    param([string]$State, [string]$Code, [string]$Message, $Status)
    $problem = [ordered]@{ code = $Code; message = $Message }
    if ($Status) { $problem['status'] = $Status }
    @{ action = 'fail'; state = $State; error = $problem }
}

# The service's short code belongs in the message; its free text does not (it may hold anything).
function Get-AnswerLabel {
    param($Answer)
    $code = if ($Answer.code -match '^[A-Za-z0-9_.,: -]{1,80}$') { ", $($Answer.code)" } else { '' }
    "HTTP $($Answer.status)$code"
}

function Get-Outcome {
    param($Call, $Answer)
    if ($Answer.kind -eq 'timeout') { return New-Failure 'timeout' 'call_timeout' 'The service did not answer in time.' }
    if ($Answer.kind -eq 'network') { return Get-RetryOutcome $Call $Answer ([Math]::Min(2, $engine.job.limits.maxRetries)) 'unavailable' 'network' "The connection failed ($($Answer.code))." }
    if ($licenceMarkers.IsMatch("$($Answer.code) $($Answer.detail)")) { return Get-LicenceOutcome $Call $Answer }
    switch ($Answer.status) {
        401 { return Get-UnauthorizedOutcome $Call $Answer }
        429 { return Get-RetryOutcome $Call $Answer $engine.job.limits.maxRetries 'throttled' 'throttled' "The service kept asking to slow down ($(Get-AnswerLabel $Answer))." }
        403 { return New-Failure 'denied' ($Answer.code ? $Answer.code : 'forbidden') "The service refused the read ($(Get-AnswerLabel $Answer))." 403 }
        404 { return Get-MissingOutcome $Call $Answer }
        400 { return Get-BadRequestOutcome $Call $Answer }
    }
    if ($Answer.status -ge 500) { return Get-ServerErrorOutcome $Call $Answer }
    if ($Answer.status -ge 300 -and $Answer.status -lt 400) { return New-Failure 'unavailable' 'redirect' "The service sent the read elsewhere ($(Get-AnswerLabel $Answer)); redirects are not followed." $Answer.status }
    if ($Answer.status -ge 400) { return New-Failure 'unavailable' 'unexpected_status' "The service gave an unexpected answer ($(Get-AnswerLabel $Answer))." $Answer.status }
    Get-SuccessOutcome $Call $Answer
}

function Get-LicenceOutcome {
    param($Call, $Answer)
    # Seen now and then in licensed tenants too: one more try where the declaration says so.
    if ($Call.unit.reading.declaration['repeatLicenceAnswer'] -and -not $Call.unit.repeated) {
        $Call.unit.repeated = $true
        return @{ action = 'retry'; waitMs = 1000 }
    }
    New-Failure 'unlicensed' ($Answer.code ? $Answer.code : 'no_licence') "The service says that the tenant has no licence for this ($(Get-AnswerLabel $Answer))." $Answer.status
}

function Get-UnauthorizedOutcome {
    param($Call, $Answer)
    $service = $engine.services[$Call.service]
    if ($Call.service -eq 'sharepoint' -and (Test-SecretToken $service)) {
        return New-Failure 'not_supported' 'certificate_needed' 'SharePoint refuses applications that sign in with a secret: use a certificate.' 401
    }
    if (-not $Call.refreshed) { return @{ action = 'refresh' } }
    $hint = switch ($Call.service) {
        'fabric' { " The tenant setting for service principals and read-only admin APIs may be off$(if (Test-TokenHasRoles $service) { ', or the app holds a Power BI permission, which this API does not accept' })." }
        'exchange' { ' The app role Exchange.ManageAsApp may be missing.' }
        default { '' }
    }
    $code = $Call.service -eq 'fabric' -and (Test-TokenHasRoles $service) ? 'power_bi_permission' : ($Answer.code ? $Answer.code : 'unauthorized')
    New-Failure 'denied' $code "The service refused the token, also a new one ($(Get-AnswerLabel $Answer)).$hint" 401
}

function Get-MissingOutcome {
    param($Call, $Answer)
    # A missing object is said in JSON (SharePoint: also as a page, when the host does not exist).
    if ($Answer.parsed -or $Call.service -in 'sharepoint', 'teams') {
        return New-Failure 'not_found' ($Answer.code ? $Answer.code : 'not_found') "The service says that this does not exist ($(Get-AnswerLabel $Answer))." 404
    }
    New-Failure 'unavailable' 'unexpected_answer' "The service gave an answer that is not JSON ($(Get-AnswerLabel $Answer))." 404
}

function Get-BadRequestOutcome {
    param($Call, $Answer)
    if ($Answer.code -eq 'Directory_ExpiredPageToken' -or $Answer.detail -match 'Expired or Invalid pagination request') {
        if (-not $Call.unit.restarted) { return @{ action = 'restart' } }
        return New-Failure 'unavailable' 'paging_expired' 'The list could not be read to its end: the service let its page marker expire twice.' 400
    }
    if ($Call.service -in 'exchange', 'compliance' -and $Answer.detail -match 'CommandNotFoundException|is not recognized as the name of a cmdlet') {
        return New-Failure 'denied' 'cmdlet_not_available' 'The cmdlet is not available to this app.' 400
    }
    Send-Log ($Call.request['spare'] ? 'info' : 'warn') "$($Call.unit.reading.id): the service did not understand the request ($(Get-AnswerLabel $Answer))."
    New-Failure 'unavailable' 'bad_request' "The service did not understand the request ($(Get-AnswerLabel $Answer)). Please report this." 400
}

function Get-ServerErrorOutcome {
    param($Call, $Answer)
    if ($Call.service -eq 'fabric' -and $Answer.status -eq 500 -and (Test-TokenHasRoles $engine.services['fabric'])) {
        return New-Failure 'denied' 'power_bi_permission' 'The app holds a Power BI permission, with which this API answers HTTP 500: remove it.' 500
    }
    $tries = if ($Answer.status -eq 503) { $engine.job.limits.maxRetries } else { [Math]::Min(2, $engine.job.limits.maxRetries) }
    Get-RetryOutcome $Call $Answer $tries 'unavailable' 'service_error' "The service is in trouble ($(Get-AnswerLabel $Answer))."
}

function Get-RetryOutcome {
    param($Call, $Answer, [int]$Retries, [string]$State, [string]$Code, [string]$Message)
    if ($Call.tries -gt $Retries -or $Call.request['spare']) { return New-Failure $State $Code $Message $Answer.status }
    $wait = Get-RetryWait $Call $Answer
    $left = Get-SourceTimeLeft $Call.unit.reading
    if ($wait -ge $left) { return New-Failure $State $Code "$Message The wait it asked for is longer than this scan may take." $Answer.status }
    @{ action = 'retry'; waitMs = $wait; holdLane = $Answer.status -in 429, 503 }
}

# Never shorter than Retry-After; without it 1, 2, 4 … seconds (Exchange: 2, 4, 8 …), and some jitter on top.
function Get-RetryWait {
    param($Call, $Answer)
    if ($null -ne $Answer.retryAfterMs) { return [Math]::Max(200, $Answer.retryAfterMs) + [Random]::Shared.Next(0, 100) }
    $base = if ($Call.service -in 'exchange', 'compliance') { 2000 } else { 1000 }
    $wait = [Math]::Min(30000, $base * [Math]::Pow(2, $Call.tries - 1))
    [long]($wait * (1 + 0.1 * [Random]::Shared.NextDouble()))
}

function Get-SourceTimeLeft {
    param($Reading)
    if ($null -eq $Reading.firstSentMs) { return $engine.job.limits.sourceTimeoutMs }
    $engine.job.limits.sourceTimeoutMs - ((Get-ElapsedMs) - $Reading.firstSentMs)
}

# HTTP 200 is not yet an answer: pages of portals, empty bodies and errors come with it too.
function Get-SuccessOutcome {
    param($Call, $Answer)
    if (-not $Answer.parsed) {
        $what = if ([string]::IsNullOrWhiteSpace($Answer.text)) { 'empty_body' } else { 'not_json' }
        return New-Failure 'unavailable' $what "The service answered without usable data (HTTP $($Answer.status))." $Answer.status
    }
    if (-not $Answer.isJson) { return New-Failure 'unavailable' 'not_json' 'The service answered with something that is not JSON.' $Answer.status }
    $body = $Answer.body
    $isError = $null -ne (Get-Field $body 'error') -or $null -ne (Get-Field $body 'odata.error') -or ($body -is [array] -and $body.Count -and $null -ne (Get-Field $body[0] 'ErrorInfo'))
    if ($isError) {
        $label = $Answer.code ? $Answer.code : 'no code'
        if ($Answer.code -match 'TooManyRequests|Throttled|activityLimitReached') { return Get-RetryOutcome $Call $Answer $engine.job.limits.maxRetries 'throttled' 'throttled' 'The service kept asking to slow down.' }
        if ($Answer.code -match 'AccessDenied|UnauthorizedAccess|RequestDenied|^Forbidden') { return New-Failure 'denied' $Answer.code "The service refused the read inside HTTP 200 ($label)." 200 }
        return New-Failure 'unavailable' 'error_in_success' "The service put an error inside HTTP 200 ($label)." 200
    }
    @{ action = 'take' }
}
