# For tests: which properties of evidence a verdict reads. The reading functions are exchanged for ones that keep a record.

$plainReading = @{}
foreach ($name in 'Find-Property', 'Test-Property', 'Get-Entry', 'Get-EntryState') { $plainReading[$name] = (Get-Item "function:$name").ScriptBlock }
Set-Item 'function:Find-PropertyUntraced' $plainReading['Find-Property']
Set-Item 'function:Get-EntryUntraced' $plainReading['Get-Entry']
Set-Item 'function:Get-EntryStateUntraced' $plainReading['Get-EntryState']

# object -> name -> 'read', 'tested' when it was only asked whether it is there, 'optional' for both.
$trace = @{ seen = $null; testing = $false }

function Add-Trace {
    param($Object, [string]$Name)
    if ($Object -isnot [Management.Automation.PSCustomObject]) { return }
    $names = $null
    if (-not $trace.seen.TryGetValue($Object, [ref]$names)) {
        $names = [Collections.Generic.Dictionary[string, string]]::new([StringComparer]::OrdinalIgnoreCase)
        $trace.seen.Add($Object, $names)
    }
    $access = $trace.testing ? 'tested' : 'read'
    $before = ''
    if ($names.TryGetValue($Name, [ref]$before) -and $before -ne $access) { $access = 'optional' }
    $names[$Name] = $access
}

# Every step of a path counts as read: without the object on the way there is no value.
function Add-PathTrace {
    param($Object, [string]$Path)
    while ($Object -is [Management.Automation.PSCustomObject]) {
        $name = $Path
        $property = $Object.PSObject.Properties[$name]
        while ($null -eq $property) {
            $end = $name.StartsWith('@') ? 0 : $name.LastIndexOf('.')
            if ($end -le 0) { break }
            $name = $name.Substring(0, $end)
            $property = $Object.PSObject.Properties[$name]
        }
        Add-Trace $Object $name
        if ($null -eq $property -or $name.Length -eq $Path.Length) { return }
        $Object = $property.Value
        $Path = $Path.Substring($name.Length + 1)
    }
}

$tracedReading = @{
    'Find-Property'  = {
        param($Object, [string]$Path)
        Add-PathTrace $Object $Path
        Find-PropertyUntraced $Object $Path
    }
    'Test-Property'  = {
        param($Object, [string]$Path)
        $outer = $trace.testing
        $trace.testing = $true
        try { $null -ne (Find-Property $Object $Path) } finally { $trace.testing = $outer }
    }
    'Get-Entry'      = {
        param($Map, [string]$Id, [string]$Of = 'evidence')
        Add-Trace $Map $Id
        $entry = Get-EntryUntraced $Map $Id -Of $Of
        if ($entry -is [array]) { return , $entry }
        $entry
    }
    'Get-EntryState' = {
        param($Map, [string]$Id)
        $outer = $trace.testing
        $trace.testing = $true
        try { Add-Trace $Map $Id } finally { $trace.testing = $outer }
        Get-EntryStateUntraced $Map $Id
    }
}

function Start-Tracing {
    $trace.seen = [Collections.Generic.Dictionary[object, object]]::new([Collections.Generic.ReferenceEqualityComparer]::Instance)
    foreach ($name in $tracedReading.Keys) { Set-Item "function:script:$name" $tracedReading[$name] }
}

function Stop-Tracing {
    foreach ($name in $plainReading.Keys) { Set-Item "function:script:$name" $plainReading[$name] }
    $trace.seen
}
