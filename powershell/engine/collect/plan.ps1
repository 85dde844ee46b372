# The plan of a scan: the controls asked for, their checks (each once), and the sources these need (each once).

# Ends the process with a `done` frame when the job asks for what is not there.
function New-JobPlan {
    param($Job)
    $benchmark = Read-Benchmark $engine.root $Job.benchmark.id $Job.benchmark.version
    if ($null -eq $benchmark) { Stop-Job 'benchmark_unknown' "There is no benchmark $($Job.benchmark.id) $($Job.benchmark.version)." }
    $unknown = [Collections.Generic.List[string]]::new()
    $controls = Select-Controls $benchmark $Job.controls $unknown
    if ($unknown.Count) { Stop-Job 'control_unknown' "The benchmark has no control $($unknown -join ', ')." }
    New-Plan $engine.root $controls $Job.sources
}

# What is asked for; Complete-Plan finds out what that needs. Which services have to be signed in to is known before.
function New-Plan {
    param([string]$Root, $Controls, [string[]]$ExtraSources)
    $plan = @{ controls = [ordered]@{}; checks = [ordered]@{}; sources = [ordered]@{}; broken = @{}; requested = [ordered]@{}; extra = $ExtraSources }
    foreach ($control in $Controls) {
        $key = $control.check
        if (-not $plan.controls.Contains($key)) { $plan.controls[$key] = [Collections.Generic.List[object]]::new() }
        $plan.controls[$key].Add($control)
    }
    $read = Read-Checks $Root @($plan.controls.Keys)
    foreach ($key in $plan.controls.Keys) {
        if ($read[$key] -is [string]) { $plan.broken[$key] = $read[$key]; continue }
        $plan.checks[$key] = $read[$key]
        foreach ($source in $read[$key].sources) { $plan.requested[$source] = $true }
    }
    foreach ($source in $ExtraSources) { $plan.requested[$source] = $true }
    $plan
}

function Complete-Plan {
    param($Plan, [string]$Root, $Inputs)
    Read-SourceDeclarations $Root $Plan.requested.Keys
    foreach ($source in $Plan.requested.Keys) { Add-PlannedSource $Plan $Root $source }
    Resolve-Origins $Plan $Root $Plan.extra $Inputs
}

# Services that are surely asked: those with more than one of the requested sources, and those whose one source is no exception.
function Get-RequestedServices {
    param($Plan, [string]$Root)
    $counts = @{}
    foreach ($check in $Plan.checks.Values) { if ($check.licence.Count) { $counts['graph'] = 2; break } }
    foreach ($source in $Plan.requested.Keys) { $service = $source.Split('/')[0]; $counts[$service] = 1 + $counts[$service] }
    # SharePoint's admin host is asked of Graph.
    if ($counts['sharepoint']) { $counts['graph'] = 2 }
    foreach ($service in $serviceNames) {
        if ($counts[$service] -eq 1) {
            foreach ($source in $Plan.requested.Keys) { if ($source.StartsWith("$service/")) { $declaration = Read-SourceDeclaration $Root $source; break } }
            if ($null -eq $declaration -or $declaration['notSupported'] -or $declaration['derivedFrom'] -or $declaration['fallbackOf']) { continue }
        }
        if ($counts[$service]) { $service }
    }
}

# A source that no declaration describes stays in the plan without one: it settles as `not_collected`.
function Add-PlannedSource {
    param($Plan, [string]$Root, [string]$Source)
    if ($Plan.sources.Contains($Source)) { return }
    $declaration = Read-SourceDeclaration $Root $Source
    $Plan.sources[$Source] = $declaration
    if ($null -eq $declaration) { return }
    foreach ($needed in $declaration['derivedFrom'] ?? @()) { Add-PlannedSource $Plan $Root $needed }
    foreach ($needed in $declaration['fallbackOf'], $declaration['whenSeveral']) { if ($needed) { Add-PlannedSource $Plan $Root $needed } }
    # Names to look up come from the accepted domains, or from Graph's domains where a check declares those.
    if ($declaration['from'] -and -not @($declaration['from']).Where({ $Plan.requested.Contains($_) })) {
        Add-PlannedSource $Plan $Root $declaration['from'][0]
    }
}

# Which origins give the object ids of a per-object source: those that a check declares together with it (role members
# for one check, shared mailboxes for another), else the first one of the declaration.
function Resolve-Origins {
    param($Plan, [string]$Root, [string[]]$ExtraSources, $Inputs)
    $askers = @($Plan.checks.Values; @{ sources = $ExtraSources; inputs = @() })
    $pending = [Collections.Generic.Queue[string]]::new([string[]]@($Plan.sources.Keys))
    while ($pending.Count) {
        $source = $pending.Dequeue()
        $declaration = $Plan.sources[$source]
        if ($null -eq $declaration -or -not $declaration['objects']) { continue }
        $origins = [Collections.Generic.List[object]]::new()
        foreach ($origin in $declaration['objects']) {
            if ($origin['input']) {
                $asked = $false
                foreach ($asker in $askers) { if ($asker.inputs -contains $origin['input'] -and $asker.sources -contains $source) { $asked = $true; break } }
                $given = $null -eq $Inputs ? $null : $Inputs.PSObject.Properties[$origin['input']]
                if ($asked -and $null -ne $given -and $given.Value -is [array]) { $origins.Add(@{ input = $origin['input']; ids = [string[]]$given.Value }) }
                continue
            }
            if ($origin['from'] -eq $source) { $origins.Add($origin); continue }
            foreach ($asker in $askers) { if ($asker.sources -contains $source -and $asker.sources -contains $origin['from']) { $origins.Add($origin); break } }
        }
        if (-not $origins.Count -or ($origins.Count -eq 1 -and $origins[0]['from'] -eq $source)) {
            $first = $declaration['objects'][0]
            $origins.Insert(0, $first)
            Add-PlannedSource $Plan $Root $first['from']
            $pending.Enqueue($first['from'])
        }
        $declaration['origins'] = $origins.ToArray()
    }
}

# Services that the planned sources ask, including those that only prepare another one, the slow ones first.
function Get-PlannedServices {
    param($Plan)
    $services = [Collections.Generic.List[string]]::new()
    # The licences of the tenant are asked of Graph.
    foreach ($check in $Plan.checks.Values) { if ($check.licence.Count) { $services.Add('graph'); break } }
    foreach ($declaration in $Plan.sources.Values) {
        if ($null -eq $declaration -or $declaration['notSupported'] -or $declaration['derivedFrom']) { continue }
        if (-not $services.Contains($declaration['service'])) { $services.Add($declaration['service']) }
    }
    # SharePoint's admin host is asked of Graph.
    if ($services.Contains('sharepoint') -and -not $services.Contains('graph')) { $services.Add('graph') }
    foreach ($service in $serviceNames) { if ($services.Contains($service)) { $service } }
}
