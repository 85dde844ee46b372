# Per-object sources: a map, object id -> what was read for it. The ids come from other sources as these are read.

function Start-ObjectReading {
    param($Reading)
    $origins = @($Reading.declaration['origins'] ?? @())
    $others = @($origins).Where({ $_['from'] -ne $Reading.id })
    $Reading.openOrigins = $others.Count
    foreach ($origin in $others) {
        if ($origin['input']) {
            foreach ($id in $origin['ids']) { Add-ObjectId $Reading $id }
            $Reading.openOrigins--
            continue
        }
        $source = $engine.readings[$origin['from']]
        $pair = @{ reading = $Reading; origin = $origin }
        # Entry by entry: the members of one role need not wait for those of another.
        foreach ($key in @($source.entries.Keys)) { Add-ObjectsOfEntry $pair $source.entries[$key] }
        $source.entryWaiters.Add($pair)
        Wait-Reading $source 'Complete-Origin' $pair
    }
    Test-ReadingDone $Reading
}

function Complete-Origin {
    param($Pair, $Source)
    $reading = $Pair.reading
    if ($reading.state) { return }
    $reading.openOrigins--
    if ($Source.state -eq 'read') {
        if ($Source.declaration['kind'] -ne 'perObject') { Add-ObjectsOfRows $Pair $Source.data }
    } else { $reading.failedOrigins.Add($Source) }
    Test-ReadingDone $reading
}

function Add-ObjectsOfEntry {
    param($Pair, $Entry)
    if ($Entry -is [array]) { Add-ObjectsOfRows $Pair $Entry }
}

function Test-OriginRow {
    param($Origin, $Row)
    if ($Origin['type'] -and (Get-Field $Row '@odata.type') -ne $Origin['type']) { return $false }
    if ($Origin['where']) { foreach ($name in $Origin['where'].Keys) { if ((Get-Field $Row $name) -ne $Origin['where'][$name]) { return $false } } }
    $true
}

function Add-ObjectsOfRows {
    param($Pair, $Rows)
    foreach ($row in $Rows) {
        if (-not (Test-OriginRow $Pair.origin $row)) { continue }
        $id = Get-Field $row $Pair.origin['id']
        if ($id -isnot [string] -or -not $id) { continue }
        $inline = if ($Pair.origin['inline']) { Get-InlineObject $Pair.origin['inline'] $row }
        if ($null -ne $inline) { if ($Pair.reading.known.Add($id)) { Add-Entry $Pair.reading $id $inline } } else { Add-ObjectId $Pair.reading $id }
    }
}

# The object may have come along with the row ($expand): then no request is needed.
function Get-InlineObject {
    param($Inline, $Row)
    $list = $Row
    foreach ($name in $Inline['list'].Split('.')) { $list = Get-Field $list $name }
    foreach ($item in $list) { if (Test-OriginRow $Inline $item) { return $item } }
    $null
}

function Add-ObjectId {
    param($Reading, [string]$Id)
    if (-not $Reading.known.Add($Id)) { return }
    New-Unit $Reading $Id (New-ObjectRequest $Reading.declaration $Id) $Reading.declaration['entry']
}

function Add-Entry {
    param($Reading, [string]$Key, $Value)
    $Reading.entries[$Key] = $Value
    foreach ($origin in @($Reading.declaration['origins'] ?? @())) {
        if ($origin['from'] -eq $Reading.id) { Add-ObjectsOfEntry @{ reading = $Reading; origin = $origin } $Value }   # groups inside groups
    }
    foreach ($pair in $Reading.entryWaiters.ToArray()) { if (-not $pair.reading.state) { Add-ObjectsOfEntry $pair $Value } }
}

function Complete-ObjectReading {
    param($Reading)
    $origins = @($Reading.declaration['origins'] ?? @()).Where({ $_['from'] -ne $Reading.id }).Count
    if ($origins -and $Reading.failedOrigins.Count -eq $origins) {
        $state = Get-WorstState $Reading.failedOrigins.ToArray().ForEach({ $_.state })
        $first = $Reading.failedOrigins.Where({ $_.state -eq $state }, 'First')[0]
        Complete-Reading $Reading $state $null (Copy-Problem $first)
        return
    }
    $map = [Management.Automation.PSObject]::new()
    $failed = [Collections.Generic.List[object]]::new()
    foreach ($key in $Reading.entries.Keys) {
        $value = $Reading.entries[$key]
        $map.PSObject.Properties.Add([Management.Automation.PSNoteProperty]::new($key, $value))
        if (Test-FailedEntry $value) { $failed.Add($value) }
    }
    # Every object failed for the same reason: that is the state of the source, not of its objects.
    if ($failed.Count -and $failed.Count -eq $Reading.entries.Count -and $failed[0].state -ne 'not_found' -and -not $failed.Where({ $_.state -ne $failed[0].state })) {
        $problem = [ordered]@{}
        foreach ($property in $failed[0].error.PSObject.Properties) { $problem[$property.Name] = $property.Value }
        Complete-Reading $Reading $failed[0].state $null $problem
        return
    }
    Complete-Reading $Reading 'read' $map $null
}
