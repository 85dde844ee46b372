# The words for what became of a source, and what they make of a control that needs it.

# From bad to less bad: with several unread sources the first of this order names the result.
$stateOrder = 'unexpected_data', 'denied', 'not_supported', 'unavailable', 'timeout', 'throttled', 'not_found', 'unlicensed', 'not_collected'
$failedStates = 'denied', 'not_supported', 'unavailable', 'timeout', 'throttled', 'not_found', 'unlicensed', 'not_collected'

$statusOfState = @{
    unexpected_data = @{ status = 'error'; reasonCode = 'unexpected_data' }
    denied          = @{ status = 'error'; reasonCode = 'permission_missing' }
    not_supported   = @{ status = 'error'; reasonCode = 'credential_cannot_read' }
    unavailable     = @{ status = 'error'; reasonCode = 'unavailable' }
    timeout         = @{ status = 'error'; reasonCode = 'timeout' }
    throttled       = @{ status = 'error'; reasonCode = 'throttled' }
    not_found       = @{ status = 'error'; reasonCode = 'not_found' }
    unlicensed      = @{ status = 'not_applicable'; reasonCode = 'not_licensed' }
    not_collected   = @{ status = 'not_run'; reasonCode = 'not_collected' }
}

# What a verdict may give as its reason; pass and fail have none. `not_in_use`: evidence shows that the tenant does not use what the control is about.
$reasonsOfStatus = @{
    manual         = 'operator_input_missing', 'no_api', 'human_review'
    not_applicable = 'not_in_use', 'not_licensed'
}
$maximumFindings = 1000

function Get-WorstState {
    param([string[]]$States)
    foreach ($state in $stateOrder) { if ($state -in $States) { return $state } }
}

# Services as customers know them.
$serviceTitles = @{
    graph = 'Microsoft Graph'; exchange = 'Exchange Online'; compliance = 'Security & Compliance'; teams = 'Microsoft Teams'
    sharepoint = "SharePoint's admin API"; fabric = "Fabric's admin API"; dns = 'DNS'
}

function Get-ProblemField {
    param($Problem, [string]$Name)
    if ($Problem -is [Collections.IDictionary]) { if ($Problem.Contains($Name)) { return $Problem[$Name] } else { return $null } }
    if ($Problem -is [Management.Automation.PSCustomObject]) {
        $property = $Problem.PSObject.Properties[$Name]
        if ($null -ne $property) { return $property.Value }
    }
    $null
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
