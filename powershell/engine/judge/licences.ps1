# Which service plans a tenant holds. Its subscriptions list them by name; the plans assigned to the organisation only by id.

$subscriptionSource = 'graph/subscribedSkus'

# What customers know the plans as.
$planTitles = @{
    AAD_PREMIUM = 'Microsoft Entra ID P1'; AAD_PREMIUM_P2 = 'Microsoft Entra ID P2'; ENTRA_ID_GOVERNANCE = 'Microsoft Entra ID Governance'
    EXCHANGE_S_ENTERPRISE = 'Exchange Online'; EXCHANGE_S_STANDARD = 'Exchange Online'; EXCHANGE_S_DESKLESS = 'Exchange Online'
    ATP_ENTERPRISE = 'Defender for Office 365 Plan 1'; THREAT_INTELLIGENCE = 'Defender for Office 365 Plan 2'; LOCKBOX_ENTERPRISE = 'Customer Lockbox'
    ADALLOM_S_STANDALONE = 'Defender for Cloud Apps'; BPOS_S_DlpAddOn = 'Purview Data Loss Prevention'; COMMUNICATIONS_DLP = 'Purview DLP for Teams'
    MIP_S_CLP1 = 'Purview Information Protection'; MIP_S_CLP2 = 'Purview Information Protection'; INTUNE_A = 'Microsoft Intune'; TEAMS1 = 'Microsoft Teams'
    SHAREPOINTENTERPRISE = 'SharePoint Online'; SHAREPOINTSTANDARD = 'SharePoint Online'; SHAREPOINTDESKLESS = 'SharePoint Online'
}
# Government clouds name most plans with an ending (ATP_ENTERPRISE_GOV); these differ in the middle.
$planAliases = @{ TEAMS1 = 'TEAMS_GOV', 'TEAMS_GCCHIGH', 'TEAMS_DOD', 'TEAMS_AR_GCCHIGH', 'TEAMS_AR_DOD' }
# Subscriptions and plans that are there in name only. Every other word, also one not known yet, counts as held.
$lostSubscriptions = 'Suspended', 'Deleted', 'LockedOut'
$lostPlans = 'Disabled', 'Deleted'

function New-HeldPlans {
    $ignoreCase = [StringComparer]::OrdinalIgnoreCase
    @{ named = $false; names = [Collections.Generic.HashSet[string]]::new($ignoreCase); ids = [Collections.Generic.HashSet[string]]::new($ignoreCase) }
}

# $Rows: what /subscribedSkus answered. $null when it lists no plan at all: then nothing is known.
function Read-SubscribedPlans {
    param($Rows)
    $plans = New-HeldPlans
    $listed = $false
    foreach ($sku in $Rows) {
        foreach ($plan in (Get-ProblemField $sku 'servicePlans')) {
            $name = Get-ProblemField $plan 'servicePlanName'
            if ($name -isnot [string] -or -not $name) { continue }
            $listed = $true
            if ((Get-ProblemField $sku 'capabilityStatus') -in $lostSubscriptions -or (Get-ProblemField $plan 'provisioningStatus') -in $lostPlans) { continue }
            [void]$plans.names.Add($name)
            [void]$plans.ids.Add("$(Get-ProblemField $plan 'servicePlanId')")
        }
    }
    $plans.named = $true
    if ($listed) { $plans }
}

# $Rows: what /organization answered. The older way, for apps that may not read subscriptions.
function Read-AssignedPlans {
    param($Rows)
    $plans = New-HeldPlans
    $listed = $false
    foreach ($organization in $Rows) {
        foreach ($plan in (Get-ProblemField $organization 'assignedPlans')) {
            $listed = $true
            if ((Get-ProblemField $plan 'capabilityStatus') -in 'Enabled', 'Warning') { [void]$plans.ids.Add("$(Get-ProblemField $plan 'servicePlanId')") }
        }
    }
    if ($listed) { $plans }
}

# The plans that evidence tells of: only when it holds the subscriptions.
function Get-DocumentPlans {
    param($Records)
    if (-not $Records.ContainsKey($subscriptionSource)) { return $null }
    $record = $Records[$subscriptionSource]
    if ($record.state -eq 'read' -and $record.data -is [array]) { Read-SubscribedPlans $record.data }
}

# Ids of a plan in all clouds, as far as they are known.
function Get-PlanIds {
    param([string]$Name)
    if ($null -eq $knownPlanIds.table) { $knownPlanIds.table = ConvertFrom-JsonTable ([IO.File]::ReadAllText($knownPlanIds.file)) }
    $knownPlanIds.table[$Name]
}
$knownPlanIds = @{ table = $null; file = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'sources', 'service-plans.json')) }

# `held` when the tenant has any of these plans, `missing` when it surely has none, else `unknown`.
function Test-HeldPlans {
    param($Plans, [string[]]$Wanted)
    if ($null -eq $Plans) { return 'unknown' }
    $answer = 'missing'
    foreach ($name in $Wanted) {
        $stem = "$($name)_"
        $aliases = $planAliases[$name]
        foreach ($held in $Plans.names) { if ($held -eq $name -or $held -in $aliases -or $held.StartsWith($stem, [StringComparison]::OrdinalIgnoreCase)) { return 'held' } }
        $ids = Get-PlanIds $name
        foreach ($id in $ids) { if ($Plans.ids.Contains($id)) { return 'held' } }
        # Without names, a plan whose id is not known may well be among the others.
        if (-not $Plans.named -and -not $ids) { $answer = 'unknown' }
    }
    $answer
}

# The words for some plans, any of which would do.
function Format-Plans {
    param([string[]]$Names)
    $titles = [Collections.Generic.List[string]]::new()
    foreach ($name in $Names) { $title = $planTitles[$name] ?? $name; if (-not $titles.Contains($title)) { $titles.Add($title) } }
    $titles -join ' or '
}
