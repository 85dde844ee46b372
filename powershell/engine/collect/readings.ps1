# A reading is one source in this scan, from the moment it is planned until it has settled with a state.

function New-Reading {
    param([string]$Id, $Declaration)
    $reading = @{
        id = $Id; declaration = $Declaration; state = $null; data = $null; error = $null; internal = [bool]($Declaration -and $Declaration['internal'])
        startedMs = Get-ElapsedMs; firstSentMs = $null; requests = 0; openUnits = 0; openOrigins = 0; parts = @{}; entries = [ordered]@{}
        known = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase); settledWaiters = [Collections.Generic.List[object]]::new()
        entryWaiters = [Collections.Generic.List[object]]::new(); triedElsewhere = $false; failedOrigins = [Collections.Generic.List[object]]::new()
        strands = [ordered]@{}; owners = @{}; assembled = $false
    }
    if ($Declaration -and $Declaration['origins']) { Initialize-Strands $reading }
    $reading
}

function Start-Reading {
    param($Reading)
    $declaration = $Reading.declaration
    if ($null -eq $declaration) {
        Complete-Reading $Reading 'not_collected' $null ([ordered]@{ code = 'no_declaration'; message = 'No declaration says how to read this source.' })
        return
    }
    if ($declaration['notSupported']) {
        Complete-Reading $Reading 'not_supported' $null ([ordered]@{ code = 'not_supported'; message = $declaration['notSupported'] })
        return
    }
    if ($declaration['whenSeveral']) { Wait-Reading $engine.readings[$declaration['whenSeveral']] 'Start-RankedReading' $Reading; return }
    Start-AskedReading $Reading
}

function Start-AskedReading {
    param($Reading)
    $declaration = $Reading.declaration
    if ($null -ne $engine.modules -and (Start-ModuleReading $Reading)) { return }
    if ($declaration['derivedFrom']) { Start-DerivedReading $Reading; return }
    if ($declaration['fallbackOf']) { Start-FallbackReading $Reading; return }
    if ($declaration['service'] -eq 'dns') { Start-DnsReading $Reading; return }
    $service = $engine.services[$declaration['service']]
    if ($service.problem) { Complete-Reading $Reading $service.problem.state $null (Copy-Fields $service.problem.error); return }
    if (-not $service.prepared) { $service.waiting.Add($Reading); Start-ServicePreparation $service; return }
    Start-ReadingCalls $Reading
}

function Start-ReadingCalls {
    param($Reading)
    $declaration = $Reading.declaration
    if ($declaration['kind'] -eq 'perObject') { Start-ObjectReading $Reading; return }
    $requests = @(New-SourceRequests $declaration)
    for ($index = 0; $index -lt $requests.Count; $index++) { New-Unit $Reading "$index" $requests[$index] $declaration['kind'] }
}

# Readings that only the engine needs: created when the first asks, shared by all, told to nobody.
function Get-SupportingReading {
    param([string]$Id)
    if (-not $engine.readings.ContainsKey($Id)) {
        $declaration = Read-SourceDeclaration $engine.root $Id
        $reading = New-Reading $Id $declaration
        $reading.internal = $true
        $engine.readings[$Id] = $reading
        Add-Service $declaration['service']
        Start-Reading $reading
    }
    $engine.readings[$Id]
}

# $Action: name of a function that takes ($Argument, $Reading). Called at once when the reading has settled.
function Wait-Reading {
    param($Reading, [string]$Action, $Argument)
    if ($Reading.state) { & $Action $Argument $Reading } else { $Reading.settledWaiters.Add(@{ action = $Action; argument = $Argument }) }
}

function Test-ReadingDone {
    param($Reading)
    if ($Reading.state -or $Reading.openUnits -gt 0 -or $Reading.openOrigins -gt 0) { return }
    if ($Reading.declaration['kind'] -eq 'perObject') { Complete-ObjectReading $Reading; return }
    $count = $Reading.parts.Count
    if ($Reading.declaration['kind'] -eq 'single') { Complete-Reading $Reading 'read' $Reading.parts['0'] $null; return }
    $rows = [Collections.Generic.List[object]]::new()
    for ($index = 0; $index -lt $count; $index++) { $rows.AddRange([object[]]$Reading.parts["$index"]) }
    if (-not $rows.Count -and $Reading.declaration['emptyNeedsLicence']) { Resolve-EmptyList $Reading; return }
    Complete-Reading $Reading 'read' $rows.ToArray() $null
}

# What an operator can do about it: the permission or the licence that is missing.
function Add-Remedy {
    param($Reading, [string]$State, $Problem)
    if ($null -eq $Problem) { return $null }
    $declaration = $Reading.declaration
    # A sign-in that failed is not about what the app may read.
    if ($State -eq 'denied' -and $declaration['permissions'] -and -not "$($Problem['message'])".StartsWith('Signing in to ')) { $Problem['permission'] = @($declaration['permissions']) -join ', ' }
    if ($State -eq 'unlicensed' -and $declaration['licence']) { $Problem['licence'] = @($declaration['licence']) -join ' or ' }
    $Problem
}

function Complete-Reading {
    param($Reading, [string]$State, $Data, $Problem)
    if ($Reading.state) { return }
    $Reading.state = $State
    $Reading.data = $Data
    $Reading.error = Add-Remedy $Reading $State $Problem
    if (-not $Reading.internal) {
        $engine.openReadings--
        $totals.sources++
        $now = Get-ElapsedMs
        $items = if ($Data -is [array]) { $Data.Count } elseif ($Reading.declaration -and $Reading.declaration['kind'] -eq 'perObject' -and $State -eq 'read') { $Reading.entries.Count } else { $null }
        Send-Frame 'source.read' ([ordered]@{
                id = $Reading.id; state = $State; ms = $now; tookMs = $now - ($Reading.firstSentMs ?? $Reading.startedMs)
                requests = $Reading.requests; items = $items; error = $Reading.error
            })
        $engine.settled.Enqueue($Reading.id)
    }
    # The subscriptions are evidence too: with them the same verdicts come out of a document.
    if ($engine.job.keepEvidence -and (-not $Reading.internal -or ($Reading.id -eq $subscriptionSource -and $State -eq 'read'))) {
        Send-Frame 'evidence' ([ordered]@{ id = $Reading.id; state = $State; data = $Data; error = $Reading.error })
    }
    if ($Reading.strands.Count) { Close-AllStrands $Reading }
    foreach ($waiter in $Reading.settledWaiters.ToArray()) { & $waiter.action $waiter.argument $Reading }
}

# Sources that cost no request of their own.
function Start-DerivedReading {
    param($Reading)
    $Reading.openOrigins = @($Reading.declaration['derivedFrom']).Count
    foreach ($id in $Reading.declaration['derivedFrom']) { Wait-Reading $engine.readings[$id] 'Complete-Derivation' $Reading }
}

function Complete-Derivation {
    param($Reading, $Origin)
    if ($Reading.state) { return }
    if ($Origin.state -ne 'read') {
        Complete-Reading $Reading $Origin.state $null (Copy-Problem $Origin)
        return
    }
    $Reading.openOrigins--
    if ($Reading.openOrigins -gt 0) { return }
    switch ($Reading.declaration['derive']) {
        'pick' { Set-PickedProperties $Reading }
        'microsoftAuthenticator' { Set-MicrosoftAuthenticator $Reading }
        'globalAdministrators' { Set-GlobalAdministrators $Reading }
    }
}

# Sources that share an error must not share the object: each adds its own remedy.
function Copy-Fields {
    param($Fields)
    $copy = [ordered]@{}
    foreach ($name in $Fields.Keys) { $copy[$name] = $Fields[$name] }
    $copy
}

function Copy-Problem {
    param($Origin)
    $problem = [ordered]@{ code = 'origin_not_read'; message = "It is made from $($Origin.id), which was not read." }
    foreach ($name in 'permission', 'licence') { $value = Get-ProblemField $Origin.error $name; if ($value) { $problem[$name] = $value } }
    $problem
}

function Set-PickedProperties {
    param($Reading)
    $origin = $engine.readings[$Reading.declaration['derivedFrom'][0]].data
    $picked = [ordered]@{}
    foreach ($name in $Reading.declaration['properties']) {
        $property = $origin.PSObject.Properties[$name]
        if ($null -ne $property) { $picked[$name] = $property.Value }
    }
    Complete-Reading $Reading 'read' ([pscustomobject]$picked) $null
}

function Set-MicrosoftAuthenticator {
    param($Reading)
    $methods = Get-Field $engine.readings['graph/policies/authenticationMethodsPolicy'].data 'authenticationMethodConfigurations'
    foreach ($method in $methods) { if ((Get-Field $method 'id') -eq 'MicrosoftAuthenticator') { Complete-Reading $Reading 'read' $method $null; return } }
    Complete-Reading $Reading 'not_found' $null ([ordered]@{ code = 'not_found'; message = 'The policy holds no configuration of that method.' })
}

function Set-GlobalAdministrators {
    param($Reading)
    $template = '62e90394-69f5-4237-9190-012177145e10'
    $roles = $engine.readings['graph/directoryRoles'].data
    $members = $engine.readings['graph/directoryRoles/{id}/members'].entries
    foreach ($role in $roles) {
        if ((Get-Field $role 'roleTemplateId') -ne $template) { continue }
        $entry = $members[[string](Get-Field $role 'id')]
        if (Test-FailedEntry $entry) { Complete-Reading $Reading $entry.state $null ([ordered]@{ code = 'origin_not_read'; message = 'The members of Global Administrator were not read.' }); return }
        Complete-Reading $Reading 'read' $entry $null
        return
    }
    Complete-Reading $Reading 'not_found' $null ([ordered]@{ code = 'not_found'; message = 'The role Global Administrator was never activated.' })
}

# A second way to the same settings, asked only when the first does not exist in this tenant.
function Start-FallbackReading { param($Reading) Wait-Reading $engine.readings[$Reading.declaration['fallbackOf']] 'Complete-FallbackDecision' $Reading }

function Complete-FallbackDecision {
    param($Reading, $First)
    $status = Get-ProblemField $First.error 'status'
    if ($First.state -ne 'read' -and $status -in 400, 404) { Start-ReadingCalls $Reading; return }
    Complete-Reading $Reading 'not_collected' $null ([ordered]@{ code = 'not_needed'; message = "Asked only when $($First.id) does not exist in the tenant." })
}

# What only tells several objects of a list apart, such as the order of policies: with one of them there is nothing to ask.
function Start-RankedReading {
    param($Reading, $List)
    if ($List.state -eq 'read' -and @($List.data).Count -gt 1) { Start-AskedReading $Reading; return }
    Complete-Reading $Reading 'not_collected' $null ([ordered]@{ code = 'not_needed'; message = "Asked only when $($List.id) has several entries." })
}
