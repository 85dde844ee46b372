# Running one cmdlet: its rows as plain values, or an exception that says why not.

class TenantscopeReadException : Exception {
    [string]$Kind
    TenantscopeReadException([string]$Kind) : base($Kind) { $this.Kind = $Kind }
}

function Read-VendorCmdlet {
    param($Line)
    $cmdlet = Get-NodeText $Line 'cmdlet'
    # The engine has checked this already; a process that holds tokens does not rely on it.
    if ($cmdlet -cnotmatch '^Get-[A-Za-z0-9]+$' -or $cmdlet -notin $commands) { throw [TenantscopeReadException]::new('refused') }
    # The cmdlets that a role does not allow are never made.
    $command = @(Get-Command -Name $cmdlet -CommandType Cmdlet, Function -ErrorAction Ignore)
    if (-not $command.Count) { throw [TenantscopeReadException]::new('not_available') }
    $parameters = ConvertFrom-Json -InputObject $Line['parameters'].ToJsonString() -AsHashtable
    $output = & $command[0] @parameters 2>&1 3>&1 4> $null 5> $null 6> $null
    $style = @{
        enums = Get-NodeText $Line 'enums'; objects = Get-NodeText $Line 'objects'
        names = ConvertFrom-Json -InputObject $Line['names'].ToJsonString() -AsHashtable
        empty = ConvertFrom-Json -InputObject $Line['empty'].ToJsonString() -AsHashtable
        select = @(foreach ($one in $Line['select']) { $one.GetValue[string]() })
    }
    $rows = [Collections.Generic.List[object]]::new()
    $problems = [Collections.Generic.List[object]]::new()
    foreach ($one in $output) { Add-CmdletOutput $one $rows $problems $style }
    # Without data the error is the answer; with data the answer may lack something.
    if ($problems.Count) { if ($rows.Count) { throw [TenantscopeReadException]::new('partial') } else { throw $problems[0] } }
    $rows.ToArray()
}

function Add-CmdletOutput {
    param($One, $Rows, $Problems, $Style)
    if ($null -eq $One) { return }
    if ($One -is [Management.Automation.ErrorRecord]) { $Problems.Add($One); return }
    if ($One -is [Management.Automation.WarningRecord]) {
        if ($One.Message -match 'more results|ResultSize') { throw [TenantscopeReadException]::new('truncated') }
        return
    }
    # Some cmdlets write their list as one object.
    $base = $One.PSObject.BaseObject
    if ($base -is [Collections.IEnumerable] -and $base -isnot [string] -and $base -isnot [Collections.IDictionary]) {
        foreach ($inner in $base) { Add-CmdletOutput $inner $Rows $Problems $Style }
        return
    }
    if ($base -is [string] -or $base -is [ValueType]) { throw [TenantscopeReadException]::new('unexpected_shape') }
    $Rows.Add((ConvertTo-PlainRow $One $Style))
}
