# What the operator said. Not given and given-but-empty are two answers: only the first leaves a control undecided.

# The entries of a list input, trimmed and without empty ones; $null when the operator gave none.
function Read-InputList {
    param([Parameter(Position = 0)]$Context, [Parameter(Position = 1)][string]$Name)
    $given = Read-Property $Context.Inputs $Name -Of 'inputs'
    if ($null -eq $given) { return $null }
    $entries = Read-StringList $Context.Inputs $Name -Of 'inputs'
    , [string[]]@($entries.ForEach({ $_.Trim() }).Where({ $_ }))
}
