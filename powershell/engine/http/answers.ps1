# What came back, in one shape for a call of its own and for a part of a batch:
# @{ kind = http|timeout|network; status; body; text; parsed; isJson; retryAfterMs; location; code; detail }

# A field of a parsed answer or $null. For the engine's own reading of envelopes; verdicts have their own functions.
function Get-Field {
    param($Object, [string]$Name)
    if ($Object -isnot [Management.Automation.PSCustomObject]) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    if ($property.Value -is [array]) { return , $property.Value }
    $property.Value
}

function New-Answer {
    param([string]$Kind, [int]$Status = 0)
    @{
        kind = $Kind; status = $Status; body = $null; text = ''; parsed = $false; isJson = $false; annotated = $true
        retryAfterMs = $null; location = $null; code = $null; detail = ''
    }
}

function Expand-Body {
    param([byte[]]$Bytes, [string]$Encoding)
    if (-not $Encoding -or -not $Bytes.Length) { return , $Bytes }
    $source = [IO.MemoryStream]::new($Bytes)
    $target = [IO.MemoryStream]::new()
    try {
        $stream = switch ($Encoding) {
            'gzip' { [IO.Compression.GZipStream]::new($source, [IO.Compression.CompressionMode]::Decompress) }
            'deflate' { [IO.Compression.ZLibStream]::new($source, [IO.Compression.CompressionMode]::Decompress) }
            'br' { [IO.Compression.BrotliStream]::new($source, [IO.Compression.CompressionMode]::Decompress) }
            default { return , $Bytes }
        }
        $chunk = [byte[]]::new(1MB)
        while (($read = $stream.Read($chunk, 0, $chunk.Length)) -gt 0) {
            $target.Write($chunk, 0, $read)
            if ($target.Length -gt $maximumBodyBytes) { return , [byte[]]::new(0) }
        }
        , $target.ToArray()
    } catch { , $Bytes }   # it only claimed to be compressed
}

function ConvertFrom-Response {
    param([Net.Http.HttpResponseMessage]$Response)
    $answer = New-Answer 'http' ([int]$Response.StatusCode)
    $bytes = $Response.Content.ReadAsByteArrayAsync().Result   # buffered already: does not wait
    $encoding = [Linq.Enumerable]::LastOrDefault($Response.Content.Headers.ContentEncoding)
    $answer.text = [Text.Encoding]::UTF8.GetString((Expand-Body $bytes $encoding)).TrimStart([char]0xFEFF)
    $type = $Response.Content.Headers.ContentType
    $answer.isJson = $null -ne $type -and $type.MediaType -match '[/+]json$'
    if ($null -ne $Response.Headers.Location) { $answer.location = $Response.Headers.Location.OriginalString }
    $after = $Response.Headers.RetryAfter
    if ($null -ne $after) {
        if ($null -ne $after.Delta) { $answer.retryAfterMs = [long]$after.Delta.TotalMilliseconds }
        elseif ($null -ne $after.Date) { $answer.retryAfterMs = [long]($after.Date - ($Response.Headers.Date ?? [datetimeoffset]::UtcNow)).TotalMilliseconds }
    }
    Read-AnswerBody $answer
    $answer
}

# A batch part: status, headers and a body that is JSON already.
function ConvertFrom-BatchPart {
    param($Part, [bool]$Annotated)
    $answer = New-Answer 'http' ([int](Get-Field $Part 'status'))
    $answer.body = Get-Field $Part 'body'
    $answer.parsed = $answer.body -isnot [string] -and $null -ne $answer.body
    $answer.isJson = $answer.parsed
    $answer.annotated = $Annotated
    $after = Get-Field (Get-Field $Part 'headers') 'Retry-After'
    if ($null -ne $after) { $answer.retryAfterMs = ConvertFrom-RetryAfter "$after" }
    Read-AnswerProblem $answer
    $answer
}

function ConvertFrom-RetryAfter {
    param([string]$Text)
    $seconds = 0.0
    if ([double]::TryParse($Text, 'Float', [Globalization.CultureInfo]::InvariantCulture, [ref]$seconds)) { return [long]($seconds * 1000) }
    $date = [datetimeoffset]::MinValue
    if ([datetimeoffset]::TryParse($Text, [Globalization.CultureInfo]::InvariantCulture, 'AssumeUniversal', [ref]$date)) {
        return [long]($date - [datetimeoffset]::UtcNow).TotalMilliseconds
    }
    $null
}

function Read-AnswerBody {
    param($Answer)
    if ($Answer.text -notmatch '\A\s*[\[{]') { return }
    try {
        # The cmdlet takes more than JSON (single quotes, comments): the strict parser looks first.
        [Text.Json.JsonDocument]::Parse($Answer.text).Dispose()
        $Answer.body = ConvertFrom-JsonText $Answer.text
        $Answer.parsed = $true
        $Answer.annotated = Test-Annotated $Answer.text
    } catch { $Answer.body = $null }
    Read-AnswerProblem $Answer
}

# Is there any annotation below the envelope? Walking a large answer costs, and most have none.
$annotationPattern = [regex]::new('"([^"\\]*@[^"\\]+)"\s*:')
$envelopeNames = [Collections.Generic.HashSet[string]]::new([string[]]('@odata.context', '@odata.nextLink', '@odata.count', '@adminapi.warnings', 'adminapi.warnings@odata.type'))
function Test-Annotated {
    param([string]$Text)
    $seen = [Collections.Generic.HashSet[string]]::new()
    foreach ($match in $annotationPattern.Matches($Text)) {
        $name = $match.Groups[1].Value
        if ($name -eq '@odata.type') { continue }   # data, kept
        if (-not $envelopeNames.Contains($name) -or -not $seen.Add($name)) { return $true }
    }
    $false
}

# The error code and text of every service's own envelope. The text is matched against, never shown.
function Read-AnswerProblem {
    param($Answer)
    $body = $Answer.body
    if ($body -is [array] -and $body.Count -and $null -ne (Get-Field $body[0] 'ErrorInfo')) {
        $info = Get-Field $body[0] 'ErrorInfo'                                              # CSOM: an error inside HTTP 200
        $Answer.code = "$(Get-Field $info 'ErrorTypeName')".Split('.')[-1]
        $Answer.detail = "$(Get-Field $info 'ErrorMessage')"
        return
    }
    $problem = Get-Field $body 'error'
    if ($null -eq $problem) { $problem = Get-Field $body 'odata.error' }
    if ($problem -is [Management.Automation.PSCustomObject]) {
        $Answer.code = "$(Get-Field $problem 'code')"
        $message = Get-Field $problem 'message'
        if ($message -is [Management.Automation.PSCustomObject]) { $message = Get-Field $message 'value' }
        $inner = Get-Field $problem 'innererror'
        $internal = Get-Field $inner 'internalexception'
        $details = Get-Field $problem 'details'
        $first = if ($details -is [array] -and $details.Count) { Get-Field $details[0] 'message' }
        $Answer.detail = @($message, (Get-Field $inner 'message'), (Get-Field $internal 'message'), (Get-Field $internal 'type'), $first) -join ' '
        return
    }
    foreach ($name in 'errorCode', 'code') {
        $code = Get-Field $body $name
        if ($code -is [string]) { $Answer.code = $code; $Answer.detail = "$(Get-Field $body 'message')"; return }
    }
    $Answer.detail = "$(Get-Field $body 'error_description')"
}
