#Requires -Version 7.4
# Breaks the evidence of the cases in one place at a time and tells what the verdicts make of it, one JSON line each on stdout:
# { kind: 'reads', check, reads }              what the verdict read in all cases: [source, shape of the path, read|tested|optional|missing]
# { kind: 'state', check, case, base, source, entry, state, others, status, reasonCode }   a source, or one entry of a map, was
#                                              not read; others: the states of its alternatives
# { kind: 'value', check, case, base, source, path, shape, value, mutation, access, status, reasonCode, same, sameDecision, rowState, without }
#                                              a value was changed; told only where the answer is not "unexpected data", and the place was read or the answer changed
# { kind: 'count', check, cases, places, judged }
# -Check limits the checks. -Full tries every place of every case; without it some cases and places of each kind, chosen by -Seed.
# -ChecksRoot: the folder that holds checks/, by default the one this engine belongs to.
param([string]$Check = '*', [string]$ChecksRoot, [int]$Seed = 1, [switch]$Full)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$out = [IO.StreamWriter]::new([Console]::OpenStandardOutput(), [Text.UTF8Encoding]::new($false))
$out.NewLine = "`n"
[Console]::SetOut([Console]::Error)
$root = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..'))
if (-not $ChecksRoot) { $ChecksRoot = $root }
foreach ($file in 'reading', 'states', 'checks', 'judging', 'cases', 'tracing', 'mutating') { . "$PSScriptRoot/$file.ps1" }

function Write-Line { param($Line) $out.WriteLine((ConvertTo-Json -InputObject $Line -Compress -Depth 5)) }

$mostCases = 6
$mostPlaces = 80

# $Most of a list, the same ones for the same seed.
function Select-Some {
    param($All, [int]$Most)
    if ($Full -or $All.Count -le $Most) { return , @($All) }
    $numbers = [int[]](0..($All.Count - 1))
    [Random]::new($Seed).Shuffle($numbers)
    , @(foreach ($number in $numbers[0..($Most - 1)] | Sort-Object) { $All[$number] })
}

# The cases whose status a verdict can give, so many of each.
function Select-Cases {
    param($Cases)
    , @(foreach ($status in 'pass', 'fail', 'manual', 'not_applicable') {
            foreach ($case in (Select-Some @($Cases.Where({ $_.expect.status -eq $status })) $mostCases)) { $case }
        })
}

# A case that the verdict itself decides: @{ name; records; base; text; judge; places; seen }. $null for one decided by the states of sources.
function Open-Case {
    param($Loaded, $Case)
    $records = ConvertTo-SourceRecords $Case.sources
    $scan = New-CaseScan $Case
    $parameters = Get-CaseParameters $Case
    $judge = { Get-ControlResult $Loaded $records $scan $parameters }.GetNewClosure()
    Start-Tracing
    try { $result = & $judge } finally { $seen = Stop-Tracing }
    if ($result.status -notin 'pass', 'fail', 'manual', 'not_applicable' -or ($result.status -eq 'not_applicable' -and -not $seen.Count)) { return $null }
    $places = [Collections.Generic.List[object]]::new()
    foreach ($source in $Loaded.sources) {
        if ($records.ContainsKey($source) -and $records[$source].state -eq 'read') { $places.AddRange((Get-Places $source $records[$source])) }
    }
    @{ name = $Case.name; records = $records; base = $result.status; text = Get-ResultText $result; decision = Get-ResultText $result -Decision; judge = $judge; places = $places; seen = $seen }
}

# 'read', 'tested', 'optional' or '' for a place; elements of lists and the data itself have no name to be read by.
function Get-Access {
    param($Opened, $Place)
    $names = $null
    $access = ''
    if (-not $Place.name) { return 'unknown' }
    if ($Opened.seen.TryGetValue($Place.holder, [ref]$names) -and $names.TryGetValue($Place.name, [ref]$access)) { return $access }
    ''
}

# What was read, with the names that were looked for and not there.
function Add-Reads {
    param($Opened, $Reads)
    $shapes = [Collections.Generic.Dictionary[object, object]]::new([Collections.Generic.ReferenceEqualityComparer]::Instance)
    foreach ($place in $Opened.places) { if (Test-Row $place.value) { $shapes[$place.value] = $place } }
    foreach ($entry in $Opened.seen.GetEnumerator()) {
        $holder = $null
        if (-not $shapes.TryGetValue($entry.Key, [ref]$holder)) { continue }
        $map = $holder.path -eq '' -and (Test-PerObjectSource $holder.source)
        foreach ($name in $entry.Value.Keys) {
            $access = $null -eq $entry.Key.PSObject.Properties[$name] ? 'missing' : $entry.Value[$name]
            [void]$Reads.Add("$($holder.source)`t$($holder.shape)/$($map ? '{}' : $name)`t$access")
        }
    }
}

# The places to break: all of them, or one of each kind, the same ones for the same seed.
function Select-Places {
    param($Cases)
    $all = foreach ($opened in $Cases) { foreach ($place in $opened.places) { @{ opened = $opened; place = $place; access = Get-Access $opened $place } } }
    if ($Full) { return , @($all) }
    $random = [Random]::new($Seed)
    $kinds = [ordered]@{}
    foreach ($one in $all) {
        $value = $one.place.value
        $kind = "$($one.opened.base) $($one.place.source) $($one.place.shape) $($one.access) $($null -eq $value) $($value -is [array] -and -not $value.Count)"
        if (-not $kinds.Contains($kind)) { $kinds[$kind] = @{ count = 0; chosen = $null } }
        # Each one of a kind is equally likely to be the chosen one.
        if ($random.Next(++$kinds[$kind].count) -eq 0) { $kinds[$kind].chosen = $one }
    }
    , (Select-Some @($kinds.Values.ForEach({ $_.chosen })) $mostPlaces)
}

function Test-Places {
    param($Loaded, $Chosen)
    $judged = 0
    foreach ($one in $Chosen) {
        $place = $one.place
        $mutations = Get-Mutations $place -Few:(-not $Full -and -not $one.access)
        foreach ($mutation in $mutations.Keys) {
            $judged++
            $result = Invoke-Mutated $place $mutation $mutations[$mutation].value $one.opened.judge
            if ($result.status -eq 'error') { continue }
            $same = (Get-ResultText $result) -ceq $one.opened.text
            if ($same -and $one.access -in '', 'unknown') { continue }
            Write-Line ([ordered]@{
                    kind = 'value'; check = $Loaded.key; case = $one.opened.name; base = $one.opened.base; source = $place.source; path = $place.path; shape = $place.shape
                    value = Get-PlaceKind $place; mutation = $mutation; access = $one.access; status = $result.status; reasonCode = $result.reasonCode; same = $same
                    sameDecision = (Get-ResultText $result -Decision) -ceq $one.opened.decision; rowState = Get-RowState $place
                    without = Get-StatusWithoutRow $place $one.opened.judge
                })
        }
    }
    $judged
}

# Every state a source can be in without having been read, one that does not exist, and "read" without data.
function Test-States {
    param($Loaded, $Cases)
    $judged = 0
    foreach ($opened in $Cases) {
        foreach ($source in $Loaded.sources) {
            if (-not $opened.records.ContainsKey($source) -or $opened.records[$source].state -ne 'read') { continue }
            $record = $opened.records[$source]
            $alternatives = @($Loaded.requirements.Where({ $source -in $_.sources }, 'First')[0].sources.Where({ $_ -ne $source }))
            $others = @($alternatives.ForEach({ Get-SourceState $opened.records $_ }))
            foreach ($state in @($failedStates) + 'some_other_state', 'read') {
                $judged++
                $opened.records[$source] = @{ state = $state; error = $null; data = $null }
                try { $result = & $opened.judge } finally { $opened.records[$source] = $record }
                Write-Line ([ordered]@{ kind = 'state'; check = $Loaded.key; case = $opened.name; base = $opened.base; source = $source; entry = $null; state = $state; others = $others; status = $result.status; reasonCode = $result.reasonCode })
            }
            if (-not (Test-PerObjectSource $source) -or -not (Test-Row $record.data)) { continue }
            foreach ($property in @($record.data.PSObject.Properties)) {
                foreach ($state in $failedStates) {
                    $judged++
                    $value = $property.Value
                    $property.Value = [pscustomobject]@{ state = $state; error = [pscustomobject]@{ code = 'x'; message = 'y' } }
                    try { $result = & $opened.judge } finally { $property.Value = $value }
                    Write-Line ([ordered]@{ kind = 'state'; check = $Loaded.key; case = $opened.name; base = $opened.base; source = $source; entry = $property.Name; state = $state; others = $others; status = $result.status; reasonCode = $result.reasonCode })
                }
            }
        }
    }
    $judged
}

# For the states one case of each status that reads the most sources is enough, chosen by the seed among equals.
function Select-StateCases {
    param($Cases)
    if ($Full) { return , @($Cases) }
    $random = [Random]::new($Seed)
    $groups = $Cases | Group-Object { $_.base }
    , @(foreach ($group in $groups) {
            $most = ($group.Group.ForEach({ $_.records.Count }) | Measure-Object -Maximum).Maximum
            $best = @($group.Group.Where({ $_.records.Count -eq $most }))
            $best[$random.Next($best.Count)]
        })
}

foreach ($found in (Find-CheckFolders $ChecksRoot $Check.Split(','))) {
    $loaded = Read-Check $ChecksRoot $found.key
    $opened = @(foreach ($case in (Select-Cases (Read-Cases $found.folder))) { Open-Case $loaded $case }).Where({ $null -ne $_ })
    $reads = [Collections.Generic.HashSet[string]]::new([StringComparer]::Ordinal)
    foreach ($one in $opened) { Add-Reads $one $reads }
    Write-Line ([ordered]@{ kind = 'reads'; check = $loaded.key; reads = @($reads | Sort-Object) })
    $judged = Test-States $loaded (Select-StateCases $opened)
    $chosen = Select-Places $opened
    $judged += Test-Places $loaded $chosen
    Write-Line ([ordered]@{ kind = 'count'; check = $loaded.key; cases = $opened.Count; places = $chosen.Count; judged = $judged })
}
$out.Flush()
exit 0
