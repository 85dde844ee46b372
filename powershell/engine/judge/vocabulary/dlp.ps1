# Data loss prevention policies: where they apply and whether they act.

# The locations in one property. The wire gives names, the module objects that carry a Name.
function Read-LocationNames {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Property, [string]$Of)
    $list = Read-List $Policy $Property -Of $Of
    $names = foreach ($location in $list) {
        if ($location -isnot [string]) { $location = Read-String $location 'Name' -Of "$Of $Property" }
        if ($location.Trim()) { $location.Trim() }
    }
    , [string[]]@($names)
}

# Mode and Enabled are independent. Only the two together enforce: a policy in test mode watches, a policy that is off or
# waits for its deletion does nothing. Gives what falls short, as @{ property; expected; actual }, or $null.
function Get-EnforcementShortcoming {
    param([Parameter(Position = 0)]$Policy, [string]$Of)
    $mode = Read-String $Policy 'Mode' -Of $Of
    $enabled = Read-Boolean $Policy 'Enabled' -Of $Of
    if ($mode -ne 'Enable') { return @{ property = 'Mode'; expected = 'Enable'; actual = $mode } }
    if (-not $enabled) { return @{ property = 'Enabled'; expected = $true; actual = $false } }
    $null
}
