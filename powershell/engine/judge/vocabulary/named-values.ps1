# Values that one transport writes as a number and another as a name: a service's own API answers 2, its module
# 'Enabled', Graph perhaps 'enabled'. Verdicts see the name, in one spelling.

# $Names: the names in the order of their numbers. A value that is none of them, also Graph's unknownFutureValue,
# is neither good nor bad: nobody has described it.
function Read-NamedValue {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string[]]$Names, [string]$Of = 'evidence')
    $value = Read-Property $Object $Path -Of $Of
    if (($value -is [long] -or $value -is [int]) -and $value -ge 0 -and $value -lt $Names.Count) { return $Names[$value] }
    if ($value -is [string]) { foreach ($name in $Names) { if ($name -eq $value) { return $name } } }
    Stop-UnexpectedData $Of $Path "expected one of $($Names -join ', '), found $(Get-ValueKind $value) that is none of them"
}

# A property that a service's API and its module call differently: the first of the names that is there.
# When none is, the first one is given, so that reading it says what is missing.
function Select-PropertyName {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string[]]$Names)
    foreach ($name in $Names) { if (Test-Property $Object $name) { return $name } }
    $Names[0]
}
