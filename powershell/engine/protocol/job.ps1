# The job: the first line of the host, checked as a whole before anything is done.

$protocolName = 'tenantscope-engine/1'
$credentialKinds = 'client_secret', 'certificate', 'username_password', 'federated', 'shared_app'
$cloudNames = 'commercial', 'gcc', 'gccHigh', 'dod', 'china'
$moduleServices = 'exchange', 'compliance', 'teams', 'sharepoint'

function Stop-Job {
    param([string]$Code, [string]$Message)
    Complete-Job 'failed' @{ code = $Code; message = $Message }
}

function Read-TextArray {
    param($Node, [string]$Name)
    $list = $Node[$Name]
    if ($null -eq $list) { return , @() }
    if ($list -isnot [Text.Json.Nodes.JsonArray]) { Stop-Job 'job_malformed' "$Name must be a list of text." }
    $texts = [Collections.Generic.List[string]]::new()
    foreach ($item in $list) {
        if ($null -eq $item -or $item.GetValueKind() -ne [Text.Json.JsonValueKind]::String) { Stop-Job 'job_malformed' "$Name must be a list of text." }
        if (-not $texts.Contains($item.GetValue[string]())) { $texts.Add($item.GetValue[string]()) }
    }
    , $texts.ToArray()
}

function Read-JobLimits {
    param($Node)
    $limits = @{ callTimeoutMs = 60000; sourceTimeoutMs = 300000; scanTimeoutMs = 7200000; maxRetries = 5 }
    $given = $Node['limits']
    if ($null -eq $given) { return $limits }
    if ($given -isnot [Text.Json.Nodes.JsonObject]) { Stop-Job 'job_malformed' 'limits must be an object.' }
    foreach ($name in @($limits.Keys)) {
        $value = Get-NodeNumber $given $name
        if ($null -eq $value) { continue }
        if ($value -lt 0 -or $value -gt 86400000) { Stop-Job 'job_malformed' "limits.$name is out of range." }
        $limits[$name] = [long]$value
    }
    $limits
}

function Read-JobNetwork {
    param($Node)
    $network = @{ proxyUrl = $null; caFile = $null }
    $given = $Node['network']
    if ($null -eq $given) { return $network }
    foreach ($name in @($network.Keys)) { $network[$name] = Get-NodeText $given $name }
    $network
}

function Read-JobTenant {
    param($Node)
    $given = $Node['m365Tenant']
    if ($given -isnot [Text.Json.Nodes.JsonObject]) { Stop-Job 'job_malformed' 'm365Tenant is missing.' }
    $tenant = @{ id = (Get-NodeText $given 'id'); defaultDomain = (Get-NodeText $given 'defaultDomain') }
    $parsed = [guid]::Empty
    if (-not [guid]::TryParse($tenant.id, [ref]$parsed)) { Stop-Job 'job_malformed' 'm365Tenant.id must be a GUID.' }
    if ($tenant.defaultDomain -notmatch '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$') { Stop-Job 'job_malformed' 'm365Tenant.defaultDomain must be a domain name.' }
    $tenant
}

# Which services the vendor's modules read. A service that is not named is read over its own interface.
function Read-JobTransport {
    param($Node)
    $transport = @{}
    $given = $Node['transport']
    if ($null -eq $given) { return $transport }
    if ($given -isnot [Text.Json.Nodes.JsonObject]) { Stop-Job 'job_malformed' 'transport must be an object.' }
    foreach ($pair in $given) {
        if ($pair.Key -cnotin $moduleServices) { Stop-Job 'job_malformed' "transport knows only $($moduleServices -join ', ')." }
        $way = Get-NodeText $given $pair.Key
        if ($way -cnotin 'rest', 'module') { Stop-Job 'job_malformed' "transport.$($pair.Key) must be rest or module." }
        $transport[$pair.Key] = $way
    }
    $transport
}

# Folders that modules may come from. They become one list in a variable, so a separator inside one would smuggle in another.
function Read-JobModulePath {
    param($Node)
    $folders = Read-TextArray $Node 'modulePath'
    foreach ($folder in $folders) {
        if (-not [IO.Path]::IsPathFullyQualified($folder) -or $folder.Contains([IO.Path]::PathSeparator)) { Stop-Job 'job_malformed' 'modulePath must be a list of absolute paths.' }
    }
    , $folders
}

# Without a nonce no frame can be addressed: the host sees the exit code and this line.
function Set-FrameMark {
    param($Nonce)
    if ("$Nonce" -notmatch '^[A-Za-z0-9_-]{16,64}$') {
        [Console]::Error.WriteLine('The first line is not a job with a nonce of 16 to 64 characters of A-Z a-z 0-9 _ -.')
        [Environment]::Exit(64)
    }
    $frames.mark = [string][char]30 + $Nonce + ' '
}

# Gives the job, or ends the process with a `done` frame that says what is wrong with it.
function Read-Job {
    param([string]$Line)
    $node = if ($Line) { ConvertFrom-HostLine $Line }
    Set-FrameMark $(if ($null -ne $node) { Get-NodeText $node 'nonce' })
    if ((Get-NodeText $node 't') -ne 'job') { Stop-Job 'job_malformed' 'The first line must be the job.' }
    if ((Get-NodeText $node 'protocol') -ne $protocolName) { Stop-Job 'protocol_unknown' "This engine speaks $protocolName." }
    $benchmark = $node['benchmark']
    if ($benchmark -isnot [Text.Json.Nodes.JsonObject]) { Stop-Job 'job_malformed' 'benchmark is missing.' }
    $job = @{
        scanId         = Get-NodeText $node 'scanId'
        benchmark      = @{ id = (Get-NodeText $benchmark 'id'); version = (Get-NodeText $benchmark 'version') }
        controls       = Read-TextArray $node 'controls'
        sources        = Read-TextArray $node 'sources'
        tenant         = Read-JobTenant $node
        credentialKind = Get-NodeText $node 'credentialKind'
        cloud          = (Get-NodeText $node 'cloud') ?? 'commercial'
        keepEvidence   = $null -ne $node['keepEvidence'] -and $node['keepEvidence'].GetValueKind() -eq [Text.Json.JsonValueKind]::True
        limits         = Read-JobLimits $node
        network        = Read-JobNetwork $node
        transport      = Read-JobTransport $node
        modulePath     = Read-JobModulePath $node
    }
    if (-not $job.controls.Count -and -not $job.sources.Count) { Stop-Job 'job_malformed' 'controls must not be empty.' }
    if ($job.credentialKind -notin $credentialKinds) { Stop-Job 'job_malformed' "credentialKind must be one of $($credentialKinds -join ', ')." }
    if ($job.cloud -cnotin $cloudNames) { Stop-Job 'job_malformed' "cloud must be one of $($cloudNames -join ', ')." }
    $startedAt = [datetimeoffset]::MinValue
    if (-not [datetimeoffset]::TryParse((Get-NodeText $node 'scanStartedAt'), [Globalization.CultureInfo]::InvariantCulture, 'AssumeUniversal', [ref]$startedAt)) {
        Stop-Job 'job_malformed' 'scanStartedAt must be a time.'
    }
    $job.startedAt = $startedAt
    $given = $node['inputs']
    if ($null -ne $given -and $given -isnot [Text.Json.Nodes.JsonObject]) { Stop-Job 'job_malformed' 'inputs must be an object.' }
    $job.inputsJson = $null -eq $given ? '{}' : $given.ToJsonString()   # an object for verdicts later, when the cmdlet is there
    $job
}

# A host without a job yet may say `prepare` first. Its nonce addresses the one frame that comes before the job. Gives what is known of the
# job to come, or `$null` for a line of another kind.
function Read-PrepareLine {
    param([string]$Line)
    $node = if ($Line) { ConvertFrom-HostLine $Line }
    if ($null -eq $node -or (Get-NodeText $node 't') -ne 'prepare') { return $null }
    Set-FrameMark (Get-NodeText $node 'nonce')
    @{ network = Read-JobNetwork $node }
}
