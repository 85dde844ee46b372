# The reading functions of a verdict. Evidence is what a service answered, so every one of them
# either gives a value of the promised type or throws an "unexpected data" error that names the path:
# a property that is absent must never look like one that is off.
#
# Lists come back whole (not unrolled): write `$rows = Get-Rows …`, then `foreach ($row in $rows)` or
# `$rows.Where({ … })`. Neither `@(Get-Rows …)` nor `Get-Rows … | …`: both would see one element, the list.

function Stop-UnexpectedData {
    param([Parameter(Position = 0)][string]$Source, [Parameter(Position = 1)][string]$Path, [Parameter(Position = 2)][string]$Problem)
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
    param([Parameter(Position = 0)][string]$Source, [Parameter(Position = 1)][string]$Entry)
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

# One step down a path: the longest property name that matches wins, because names such as
# `@odata.type` hold the separator themselves. Gives found, value, and the rest of the path.
function Step-IntoProperty {
    param($Object, [string]$Path)
    $properties = $Object.PSObject.Properties
    $end = $Path.Length
    while ($end -gt 0) {
        $name = $Path.Substring(0, $end)
        $property = $properties[$name]
        if ($null -ne $property -and $property.MemberType -eq 'NoteProperty') {
            return @{ found = $true; value = $property.Value; name = $name; rest = $Path.Substring([Math]::Min($end + 1, $Path.Length)) }
        }
        $end = $Path.LastIndexOf('.', $end - 1)
    }
    @{ found = $false; value = $null; name = $Path.Split('.')[0]; rest = '' }
}

function Read-Property {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = $Object
    $rest = $Path
    $seen = ''
    while ($rest) {
        if ($value -isnot [Management.Automation.PSCustomObject]) {
            Stop-UnexpectedData $Of $Path "expected an object$(if ($seen) { " at $seen" }), found $(Get-ValueKind $value)"
        }
        $step = Step-IntoProperty $value $rest
        if (-not $step.found) { Stop-UnexpectedData $Of $Path 'the property is absent' }
        $seen = if ($seen) { "$seen.$($step.name)" } else { $step.name }
        $value = $step.value
        $rest = $step.rest
    }
    if ($value -is [array]) { return , $value }
    $value
}

function Test-Property {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path)
    $value = $Object
    $rest = $Path
    while ($rest) {
        if ($value -isnot [Management.Automation.PSCustomObject]) { return $false }
        $step = Step-IntoProperty $value $rest
        if (-not $step.found) { return $false }
        $value = $step.value
        $rest = $step.rest
    }
    $true
}

function Read-NullableBoolean {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-Property $Object $Path -Of $Of
    if ($null -ne $value -and $value -isnot [bool]) { Stop-UnexpectedData $Of $Path "expected a boolean, found $(Get-ValueKind $value)" }
    $value
}

function Read-NullableInteger {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-Property $Object $Path -Of $Of
    if ($null -ne $value -and $value -isnot [long] -and $value -isnot [int]) {
        Stop-UnexpectedData $Of $Path "expected a whole number, found $(Get-ValueKind $value)"
    }
    $value
}

function Read-NullableString {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-Property $Object $Path -Of $Of
    if ($null -ne $value -and $value -isnot [string]) { Stop-UnexpectedData $Of $Path "expected text, found $(Get-ValueKind $value)" }
    $value
}

function Read-NullableObject {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-Property $Object $Path -Of $Of
    if ($null -ne $value -and $value -isnot [Management.Automation.PSCustomObject]) {
        Stop-UnexpectedData $Of $Path "expected an object, found $(Get-ValueKind $value)"
    }
    $value
}

function Read-Boolean {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-NullableBoolean $Object $Path -Of $Of
    if ($null -eq $value) { Stop-UnexpectedData $Of $Path 'expected a boolean, found null' }
    $value
}

function Read-Integer {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-NullableInteger $Object $Path -Of $Of
    if ($null -eq $value) { Stop-UnexpectedData $Of $Path 'expected a whole number, found null' }
    $value
}

function Read-String {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-NullableString $Object $Path -Of $Of
    if ($null -eq $value) { Stop-UnexpectedData $Of $Path 'expected text, found null' }
    $value
}

function Read-Object {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $value = Read-NullableObject $Object $Path -Of $Of
    if ($null -eq $value) { Stop-UnexpectedData $Of $Path 'expected an object, found null' }
    $value
}

function Read-List {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence', [switch]$NullIsEmpty)
    $value = Read-Property $Object $Path -Of $Of
    if ($null -eq $value -and $NullIsEmpty) { return , @() }
    if ($value -isnot [array]) { Stop-UnexpectedData $Of $Path "expected a list, found $(Get-ValueKind $value)" }
    , $value
}

function Read-StringList {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence', [switch]$NullIsEmpty)
    $list = Read-List $Object $Path -Of $Of -NullIsEmpty:$NullIsEmpty
    for ($index = 0; $index -lt $list.Count; $index++) {
        if ($list[$index] -isnot [string]) {
            Stop-UnexpectedData $Of "$Path[$index]" "expected text, found $(Get-ValueKind $list[$index])"
        }
    }
    , $list
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
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    $property = $Evidence.PSObject.Properties[$Source]
    # A source that answered "not found" and is declared `notFound: empty` is present, but null: it was not read.
    $null -ne $property -and $null -ne $property.Value
}

function Get-Single {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    $data = Get-SourceData $Evidence $Source
    if ($data -is [array]) {
        if ($data.Count -ne 1) { Stop-UnexpectedData $Source '' "expected exactly one object, found $($data.Count)" }
        $data = $data[0]
    }
    if ($data -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData $Source '' "expected an object, found $(Get-ValueKind $data)" }
    $data
}

function Get-Rows {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    $data = Get-SourceData $Evidence $Source
    if ($data -isnot [array]) { Stop-UnexpectedData $Source '' "expected a list, found $(Get-ValueKind $data)" }
    for ($index = 0; $index -lt $data.Count; $index++) {
        if ($data[$index] -isnot [Management.Automation.PSCustomObject]) {
            Stop-UnexpectedData $Source "[$index]" "expected an object, found $(Get-ValueKind $data[$index])"
        }
    }
    , $data
}

# An entry of a per-object map that failed is an object with nothing but a state (not `read`) and an error.
function Test-FailedEntry {
    param($Entry)
    if ($Entry -isnot [Management.Automation.PSCustomObject]) { return $false }
    $state = $Entry.PSObject.Properties['state']
    if ($null -eq $state -or $state.Value -isnot [string] -or $state.Value -notin $failedStates) { return $false }
    foreach ($property in $Entry.PSObject.Properties) { if ($property.Name -notin 'state', 'error') { return $false } }
    $true
}

function Get-Entry {
    param([Parameter(Position = 0)]$Map, [Parameter(Position = 1)][string]$Id, [string]$Of = 'evidence')
    if ($Map -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData $Of '' "expected a map of objects, found $(Get-ValueKind $Map)" }
    $property = $Map.PSObject.Properties[$Id]
    if ($null -eq $property) { Stop-UnexpectedData $Of $Id 'the entry is absent' }
    if (Test-FailedEntry $property.Value) { Stop-Unread $Of $Id }
    if ($property.Value -is [array]) { return , $property.Value }
    $property.Value
}

function Get-EntryState {
    param([Parameter(Position = 0)]$Map, [Parameter(Position = 1)][string]$Id)
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
        [Parameter(Position = 0)][ValidateSet('pass', 'fail', 'manual')][string]$Status,
        [Parameter(Position = 1)][string]$Message,
        [Parameter(Position = 2)]$Findings = @(),
        [string]$ReasonCode
    )
    $list = [Collections.Generic.List[object]]::new()
    foreach ($finding in $Findings) { if ($null -ne $finding) { $list.Add($finding) } }
    @{ status = $Status; message = $Message; findings = $list.ToArray(); reasonCode = if ($ReasonCode) { $ReasonCode } else { $null } }
}
