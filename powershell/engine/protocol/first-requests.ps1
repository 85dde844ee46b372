# What a scan waits for first are access tokens. They are asked for before anything else is loaded: this file finds the
# services of a job with .NET's own parser, which needs none of the cmdlets that take longer to load than to run.

function Read-JsonElement {
    param([string]$File)
    if (-not [IO.File]::Exists($File)) { return $null }
    try { [Text.Json.JsonDocument]::Parse([IO.File]::ReadAllText($File)).RootElement } catch { $null }
}

function Get-ElementProperty {
    param($Element, [string]$Name)
    $value = [Text.Json.JsonElement]::new()
    if ($Element -is [Text.Json.JsonElement] -and $Element.ValueKind -eq 'Object' -and $Element.TryGetProperty($Name, [ref]$value)) { return $value }
    $null
}

# Source ids that the checks of these controls declare, and whether any of them depends on a licence; `$null` when the benchmark
# is not there.
function Get-DeclaredNeeds {
    param($Job, [Collections.Generic.List[string]]$Unknown)
    $needs = @{ sources = [Collections.Generic.HashSet[string]]::new([string[]]$Job.sources); plans = $false }
    # The name becomes part of a path: nothing but the characters of our own names.
    if ($Job.benchmark.id -notmatch '^[a-z0-9-]{1,64}$' -or $Job.benchmark.version -notmatch '^[0-9][0-9.]{0,15}$') { return $null }
    $benchmark = Read-JsonElement ([IO.Path]::Combine($root, 'benchmarks', "$($Job.benchmark.id)-$($Job.benchmark.version).json"))
    $controls = Get-ElementProperty $benchmark 'controls'
    if ($null -eq $controls) { return $null }
    $checks = @{}
    foreach ($control in $controls.EnumerateArray()) { $checks[$control.GetProperty('id').GetString()] = $control.GetProperty('check').GetString() }
    foreach ($id in $Job.controls) {
        if (-not $checks.ContainsKey($id)) { $Unknown.Add($id); continue }
        $check = Read-JsonElement ([IO.Path]::Combine($root, 'checks', $checks[$id].Replace('/', [IO.Path]::DirectorySeparatorChar), 'check.json'))
        $declared = Get-ElementProperty $check 'sources'
        if ($null -ne $declared) { Add-DeclaredSources $declared $needs.sources }
        if ($null -ne (Get-ElementProperty $check 'licence')) { $needs.plans = $true }
    }
    $needs
}

function Add-DeclaredSources {
    param($Declared, $Sources)
    foreach ($one in $Declared.EnumerateArray()) {
        if ($one.ValueKind -eq 'String') { [void]$Sources.Add($one.GetString()); continue }
        $source = Get-ElementProperty $one 'source'
        if ($null -ne $source) { [void]$Sources.Add($source.GetString()) }
        $alternatives = Get-ElementProperty $one 'anyOf'
        if ($null -ne $alternatives) { Add-DeclaredSources $alternatives $Sources }
    }
}

# Services whose token is surely needed and whose scope is known already. SharePoint's is not: Graph tells its host.
function Get-FirstServices {
    param($Needs)
    $services = [Collections.Generic.List[string]]::new()
    if ($Needs.plans) { $services.Add('graph') }
    foreach ($source in $Needs.sources) {
        if ($source -eq 'teams/Get-M365UnifiedTenantSettings') { continue }
        $service = $source.Split('/')[0]
        if ($service -eq 'sharepoint') { $service = 'graph' }
        if ($service -in 'graph', 'exchange', 'compliance', 'teams', 'fabric' -and -not $services.Contains($service)) { $services.Add($service) }
    }
    , $services.ToArray()
}

# Gives request id -> service, for the loop that receives the answers.
function Send-FirstTokenRequests {
    param($Services, [string]$Cloud)
    $asked = @{}
    $id = 0
    foreach ($service in $Services) {
        $clouds = Get-ElementProperty (Read-JsonElement ([IO.Path]::Combine($root, 'sources', $service, 'service.json'))) 'clouds'
        $scope = Get-ElementProperty (Get-ElementProperty $clouds $Cloud) 'scope'
        if ($null -eq $scope) { continue }
        $asked[++$id] = $service
        Send-PlainFrame 'token.request' "`"id`":$id,`"service`":`"$service`",`"scope`":$($scope.GetRawText()),`"refresh`":false"
    }
    $asked
}
