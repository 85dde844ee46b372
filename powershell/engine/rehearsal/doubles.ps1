# What a rehearsal has in place of the outside: a host that answers at once, services that answer from a file, an output that is nowhere.

$rehearsalNonce = 'rehearsalrehearsal'
$sendFrame = ${function:Send-Frame}

function New-RehearsalFrames {
    $writer = [IO.StreamWriter]::new([IO.Stream]::Null, [Text.UTF8Encoding]::new($false), 16384)
    @{ stream = [IO.Stream]::Null; writer = $writer; mark = ''; sequence = 0; clock = [Diagnostics.Stopwatch]::StartNew() }
}

# The process goes on, for the job to come.
function Exit-Engine { param([int]$Code) $null = $Code }

# Requests of the engine are answered in the order they come.
function Send-Frame {
    param([string]$Type, $Fields)
    & $sendFrame $Type $Fields
    if ($Type -eq 'token.request') { Add-HostAnswer ([ordered]@{ t = 'token'; id = $Fields.id; accessToken = 'rehearsal.rehearsal.rehearsal'; expiresAt = '2100-01-01T00:00:00Z' }) }
    if ($Type -eq 'dns.request') { Add-HostAnswer ([ordered]@{ t = 'dns'; id = $Fields.id; records = @(, @('v=spf1 include:spf.protection.outlook.com -all')) }) }
}

function Add-HostAnswer {
    param($Answer)
    $line = ConvertTo-JsonText $Answer
    if ($null -ne $hostLines.reader.Open) { $open = $hostLines.reader.Open; $hostLines.reader.Open = $null; $open.SetResult($line); return }
    $hostLines.reader.Lines.Enqueue($line)
}

function New-RehearsalHostLines {
    $reader = [pscustomobject]@{ Lines = [Collections.Generic.Queue[string]]::new(); Open = $null }
    $reader.PSObject.Members.Add([Management.Automation.PSScriptMethod]::new('ReadLineAsync', {
                if ($this.Lines.Count) { return [Threading.Tasks.Task]::FromResult[string]($this.Lines.Dequeue()) }
                $this.Open = [Threading.Tasks.TaskCompletionSource[string]]::new()
                $this.Open.Task
            }))
    @{ reader = $reader; ended = $null; task = $null }
}

function New-RehearsalClient {
    param($Network)
    $null = $Network
    $client = [pscustomobject]@{}
    # The calls that travel are in the scope of the sender.
    $client.PSObject.Members.Add([Management.Automation.PSScriptMethod]::new('SendAsync', { param($Message, $Cancellation) $null = $Message, $Cancellation; Get-RehearsalResponse $Calls }))
    $client
}

function Get-RehearsalResponse {
    param($Calls)
    $texts = @(foreach ($call in $Calls) { Get-RehearsalBody $call.unit })
    $text = $texts[0]
    if ($Calls.Count -gt 1) {
        $parts = for ($index = 0; $index -lt $Calls.Count; $index++) { "{`"id`":`"$($index + 1)`",`"status`":200,`"headers`":{},`"body`":$($texts[$index])}" }
        $text = "{`"responses`":[$($parts -join ',')]}"
    }
    $response = [Net.Http.HttpResponseMessage]::new(200)
    $response.Content = [Net.Http.StringContent]::new($text, [Text.Encoding]::UTF8, 'application/json')
    [Threading.Tasks.Task]::FromResult[Net.Http.HttpResponseMessage]($response)
}

# Source id -> JSON text of what a service answers.
function Read-RehearsalAnswers {
    $answers = @{}
    $file = [IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'rehearsal', 'answers.json')
    if (-not [IO.File]::Exists($file)) { return $answers }
    $document = [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText($file))
    foreach ($property in $document.RootElement.EnumerateObject()) { $answers[$property.Name] = $property.Value.GetRawText() }
    $document.Dispose()
    $answers
}

function Get-RehearsalBody {
    param($Unit)
    $answer = $rehearsalAnswers[$Unit.reading.id]
    if ($null -ne $answer) { return $answer }
    $Unit.shape -eq 'collection' ? '{"value":[]}' : '{}'
}

function New-RehearsalJob {
    $controls = [Collections.Generic.List[string]]::new()
    $benchmark = $null
    foreach ($file in [IO.Directory]::GetFiles([IO.Path]::Combine($Root, 'benchmarks'), '*.json')) {
        $document = [Text.Json.Nodes.JsonNode]::Parse([IO.File]::ReadAllText($file))
        $benchmark = [ordered]@{ id = "$($document['id'])"; version = "$($document['version'])" }
        $controls.Clear()
        foreach ($control in $document['controls'].AsArray()) { $controls.Add("$($control['id'])") }
    }
    Import-UtilityCmdlets
    ConvertTo-JsonText ([ordered]@{
            t = 'job'; protocol = $protocolName; nonce = $rehearsalNonce; scanId = 'rehearsal'; attempt = 1; benchmark = $benchmark; controls = $controls
            scanStartedAt = '2026-01-01T00:00:00Z'; m365Tenant = [ordered]@{ id = '00000000-0000-4000-8000-000000000000'; defaultDomain = 'contoso.onmicrosoft.com' }
            credentialKind = 'certificate'; cloud = 'commercial'; keepEvidence = $true; limits = [ordered]@{ scanTimeoutMs = 10000; maxRetries = 0 }
        })
}
