# Offline mode: judges an evidence document, without network. Dot-sourced by Start-Checks.ps1.

foreach ($file in 'reading', 'states', 'checks', 'judging', 'benchmarks') { . "$PSScriptRoot/judge/$file.ps1" }

# A clear sentence on standard error and a non-zero exit code: 2 for a mistake of the caller, 3 for the file.
function Stop-Offline {
    param([string]$Message, [int]$Code = 2)
    [Console]::Error.WriteLine("Start-Checks: $Message")
    [Environment]::Exit($Code)
}

function Read-EvidenceDocument {
    param([string]$Path)
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    if (-not [IO.File]::Exists($full)) { Stop-Offline "There is no evidence file at $Path." 3 }
    try {
        $text = [IO.File]::ReadAllText($full)
        # The cmdlet accepts more than JSON: hold it to the strict parser first.
        [Text.Json.JsonDocument]::Parse($text).Dispose()
        $document = ConvertFrom-JsonText $text
    } catch { Stop-Offline "The evidence file $Path is not readable JSON ($($_.Exception.GetBaseException().GetType().Name))." 3 }
    if ($document -isnot [Management.Automation.PSCustomObject] -or -not (Test-Property $document 'format') -or $document.format -ne 'tenantscope-evidence/1') {
        Stop-Offline "The file $Path is not evidence in the format tenantscope-evidence/1." 3
    }
    if (-not (Test-Property $document 'sources') -or $document.sources -isnot [Management.Automation.PSCustomObject]) { Stop-Offline "The evidence in $Path has no sources." 3 }
    $document
}

# A source that is not an object, or read without data, is kept as it is: the judging calls it unexpected data.
function ConvertTo-SourceRecords {
    param($Sources)
    $records = @{}
    foreach ($property in $Sources.PSObject.Properties) {
        $record = $property.Value
        $state = (Test-Property $record 'state') ? $record.state : 'malformed'
        if ($state -eq 'read' -and -not (Test-Property $record 'data')) { $state = 'malformed' }
        $records[$property.Name] = @{
            state = $state; error = (Test-Property $record 'error') ? $record.error : $null
            data  = if (Test-Property $record 'data') { , $record.data } else { , $null }
        }
    }
    $records
}

function Get-DocumentScan {
    param($Document)
    $started = [datetimeoffset]::MinValue
    $given = (Test-Property $Document 'scanStartedAt') ? $Document.scanStartedAt : $null
    if (-not [datetimeoffset]::TryParse("$given", [Globalization.CultureInfo]::InvariantCulture, 'AssumeUniversal', [ref]$started)) { Stop-Offline 'scanStartedAt of the evidence is not a time.' 3 }
    $tenant = @{ id = $null; defaultDomain = $null }
    foreach ($name in @($tenant.Keys)) { if (Test-Property $Document "m365Tenant.$name") { $tenant[$name] = Read-Property $Document "m365Tenant.$name" } }
    @{ inputs = (Test-Property $Document 'inputs') ? $Document.inputs : $null; startedAt = $started; tenant = $tenant }
}

# `-File` passes a list as one text: "a,b".
function Select-AskedControls {
    param($Benchmark)
    $ids = [Collections.Generic.List[string]]::new()
    foreach ($text in $ControlId) { foreach ($id in $text.Split([char[]]', ;', [StringSplitOptions]::RemoveEmptyEntries)) { if (-not $ids.Contains($id)) { $ids.Add($id) } } }
    if ($ControlId -and -not $ids.Count) { Stop-Offline '-ControlId names no control.' }
    $unknown = [Collections.Generic.List[string]]::new()
    $controls = if ($ids.Count) { Select-Controls $Benchmark $ids.ToArray() $unknown } else { , @($Benchmark.controls) }
    if ($unknown.Count) { Stop-Offline "$($Benchmark.name) $($Benchmark.version) has no control $($unknown -join ', ')." }
    if ($Level) { $controls = @($controls).Where({ $_.level -eq $Level }) }
    , @($controls)
}

function Get-OfflineResult {
    param($Control, $Records, $Scan)
    try { $check = Read-Check $root $Control.check } catch {
        return [ordered]@{ controlId = $Control.id; status = 'error'; reasonCode = 'check_broken'; message = "The check $($Control.check) cannot be loaded."; findings = @() }
    }
    $result = Get-ControlResult $check $Records $Scan ((Test-Property $Control 'parameters') ? $Control.parameters : [pscustomobject]@{})
    $line = [ordered]@{ controlId = $Control.id; status = $result.status; reasonCode = $result.reasonCode; message = $result.message; findings = @($result.findings) }
    if ($result.findingsTotal -gt $line.findings.Count) { $line['findingsTotal'] = $result.findingsTotal }
    $line
}

$output = [Console]::OpenStandardOutput()
[Console]::SetOut([Console]::Error)
$document = Read-EvidenceDocument $EvidencePath
$benchmarkId = (Test-Property $document 'benchmark.id') ? $document.benchmark.id : 'cis-m365'
$benchmarkVersion = (Test-Property $document 'benchmark.version') ? $document.benchmark.version : '5.0.0'
$benchmark = Read-Benchmark $root "$benchmarkId" "$benchmarkVersion"
if ($null -eq $benchmark) { Stop-Offline "There is no benchmark $benchmarkId $benchmarkVersion." 3 }
$controls = Select-AskedControls $benchmark
$records = ConvertTo-SourceRecords $document.sources
$scan = Get-DocumentScan $document
$results = [object[]]@(foreach ($control in $controls) { Get-OfflineResult $control $records $scan })
$json = ConvertTo-Json -Depth 100 -WarningAction SilentlyContinue -InputObject ([ordered]@{
        format = 'tenantscope-results/1'; benchmark = [ordered]@{ id = $benchmark.id; version = $benchmark.version }; results = $results
    })
$bytes = [Text.UTF8Encoding]::new($false).GetBytes($json + "`n")
if ($OutputPath) {
    try { [IO.File]::WriteAllBytes($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($OutputPath), $bytes) } catch {
        Stop-Offline "The results cannot be written to $OutputPath ($($_.Exception.GetBaseException().GetType().Name))." 4
    }
} else { $output.Write($bytes, 0, $bytes.Length); $output.Flush() }
