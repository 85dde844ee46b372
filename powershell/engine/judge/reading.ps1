# The reading functions of a verdict. Evidence is what a service answered, so every one of them
# either gives a value of the promised type or throws an "unexpected data" error that names the path:
# a property that is absent must never look like one that is off.
#
# Lists come back whole (not unrolled): write `$rows = Get-Rows …`, then `foreach ($row in $rows)` or
# `$rows.Where({ … })`. Neither `@(Get-Rows …)` nor `Get-Rows … | …`: both would see one element, the list.

function Stop-UnexpectedData {
    param([string]$Source, [string]$Path, [string]$Problem)
    $where = if ($Path) { "$Source at $Path" } else { $Source }
    $exception = [IO.InvalidDataException]::new("$($where): $Problem")
    $exception.Data['source'] = $Source
    $exception.Data['path'] = $Path
    $exception.Data['problem'] = $Problem
    throw $exception
}

# For a source declared `optional` and for an entry of a source declared `entries: partial`: the verdict found
# that it needs the one that was not read. The control then gets the state of that source or entry.
function Stop-Unread {
    param([string]$Source, [string]$Entry)
    $problem = [IO.InvalidDataException]::new("$Source$(if ($Entry) { " at $Entry" }) was not read")
    $problem.Data['source'] = $Source
    $problem.Data['problem'] = 'was not read'
    $problem.Data['unreadSource'] = $Source
    $problem.Data['unreadEntry'] = $Entry
    throw $problem
}

# What a value is, in words for a message. Never the value itself: evidence may be personal data.
function Get-ValueKind {
    param($Value)
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { return 'a boolean' }
    if ($Value -is [string]) { return 'text' }
    if ($Value -is [array]) { return 'a list' }
    if ($Value -is [Management.Automation.PSCustomObject]) { return 'an object' }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [bigint]) { return 'a whole number' }
    'a number'
}

# These functions are called thousands of times in a scan, most of them before the runtime has compiled them: they take the short way
# to a value, declare plain parameters, and leave the explaining to a function that only a failure calls.

# The property at the end of a path, or $null. The longest name that matches wins at each step, because names such as
# `@odata.type` hold the separator themselves.
function Find-Property {
    param($Object, [string]$Path)
    while ($Object -is [Management.Automation.PSCustomObject]) {
        $properties = $Object.PSObject.Properties
        $property = $properties[$Path]
        if ($null -ne $property) { return $property }
        $end = $Path.LastIndexOf('.')
        while ($end -gt 0) {
            $property = $properties[$Path.Substring(0, $end)]
            if ($null -ne $property) { break }
            $end = $Path.LastIndexOf('.', $end - 1)
        }
        if ($end -le 0) { return $null }
        $Object = $property.Value
        $Path = $Path.Substring($end + 1)
    }
    $null
}

# Why there is no value of the wanted kind: the property is absent, something on the way is no object, or it is another kind.
function Stop-WrongValue {
    param($Object, [string]$Path, [string]$Of, $Property, [string]$Wanted)
    if ($null -ne $Property) { Stop-UnexpectedData $Of $Path "expected $Wanted, found $(Get-ValueKind $Property.Value)" }
    $value = $Object
    $seen = ''
    foreach ($name in $Path.Split('.')) {
        if ($value -isnot [Management.Automation.PSCustomObject]) {
            Stop-UnexpectedData $Of $Path "expected an object$(if ($seen) { " at $seen" }), found $(Get-ValueKind $value)"
        }
        $step = $value.PSObject.Properties[$name]
        if ($null -eq $step) { break }
        $value = $step.Value
        $seen = if ($seen) { "$seen.$name" } else { $name }
    }
    Stop-UnexpectedData $Of $Path 'the property is absent'
}

function Read-Property {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property) { Stop-WrongValue $Object $Path $Of $null '' }
    if ($property.Value -is [array]) { return , $property.Value }
    $property.Value
}

function Test-Property {
    param($Object, [string]$Path)
    $null -ne (Find-Property $Object $Path)
}

function Read-Boolean {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or $property.Value -isnot [bool]) { Stop-WrongValue $Object $Path $Of $property 'a boolean' }
    $property.Value
}

function Read-Integer {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or ($property.Value -isnot [long] -and $property.Value -isnot [int])) { Stop-WrongValue $Object $Path $Of $property 'a whole number' }
    $property.Value
}

function Read-String {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or $property.Value -isnot [string]) { Stop-WrongValue $Object $Path $Of $property 'text' }
    $property.Value
}

function Read-Object {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or $property.Value -isnot [Management.Automation.PSCustomObject]) { Stop-WrongValue $Object $Path $Of $property 'an object' }
    $property.Value
}

function Read-NullableBoolean {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or ($null -ne $property.Value -and $property.Value -isnot [bool])) { Stop-WrongValue $Object $Path $Of $property 'a boolean' }
    $property.Value
}

function Read-NullableInteger {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or ($null -ne $property.Value -and $property.Value -isnot [long] -and $property.Value -isnot [int])) {
        Stop-WrongValue $Object $Path $Of $property 'a whole number'
    }
    $property.Value
}

function Read-NullableString {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or ($null -ne $property.Value -and $property.Value -isnot [string])) { Stop-WrongValue $Object $Path $Of $property 'text' }
    $property.Value
}

function Read-NullableObject {
    param($Object, [string]$Path, [string]$Of = 'evidence')
    $property = Find-Property $Object $Path
    if ($null -eq $property -or ($null -ne $property.Value -and $property.Value -isnot [Management.Automation.PSCustomObject])) {
        Stop-WrongValue $Object $Path $Of $property 'an object'
    }
    $property.Value
}

function Read-List {
    param($Object, [string]$Path, [string]$Of = 'evidence', [switch]$NullIsEmpty)
    $property = Find-Property $Object $Path
    if ($null -ne $property) {
        if ($property.Value -is [array]) { return , $property.Value }
        if ($null -eq $property.Value -and $NullIsEmpty) { return , @() }
    }
    Stop-WrongValue $Object $Path $Of $property 'a list'
}

function Read-StringList {
    param($Object, [string]$Path, [string]$Of = 'evidence', [switch]$NullIsEmpty)
    $property = Find-Property $Object $Path
    if ($null -ne $property -and $null -eq $property.Value -and $NullIsEmpty) { return , @() }
    if ($null -eq $property -or $property.Value -isnot [array]) { Stop-WrongValue $Object $Path $Of $property 'a list' }
    $index = 0
    foreach ($item in $property.Value) {
        if ($item -isnot [string]) { Stop-UnexpectedData $Of "$Path[$index]" "expected text, found $(Get-ValueKind $item)" }
        $index++
    }
    , $property.Value
}

# The data of one source. A source that the check did not declare is a mistake of the check, and says so.
function Get-SourceData {
    param($Evidence, [string]$Source)
    $property = $Evidence.PSObject.Properties[$Source]
    if ($null -eq $property) { Stop-UnexpectedData $Source '' 'the source is not in the evidence of this check' }
    if ($property.Value -is [array]) { return , $property.Value }
    $property.Value
}

function Test-Source {
    param($Evidence, [string]$Source)
    $property = $Evidence.PSObject.Properties[$Source]
    # A source that answered "not found" and is declared `notFound: empty` is present, but null: it was not read.
    $null -ne $property -and $null -ne $property.Value
}

function Get-Single {
    param($Evidence, [string]$Source)
    $data = Get-SourceData $Evidence $Source
    if ($data -is [array]) {
        if ($data.Count -ne 1) { Stop-UnexpectedData $Source '' "expected exactly one object, found $($data.Count)" }
        $data = $data[0]
    }
    if ($data -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData $Source '' "expected an object, found $(Get-ValueKind $data)" }
    $data
}

function Get-Rows {
    param($Evidence, [string]$Source)
    $data = Get-SourceData $Evidence $Source
    if ($data -isnot [array]) { Stop-UnexpectedData $Source '' "expected a list, found $(Get-ValueKind $data)" }
    for ($index = 0; $index -lt $data.Count; $index++) {
        if ($data[$index] -isnot [Management.Automation.PSCustomObject]) {
            Stop-UnexpectedData $Source "[$index]" "expected an object, found $(Get-ValueKind $data[$index])"
        }
    }
    , $data
}

function Get-Entry {
    param($Map, [string]$Id, [string]$Of = 'evidence')
    if ($Map -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData $Of '' "expected a map of objects, found $(Get-ValueKind $Map)" }
    $property = $Map.PSObject.Properties[$Id]
    if ($null -eq $property) { Stop-UnexpectedData $Of $Id 'the entry is absent' }
    if (Test-FailedEntry $property.Value) { Stop-Unread $Of $Id }
    if ($property.Value -is [array]) { return , $property.Value }
    $property.Value
}

function Get-EntryState {
    param($Map, [string]$Id)
    if ($Map -isnot [Management.Automation.PSCustomObject]) { return 'not_collected' }
    $property = $Map.PSObject.Properties[$Id]
    if ($null -eq $property) { return 'not_collected' }
    if (Test-FailedEntry $property.Value) { return $property.Value.state }
    'read'
}

function New-Finding {
    param([string]$ResourceId, [string]$ResourceName, [string]$Property, $Expected, $Actual, [bool]$Compliant)
    [ordered]@{
        resourceId = $ResourceId; resourceName = $ResourceName; property = $Property
        expected = $Expected; actual = $Actual; compliant = $Compliant
    }
}

function New-Verdict {
    param(
        [Parameter(Position = 0)][ValidateSet('pass', 'fail', 'manual', 'not_applicable')][string]$Status,
        [Parameter(Position = 1)][string]$Message,
        [Parameter(Position = 2)]$Findings = @(),
        [string]$ReasonCode
    )
    $list = [Collections.Generic.List[object]]::new()
    foreach ($finding in $Findings) { if ($null -ne $finding) { $list.Add($finding) } }
    @{ status = $Status; message = $Message; findings = $list.ToArray(); reasonCode = if ($ReasonCode) { $ReasonCode } else { $null } }
}
