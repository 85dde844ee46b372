# Per-object sources: a map, object id -> what was read for it. The ids come from other sources as these are read.
# Each origin is a strand of its own: a check waits for the strands of what it declares, and is judged by their objects
# alone. So nothing that only another check needs delays it or spoils it.

function Initialize-Strands {
    param($Reading)
    foreach ($origin in $Reading.declaration['origins']) {
        if ($origin['from'] -eq $Reading.id) { continue }
        $name = $origin['from'] ?? $origin['input']
        # `open`: the origin itself, and every object that it led to and that is not read yet.
        $Reading.strands[$name] = @{ name = $name; origin = $origin; open = 1; failed = $null; waiters = [Collections.Generic.List[object]]::new() }
    }
}

function Start-ObjectReading {
    param($Reading)
    $strands = @($Reading.strands.Values)
    $Reading.openOrigins = $strands.Count
    foreach ($strand in $strands) {
        $origin = $strand.origin
        $pair = @{ reading = $Reading; strand = $strand }
        if ($origin['input']) {
            foreach ($id in $origin['ids']) { Add-ObjectId $Reading $id $strand $null }
            Complete-Origin $pair $null
            continue
        }
        $source = $engine.readings[$origin['from']]
        # Entry by entry: the members of one role need not wait for those of another.
        $source.entryWaiters.Add($pair)
        foreach ($key in @($source.entries.Keys)) { Send-EntryTo $pair $source.entries[$key] $source.owners[$key] }
        $within = $origin['of'] ? $source.strands[$origin['of']] : $null
        if ($null -eq $within -and -not $origin['of']) { Wait-Reading $source 'Complete-Origin' $pair }
        elseif ($null -ne $within -and $within.open -gt 0) { $within.waiters.Add($pair) }
        else { Complete-Origin $pair $null }
    }
    Test-ReadingDone $Reading
}

# $Source: the reading that has settled, or $null when its entries have told all.
function Complete-Origin {
    param($Pair, $Source)
    $reading = $Pair.reading
    if ($reading.state) { return }
    $reading.openOrigins--
    if ($null -ne $Source) {
        if ($Source.state -ne 'read') { $Pair.strand.failed = $Source }
        elseif ($Source.declaration['kind'] -ne 'perObject') { Add-ObjectsOfRows $reading $Pair.strand.origin @($Pair.strand) $Source.data }
    }
    Close-Strand $reading $Pair.strand
    Test-ReadingDone $reading
}

function Close-Strand {
    param($Reading, $Strand)
    $Strand.open--
    if ($Strand.open -ne 0) { return }
    $engine.settled.Enqueue("$($Reading.id) $($Strand.name)")
    foreach ($pair in $Strand.waiters.ToArray()) { Complete-Origin $pair $Strand.failed }
}

# A reading that ends before its objects are read (no token, say) ends for everybody.
function Close-AllStrands {
    param($Reading)
    foreach ($strand in @($Reading.strands.Values)) {
        if ($strand.open -le 0) { continue }
        $strand.failed = $Reading
        $strand.open = 1
        Close-Strand $Reading $strand
    }
}

function Test-OriginType {
    param($Origin, $Item)
    -not $Origin['type'] -or "$(Get-Field $Item '@odata.type')".TrimStart('#') -eq $Origin['type'].TrimStart('#')
}

function Test-OriginRow {
    param($Origin, $Row)
    if ($Origin['where']) { foreach ($name in $Origin['where'].Keys) { if ((Get-Field $Row $name) -ne $Origin['where'][$name]) { return $false } } }
    $true
}

# What a path leads to, lists on the way opened: the approvers of all stages, say.
function Get-InnerItems {
    param($Row, [string]$Path)
    $items = @($Row)
    foreach ($name in $Path.Split('.')) { $items = @(foreach ($item in $items) { foreach ($inner in (Get-Field $item $name)) { $inner } }) }
    , $items
}

function Add-ObjectsOfRows {
    param($Reading, $Origin, $Strands, $Rows)
    foreach ($row in $Rows) {
        if (-not (Test-OriginRow $Origin $row)) { continue }
        $items = if ($Origin['each']) { Get-InnerItems $row $Origin['each'] } else { , @($row) }
        foreach ($item in $items) {
            if (-not (Test-OriginType $Origin $item)) { continue }
            $id = if ($item -is [string]) { $item } else { foreach ($name in $Origin['id']) { $value = Get-Field $item $name; if ($value) { $value; break } } }
            if ($id -isnot [string] -or -not $id) { continue }
            $inline = if ($Origin['inline']) { Get-InlineObject $Origin['inline'] $row }
            foreach ($strand in $Strands) { Add-ObjectId $Reading $id $strand $inline }
        }
    }
}

# The object may have come along with the row ($expand): then no request is needed.
function Get-InlineObject {
    param($Inline, $Row)
    foreach ($item in (Get-InnerItems $Row $Inline['list'])) { if (Test-OriginRow $Inline $item) { return $item } }
    $null
}

# Each object is read once, however many strands lead to it.
function Add-ObjectId {
    param($Reading, [string]$Id, $Strand, $Inline)
    if ($Reading.state) { return }
    $owners = $Reading.owners[$Id]
    if ($null -ne $owners) {
        if ($owners.Contains($Strand)) { return }
        $owners.Add($Strand)
        if ($Reading.entries.Contains($Id)) { Send-Entry $Reading $Id @($Strand) } else { $Strand.open++ }
        return
    }
    $Reading.owners[$Id] = $owners = [Collections.Generic.List[object]]::new()
    $owners.Add($Strand)
    if ($null -ne $Inline) { Add-Entry $Reading $Id $Inline; return }
    $Strand.open++
    New-Unit $Reading $Id (New-ObjectRequest $Reading.declaration $Id) $Reading.declaration['entry']
}

function Add-Entry {
    param($Reading, [string]$Key, $Value)
    $Reading.entries[$Key] = $Value
    Send-Entry $Reading $Key $Reading.owners[$Key]
}

# An object that was asked for is there: its strands have one less to wait for.
function Complete-Entry {
    param($Reading, [string]$Key, $Value)
    Add-Entry $Reading $Key $Value
    foreach ($strand in $Reading.owners[$Key]) { Close-Strand $Reading $strand }
}

# Hands an entry on to what takes ids from it: groups inside groups, and other sources.
function Send-Entry {
    param($Reading, [string]$Key, $Strands)
    $value = $Reading.entries[$Key]
    if ($value -isnot [array] -and ($value -isnot [Management.Automation.PSCustomObject] -or (Test-FailedEntry $value))) { return }
    foreach ($origin in $Reading.declaration['origins']) { if ($origin['from'] -eq $Reading.id) { Add-ObjectsOfRows $Reading $origin @($Strands) $value } }
    foreach ($pair in $Reading.entryWaiters.ToArray()) { Send-EntryTo $pair $value $Strands }
}

# `of` in an origin: only entries that are there for that strand lead on. The members of a group that stands for
# something else are nobody's business.
function Send-EntryTo {
    param($Pair, $Value, $Strands)
    if ($Pair.reading.state) { return }
    $of = $Pair.strand.origin['of']
    if ($of) {
        $found = $false
        foreach ($strand in $Strands) { if ($strand.name -eq $of) { $found = $true; break } }
        if (-not $found) { return }
    }
    if ($Value -is [array] -or -not (Test-FailedEntry $Value)) { Add-ObjectsOfRows $Pair.reading $Pair.strand.origin @($Pair.strand) $Value }
}

# What some strands of a reading have come to, in the shape of a reading: @{ state; data; error }.
function Get-ObjectsOutcome {
    param($Reading, $Strands)
    $failedOrigins = @(foreach ($strand in $Strands) { if ($null -ne $strand.failed) { $strand.failed } })
    if ($failedOrigins.Count -and $failedOrigins.Count -eq @($Strands).Count) {
        $state = Get-WorstState @(foreach ($origin in $failedOrigins) { $origin.state })
        foreach ($origin in $failedOrigins) { if ($origin.state -eq $state) { return @{ state = $state; data = $null; error = (Copy-Problem $origin) } } }
    }
    $all = @($Strands).Count -eq $Reading.strands.Count
    $map = [Management.Automation.PSObject]::new()
    $count = 0
    $failed = [Collections.Generic.List[object]]::new()
    foreach ($key in $Reading.entries.Keys) {
        if (-not $all) {
            $owned = $false
            foreach ($strand in $Reading.owners[$key]) { if ($Strands.Contains($strand)) { $owned = $true; break } }
            if (-not $owned) { continue }
        }
        $value = $Reading.entries[$key]
        $map.PSObject.Properties.Add([Management.Automation.PSNoteProperty]::new($key, $value))
        $count++
        if (Test-FailedEntry $value) { $failed.Add($value) }
    }
    # Every object failed for the same reason: that is the state of the source, not of its objects.
    if ($failed.Count -and $failed.Count -eq $count -and $failed[0].state -ne 'not_found' -and -not $failed.Where({ $_.state -ne $failed[0].state })) {
        $problem = [ordered]@{}
        foreach ($property in $failed[0].error.PSObject.Properties) { $problem[$property.Name] = $property.Value }
        return @{ state = $failed[0].state; data = $null; error = $problem }
    }
    @{ state = 'read'; data = $map; error = $null }
}

function Complete-ObjectReading {
    param($Reading)
    $outcome = Get-ObjectsOutcome $Reading @($Reading.strands.Values)
    $Reading.assembled = $true
    Complete-Reading $Reading $outcome.state $outcome.data $outcome.error
}
