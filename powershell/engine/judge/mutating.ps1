# For tests: evidence that is broken in one place, and the judging of it.

# What stands where a value is expected: nothing that a verdict reads is a fraction, so it is wrong everywhere.
$wrongValue = 0.5

function Test-Row { param($Value) $Value -is [Management.Automation.PSCustomObject] }

# Every place of one source's data: @{ holder; name; index; record; value; path; shape }. `path` is exact, `shape` has [] for an
# index and {} for the id of an object. The first place is the data itself.
function Get-Places {
    param([string]$Source, $Record)
    $places = [Collections.Generic.List[object]]::new()
    $places.Add(@{ holder = $null; name = ''; index = -1; record = $Record; value = $Record.data; path = ''; shape = ''; source = $Source })
    # The list grows while it is walked: what a place holds is looked at in its turn.
    for ($at = 0; $at -lt $places.Count; $at++) {
        $place = $places[$at]
        $value = $place.value
        if ($value -is [array]) {
            for ($index = 0; $index -lt $value.Count; $index++) {
                $places.Add(@{ holder = $value; name = ''; index = $index; record = $Record; value = $value[$index]; path = "$($place.path)/[$index]"; shape = "$($place.shape)/[]"; source = $Source })
            }
        } elseif (Test-Row $value) {
            $map = $at -eq 0 -and (Test-PerObjectSource $Source)
            foreach ($property in $value.PSObject.Properties) {
                $step = $map ? '{}' : $property.Name
                $places.Add(@{ holder = $value; name = $property.Name; index = -1; record = $Record; value = $property.Value; path = "$($place.path)/$($property.Name)"; shape = "$($place.shape)/$step"; source = $Source })
            }
        }
    }
    , $places
}

# What a place held before: 'null', 'empty list', 'list', 'object' or 'value'.
function Get-PlaceKind {
    param($Place)
    if ($null -eq $Place.value) { return 'null' }
    if ($Place.value -is [array]) { return $Place.value.Count ? 'list' : 'empty list' }
    if (Test-Row $Place.value) { 'object' } else { 'value' }
}

# A value of another type that might come by mistake: a word for a switch, one object where a list of one was, texts run together.
function Get-KindredValue {
    param($Value)
    if ($Value -is [bool]) { return @{ value = "$Value" } }
    if ($Value -is [string]) { return @{ value = $true } }
    if ($Value -is [long] -or $Value -is [int]) { return @{ value = "$Value" } }
    if ($Value -is [array]) { return @{ value = $Value.Count -eq 1 ? $Value[0] : $Value.Where({ $_ -isnot [string] }).Count ? 'System.Object[]' : $Value -join ',' } }
    if (Test-Row $Value) { return @{ value = @(, $Value) } }
    $null
}

# name -> value of the mutations that make sense at a place. -Few: the two that show whether anything depends on it.
function Get-Mutations {
    param($Place, [switch]$Few)
    $value = $Place.value
    $all = [ordered]@{}
    if ($Place.name) { $all['absent'] = @{ value = $null } }
    $all['wrong'] = @{ value = $wrongValue }
    if ($Few) { return $all }
    $kindred = Get-KindredValue $value
    if ($null -ne $kindred) { $all['kindred'] = $kindred }
    if ($null -ne $value) { $all['null'] = @{ value = $null } }
    if ($value -is [array] -and $value.Count) { $all['empty'] = @{ value = @() } }
    $all
}

function Set-PlaceValue {
    param($Place, $Value)
    if ($null -eq $Place.holder) { $Place.record.data = $Value; return }
    if ($Place.index -ge 0) { $Place.holder[$Place.index] = $Value; return }
    $Place.holder.PSObject.Properties[$Place.name].Value = $Value
}

# Takes a property away, or gives it back in its old place: verdicts may go through properties in their order.
function Remove-PlaceProperty { param($Place) $Place.holder.PSObject.Properties.Remove($Place.name) }
function Restore-PlaceProperty {
    param($Place, $Properties)
    foreach ($property in @($Place.holder.PSObject.Properties)) { $Place.holder.PSObject.Properties.Remove($property.Name) }
    foreach ($property in $Properties) { $Place.holder.PSObject.Properties.Add($property) }
}

# Judges with one place changed, and leaves the evidence as it was.
function Invoke-Mutated {
    param($Place, [string]$Mutation, $Value, [scriptblock]$Judge)
    if ($Mutation -eq 'absent') {
        $properties = @($Place.holder.PSObject.Properties)
        Remove-PlaceProperty $Place
        try { & $Judge } finally { Restore-PlaceProperty $Place $properties }
        return
    }
    Set-PlaceValue $Place $Value
    try { & $Judge } finally { Set-PlaceValue $Place $Place.value }
}

# All that a person would see of a result, as one text; -Decision: without the names of things, which decide nothing.
function Get-ResultText {
    param($Result, [switch]$Decision)
    $rows = foreach ($finding in $Result.findings) {
        $name = $Decision ? '' : "$($finding.resourceId)|$($finding.resourceName)|"
        "$name$($finding.property)|$($finding.expected)|$($finding.actual)|$($finding.compliant)"
    }
    $text = "$($Result.status)|$($Result.reasonCode)`n$($rows -join "`n")"
    if ($Decision) { $text } else { "$($Result.message)`n$text" }
}

# The state that the row of a place is in by its own account: policies that are off are read more leniently than others.
function Get-RowState {
    param($Place)
    if ($Place.path -notmatch '^/\[(\d+)\]') { return $null }
    $row = $Place.record.data[[int]$Matches[1]]
    foreach ($name in 'state', 'status', 'Identity') {
        if ((Test-Row $row) -and $null -ne $row.PSObject.Properties[$name] -and $row.$name -is [string]) { return $row.$name }
    }
}

# The answer without the row that a place lies in: what the rest of the evidence says alone. $null outside of a list of rows.
function Get-StatusWithoutRow {
    param($Place, [scriptblock]$Judge)
    if ($Place.path -notmatch '^/\[(\d+)\]') { return $null }
    $data = $Place.record.data
    $row = [int]$Matches[1]
    $Place.record.data = @(for ($at = 0; $at -lt $data.Count; $at++) { if ($at -ne $row) { , $data[$at] } })
    try { (& $Judge).status } finally { $Place.record.data = $data }
}
