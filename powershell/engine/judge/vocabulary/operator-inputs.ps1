# What the operator said. Not given and given-but-empty are two answers: only the first leaves a control undecided.

# The entries of a list input, trimmed and without empty ones; $null when the operator gave none.
function Read-InputList {
    param([Parameter(Position = 0)]$Context, [Parameter(Position = 1)][string]$Name)
    $given = Read-Property $Context.Inputs $Name -Of 'inputs'
    if ($null -eq $given) { return $null }
    $entries = Read-StringList $Context.Inputs $Name -Of 'inputs'
    , [string[]]@($entries.ForEach({ $_.Trim() }).Where({ $_ }))
}

# A number, or the default when the operator gave none.
function Read-InputNumber {
    param([Parameter(Position = 0)]$Context, [Parameter(Position = 1)][string]$Name, [Parameter(Position = 2)]$Default, $Minimum, $Maximum)
    $given = Read-Property $Context.Inputs $Name -Of 'inputs'
    if ($null -eq $given) { return $Default }
    if ($given -isnot [long] -and $given -isnot [int] -and $given -isnot [double] -and $given -isnot [decimal]) {
        Stop-UnexpectedData 'inputs' $Name "expected a number, found $(Get-ValueKind $given)"
    }
    if ($given -lt $Minimum -or $given -gt $Maximum) { Stop-UnexpectedData 'inputs' $Name "expected a number from $Minimum to $Maximum" }
    $given
}
