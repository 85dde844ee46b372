# Reading a service through its vendor's PowerShell module: one child process per service, because the assemblies of these
# modules do not bear each other. The engine stays one loop; a child is one more task in it. docs/module-transport.md

$maximumModuleRestarts = 3
$moduleStartMs = 60000

# $true when the module transport has taken the reading over.
function Start-ModuleReading {
    param($Reading)
    $declaration = $Reading.declaration
    $name = $declaration['service']
    if ($engine.job.transport[$name] -ne 'module') { return $false }
    $call = Get-ModuleCall $declaration
    # Sources that are made from others stay made from them, unless the module has a cmdlet for them.
    if ($null -eq $call) { return $false }
    # The other ways of this source are those of its own interface.
    $Reading.triedElsewhere = $true
    Add-Service $name
    $reader = Get-ModuleReader $engine.services[$name]
    if ($reader.problem) { Complete-Reading $Reading $reader.problem.state $null (Copy-Fields $reader.problem.error); return $true }
    $Reading.openUnits = 1
    $reader.queue.Add(@{
            unit = @{ reading = $Reading; key = '0'; ended = $false }; call = $call; kind = $declaration['kind']; select = $declaration['select']; refreshed = $false
        })
    $true
}

# @{ cmdlet; parameters; names; empty } of a declaration, or $null.
function Get-ModuleCall {
    param($Declaration)
    $given = $Declaration['module'] ?? @{}
    $cmdlet = $given['cmdlet'] ?? $Declaration['cmdlet']
    if (-not $cmdlet) { return $null }
    # The engine reads, whoever wrote the declaration.
    if ($cmdlet -cnotmatch '^Get-[A-Za-z0-9]+$') { throw [InvalidOperationException]::new("The source $($Declaration['id']) names a cmdlet that is not a Get- cmdlet.") }
    @{ cmdlet = $cmdlet; parameters = $given['parameters'] ?? $Declaration['parameters'] ?? @{}; names = $given['names'] ?? @{}; empty = $given['empty'] ?? @{} }
}

# All that is known of the module of one service in this scan.
function Get-ModuleReader {
    param($Service)
    if ($engine.modules.ContainsKey($Service.name)) { return $engine.modules[$Service.name] }
    $reader = @{
        service = $Service; declaration = $Service.declaration['module']; tokens = @(); organization = $null; problem = $null; phase = 'idle'; deadlineMs = 0
        queue = [Collections.Generic.List[object]]::new(); current = $null; child = $null; restarts = 0; reconnected = $false; asked = $false
    }
    $engine.modules[$Service.name] = $reader
    $reader.problem = Get-ModuleObstacle $reader
    if ($reader.problem) { return $reader }
    $reader.tokens = @($reader.declaration['tokens'] ?? $Service.name)
    foreach ($name in $reader.tokens) { Add-Service $name }
    $reader
}

# What is known to be impossible before anything is started.
function Get-ModuleObstacle {
    param($Reader)
    $service = $Reader.service
    if ($service.problem) { return $service.problem }
    $module = $Reader.declaration
    if ($module['platforms'] -and -not ($module['platforms'] -contains (Get-PlatformName))) {
        return @{ state = 'not_supported'; error = [ordered]@{ code = 'module_platform'; message = "$($module['name']) reads $($service.name) on $($module['platforms'] -join ', ') only: read it over its own interface (transport rest)." } }
    }
    if ($null -eq $module['clouds'][$engine.job.cloud]) {
        return @{ state = 'not_supported'; error = [ordered]@{ code = 'module_cloud'; message = "$($module['name']) takes no access token for the cloud $($engine.job.cloud): read $($service.name) over its own interface (transport rest)." } }
    }
    $null
}

function Get-PlatformName { if ($IsWindows) { 'windows' } elseif ($IsMacOS) { 'macos' } else { 'linux' } }

# Called in every turn of the loop: moves each reader on and says how long nothing will change by itself.
function Update-Modules {
    $wake = 1000
    foreach ($reader in @($engine.modules.Values)) {
        try { Update-ModuleReader $reader } catch { Stop-ModuleService $reader (New-ModuleProblem 'unavailable' 'engine_error' "The engine stumbled over the module ($($_.Exception.GetBaseException().GetType().Name)).") }
        if ($reader.deadlineMs) { $wake = [Math]::Min($wake, [Math]::Max(1, $reader.deadlineMs - (Get-ElapsedMs))) }
    }
    $wake
}

function Update-ModuleReader {
    param($Reader)
    if ($Reader.problem) { return }
    if ($Reader.phase -ne 'idle' -and $Reader.deadlineMs -and (Get-ElapsedMs) -ge $Reader.deadlineMs) { Complete-ModuleTimeout $Reader }
    switch ($Reader.phase) {
        'idle' { if ($Reader.queue.Count) { Start-ModuleChild $Reader } }
        'imported' { Update-ModuleConnection $Reader }
        'connected' {
            if ($Reader.queue.Count) { Send-ModuleRead $Reader }
            else { Stop-ModuleChild $Reader }
        }
    }
    if ($Reader.phase -in 'starting', 'imported') { Initialize-ModuleConnection $Reader }
}

# What the connection needs besides the module is found out while the module is loaded.
function Initialize-ModuleConnection {
    param($Reader)
    if ($Reader.asked) { return }
    $Reader.asked = $true
    $service = $Reader.service
    switch ($service.name) {
        'sharepoint' { Start-ServicePreparation $service }
        'teams' { $Reader.organization = $engine.job.tenant.id }
        default {
            $domain = $engine.job.tenant.defaultDomain
            if ($domain -match '\.onmicrosoft\.(com|us)$|\.onmschina\.cn$') { $Reader.organization = $domain }
            else { Wait-Reading (Get-SupportingReading 'graph/organization') 'Set-ModuleOrganization' $Reader }
        }
    }
}

function Set-ModuleOrganization {
    param($Reader, $Organization)
    $domain = Get-InitialDomain $Organization
    if (-not $domain) { Send-Log 'warn' "The initial domain is not known: $($Reader.service.name) is connected to by the default domain." }
    $Reader.organization = $domain ?? $engine.job.tenant.defaultDomain
}

# The child asked for its tokens: it gets them when all are there.
function Update-ModuleConnection {
    param($Reader)
    if ($Reader.service.problem) { Stop-ModuleService $Reader $Reader.service.problem; return }
    foreach ($name in $Reader.tokens) {
        $token = $engine.services[$name].token
        if ($token.state -eq 'failed') { Stop-ModuleService $Reader $token.problem; return }
        if ($token.state -ne 'ready') { return }
    }
    if ($Reader.service.name -eq 'sharepoint' ? -not $Reader.service.prepared : -not $Reader.organization) { return }
    $line = [Text.Json.Nodes.JsonObject]::new()
    $line['t'] = 'connect'
    $line['organization'] = [string]$Reader.organization
    $line['url'] = [string]$Reader.service.baseUrl
    $tokens = [Text.Json.Nodes.JsonArray]::new()
    foreach ($name in $Reader.tokens) { $tokens.Add([Text.Json.Nodes.JsonValue]::Create([string]$engine.services[$name].token.value)) }
    $line['accessTokens'] = $tokens
    # By .NET alone: a cmdlet's parameters may be recorded by module logging.
    Send-ModuleLine $Reader $line.ToJsonString()
    $Reader.phase = 'connecting'
    $Reader.deadlineMs = (Get-ElapsedMs) + $engine.job.limits.sourceTimeoutMs
}

function Send-ModuleRead {
    param($Reader)
    $item = $Reader.queue[0]
    $Reader.queue.RemoveAt(0)
    $Reader.current = $item
    $reading = $item.unit.reading
    $reading.requests++
    $totals.requests++
    if ($null -eq $reading.firstSentMs) { $reading.firstSentMs = Get-ElapsedMs }
    $style = $Reader.declaration['evidence']
    Send-ModuleLine $Reader (ConvertTo-Json -Compress -Depth 10 -InputObject ([ordered]@{
                t = 'read'; id = $reading.id; cmdlet = $item.call.cmdlet; parameters = $item.call.parameters; names = $item.call.names; empty = $item.call.empty
                select = @($item.select ?? @()); enums = $style['enums']; objects = $style['objects']
            }))
    $Reader.phase = 'reading'
    $Reader.deadlineMs = (Get-ElapsedMs) + $engine.job.limits.sourceTimeoutMs
}

function New-ModuleProblem {
    param([string]$State, [string]$Code, [string]$Message)
    @{ state = $State; error = [ordered]@{ code = $Code; message = $Message } }
}

# Every source of the service that is not read yet gets the same answer.
function Stop-ModuleService {
    param($Reader, $Problem)
    $Reader.problem = $Problem
    Stop-ModuleChild $Reader
    $items = @(if ($null -ne $Reader.current) { $Reader.current }) + $Reader.queue.ToArray()
    $Reader.current = $null
    $Reader.queue.Clear()
    foreach ($item in $items) { Complete-Reading $item.unit.reading $Problem.state $null (Copy-Fields $Problem.error) }
}

# A cmdlet cannot be interrupted from outside: the child that hangs in it is ended, and another one reads the rest.
function Complete-ModuleTimeout {
    param($Reader)
    $name = $Reader.declaration['name']
    $item = $Reader.current
    if ($null -eq $item) { Stop-ModuleService $Reader (New-ModuleProblem 'timeout' 'module_timeout' "The module $name was not connected in time."); return }
    $Reader.current = $null
    Stop-ModuleChild $Reader
    Stop-Unit $item.unit (New-Failure 'timeout' 'call_timeout' "$($item.call.cmdlet) did not answer in time.")
    $Reader.restarts++
    if ($Reader.restarts -gt $maximumModuleRestarts) { Stop-ModuleService $Reader (New-ModuleProblem 'timeout' 'module_timeout' "The cmdlets of the module $name kept not answering in time.") }
}
