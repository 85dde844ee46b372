# What verdicts need to say about Conditional Access policies (source graph/identity/conditionalAccess/policies).
#
# A verdict asks "is there an enabled policy that …", and each function below gives the gaps of one policy under one
# question: a list of @{ property; expected; actual; text; foreign }, empty when the policy satisfies it. `foreign`: the
# policy does not even try, it serves another purpose. One policy without gaps is enough.
#
# What a rule asks for has to be there: an absent property was not read, and throws. What a rule does not ask for and
# only must not stand in the way (conditions that narrow, exclusions, further controls) counts as not set when it is
# absent: evidence of another collector may hold no more than the rule names. A collection may come as null instead of
# [] and then means the same.

$caSource = 'graph/identity/conditionalAccess/policies'

# The administrator roles that policies for administrators are expected to include, by template id.
$caAdminRoles = [ordered]@{
    '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3' = 'Application Administrator'
    'c4e39bd9-1100-46d3-8c65-fb160da0071f' = 'Authentication Administrator'
    'b0f54661-2d74-4c50-afa3-1ec803f12efe' = 'Billing Administrator'
    '158c047a-c907-4556-b7ef-446551a6b5f7' = 'Cloud Application Administrator'
    'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9' = 'Conditional Access Administrator'
    '29232cdf-9323-42fd-ade2-1d097af3e4de' = 'Exchange Administrator'
    '62e90394-69f5-4237-9190-012177145e10' = 'Global Administrator'
    'f2ef992c-3afb-46b9-b7cf-a126ee74c451' = 'Global Reader'
    '729827e3-9c14-49f7-bb1b-9608f156bbb8' = 'Helpdesk Administrator'
    '966707d0-3269-4727-9be2-8c3a10f19b9d' = 'Password Administrator'
    '7be44c8a-adaf-4e2a-84d6-ab2649e08a13' = 'Privileged Authentication Administrator'
    'e8611ab8-c189-46e8-94e1-60213ab1f814' = 'Privileged Role Administrator'
    '194ae4cb-b126-40b2-bd5b-6091b380977d' = 'Security Administrator'
    'f28a1f50-f6e7-4571-818b-6a12f2af6b6c' = 'SharePoint Administrator'
    'fe930be7-5e62-47db-91af-98c3a49a38b1' = 'User Administrator'
}

function New-CaGap {
    param([string]$Property, $Expected, $Actual, [string]$Text, [switch]$Foreign)
    @{ property = $Property; expected = $Expected; actual = $Actual; text = $Text; foreign = [bool]$Foreign }
}

# The text of a list in a finding; long lists are counted, not printed.
function Format-CaList {
    param([Parameter(Position = 0)][string[]]$Values)
    if (-not $Values.Count) { return 'none' }
    if ($Values.Count -gt 5) { return "$($Values[0..4] -join ', ') and $($Values.Count - 5) more" }
    $Values -join ', '
}

# What a rule does not ask for: absent is not set.
function Read-CaOptionalList {
    param($Object, [string]$Name, [string]$Of)
    if (-not (Test-Property $Object $Name)) { return , @() }
    , (Read-StringList $Object $Name -Of $Of -NullIsEmpty)
}

function Read-CaOptionalObject {
    param($Object, [string]$Name, [string]$Of)
    if (Test-Property $Object $Name) { Read-NullableObject $Object $Name -Of $Of }
}

# Levels that come as one text, or as a list of texts; absent is not set.
function Read-CaLevels {
    param($Object, [string]$Name, [string]$Of)
    if (-not (Test-Property $Object $Name)) { return $null }
    if ($Object.$Name -is [array]) { return , (Read-StringList $Object $Name -Of $Of) }
    Read-NullableString $Object $Name -Of $Of
}

# Only `enabled` is in force: `enabledForReportingButNotEnforced` watches and lets everything pass.
function Get-CaStateGaps {
    param([Parameter(Position = 0)]$Policy)
    $state = Read-String $Policy 'state' -Of $caSource
    if ($state -eq 'enabled') { return , @() }
    if ($state -notin 'disabled', 'enabledForReportingButNotEnforced') { Stop-UnexpectedData $caSource 'state' 'the value is none that is known' }
    $text = $state -eq 'disabled' ? 'it is switched off' : 'it only reports and does not enforce'
    , @(New-CaGap 'state' 'enabled' $state $text)
}

# A list under `conditions.users`; nobody when the policy names no users at all (workload identities). -Optional: a list
# that the rule does not ask for.
function Read-CaUserList {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Name, [switch]$Optional)
    $users = Read-NullableObject $Policy 'conditions.users' -Of $caSource
    if ($null -eq $users) { return , @() }
    if ($Optional) { return , (Read-CaOptionalList $users $Name "$caSource conditions.users") }
    , (Read-StringList $users $Name -Of "$caSource conditions.users" -NullIsEmpty)
}

# Every one of these roles is included (roles are template ids, never names) and none of them is excluded.
function Get-CaRoleGaps {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)]$Roles)
    $included = Read-CaUserList $Policy 'includeRoles'
    $excluded = Read-CaUserList $Policy 'excludeRoles' -Optional
    $missing = @($Roles.Keys.Where({ $_ -notin $included }))
    $left = @($Roles.Keys.Where({ $_ -in $excluded }))
    $gaps = @(
        if ($missing.Count) {
            $names = Format-CaList $missing.ForEach({ $Roles[$_] })
            New-CaGap 'conditions.users.includeRoles' "all $($Roles.Count) administrator roles" "$($Roles.Count - $missing.Count) of $($Roles.Count)" "it does not include $names" -Foreign:($missing.Count -eq $Roles.Count)
        }
        if ($left.Count) {
            $names = Format-CaList $left.ForEach({ $Roles[$_] })
            New-CaGap 'conditions.users.excludeRoles' 'none of these roles' $names "it excludes $names"
        }
    )
    , $gaps
}

# All users. Whom the policy leaves out is for a person to review (Get-CaExclusions), unless that is everybody.
# -AskExcluded: the rule names the excluded users, so they must have been read.
function Get-CaEverybodyGaps {
    param([Parameter(Position = 0)]$Policy, [switch]$AskExcluded)
    $included = Read-CaUserList $Policy 'includeUsers'
    $excluded = Read-CaUserList $Policy 'excludeUsers' -Optional:(-not $AskExcluded)
    $gaps = @(
        if ('All' -notin $included) { New-CaGap 'conditions.users.includeUsers' 'All' (Format-CaList $included) 'it does not include all users' }
        if ('All' -in $excluded) { New-CaGap 'conditions.users.excludeUsers' 'emergency access accounts only' 'All' 'it excludes all users' }
    )
    , $gaps
}

# All resources, and not one taken out. -MayExclude: where the rule does not forbid exclusions; they are told for review.
function Get-CaResourceGaps {
    param([Parameter(Position = 0)]$Policy, [switch]$MayExclude)
    $applications = Read-NullableObject $Policy 'conditions.applications' -Of $caSource
    if ($null -eq $applications) { return , @(New-CaGap 'conditions.applications' 'All' 'none' 'it names no resources') }
    $of = "$caSource conditions.applications"
    $included = Read-StringList $applications 'includeApplications' -Of $of -NullIsEmpty
    $excluded = if ($MayExclude) { Read-CaOptionalList $applications 'excludeApplications' $of } else { Read-StringList $applications 'excludeApplications' -Of $of -NullIsEmpty }
    $filter = Read-CaOptionalObject $applications 'applicationFilter' $of
    $gaps = @(
        if ('All' -notin $included) { New-CaGap 'conditions.applications.includeApplications' 'All' (Format-CaList $included) 'it does not cover all resources' }
        if ($excluded.Count -and (-not $MayExclude -or 'All' -in $excluded)) { New-CaGap 'conditions.applications.excludeApplications' 'none' (Format-CaList $excluded) 'it leaves resources out' }
        if ($null -ne $filter) { New-CaGap 'conditions.applications.applicationFilter' 'none' 'set' 'it chooses resources by a filter' }
    )
    , $gaps
}

# Is a value of a condition set at all? null, [] and empty text are not; objects and everything else are.
function Test-CaSet {
    param([Parameter(Position = 0)]$Value)
    if ($null -eq $Value -or $Value -is [bool]) { return $false }
    if ($Value -is [array]) { return $Value.Count -gt 0 }
    if ($Value -is [string]) { return $Value -notin '', 'none' }
    $true
}

# The include and exclude lists of platforms or locations: "everything, nothing excluded" narrows nothing.
function Test-CaListNarrows {
    param($Condition, [string]$Name, [string]$Include, [string]$Exclude)
    $of = "$caSource conditions.$Name"
    $included = Read-CaOptionalList $Condition $Include $of
    $excluded = Read-CaOptionalList $Condition $Exclude $of
    $excluded.Count -gt 0 -or ($included.Count -gt 0 -and 'all' -notin $included)
}

function Test-CaClientAppsNarrow {
    param($Conditions)
    $types = Read-CaOptionalList $Conditions 'clientAppTypes' "$caSource conditions"
    if (-not $types.Count -or 'all' -in $types) { return $false }
    # All four kinds ticked one by one are the same as "all".
    foreach ($type in 'browser', 'mobileAppsAndDesktopClients', 'exchangeActiveSync', 'other') { if ($type -notin $types) { return $true } }
    $false
}

# The conditions that make a policy apply to less than every sign-in of its users. -Except names those a rule asks for
# itself: signInRiskLevels, userRiskLevels, insiderRiskLevels, platforms, locations, clientAppTypes, devices,
# authenticationFlows. A condition we do not know narrows as well: better an unproven policy than a wrong proof.
function Get-CaNarrowingGaps {
    param([Parameter(Position = 0)]$Policy, [string[]]$Except = @())
    $conditions = Read-Object $Policy 'conditions' -Of $caSource
    $of = "$caSource conditions"
    $narrows = [ordered]@{
        signInRiskLevels    = { (Read-CaOptionalList $conditions 'signInRiskLevels' $of).Count -gt 0 }
        userRiskLevels      = { (Read-CaOptionalList $conditions 'userRiskLevels' $of).Count -gt 0 }
        # One text that may hold several levels; some clients write a list.
        insiderRiskLevels   = { Test-CaSet (Read-CaLevels $conditions 'insiderRiskLevels' $of) }
        platforms           = { $o = Read-CaOptionalObject $conditions 'platforms' $of; $null -ne $o -and (Test-CaListNarrows $o 'platforms' 'includePlatforms' 'excludePlatforms') }
        locations           = { $o = Read-CaOptionalObject $conditions 'locations' $of; $null -ne $o -and (Test-CaListNarrows $o 'locations' 'includeLocations' 'excludeLocations') }
        clientAppTypes      = { Test-CaClientAppsNarrow $conditions }
        devices             = { $o = Read-CaOptionalObject $conditions 'devices' $of; $null -ne $o -and ($null -ne (Read-CaOptionalObject $o 'deviceFilter' "$of.devices") -or $o.PSObject.Properties.Where({ Test-CaSet $_.Value }).Count -gt 0) }
        # Of workload identities the policy is then, not of people.
        clientApplications  = { $o = Read-CaOptionalObject $conditions 'clientApplications' $of; $null -ne $o -and (Read-CaOptionalList $o 'includeServicePrincipals' "$of.clientApplications").Count -gt 0 }
        authenticationFlows = { $o = Read-CaOptionalObject $conditions 'authenticationFlows' $of; $null -ne $o -and (Test-CaSet (Read-NullableString $o 'transferMethods' -Of "$of.authenticationFlows")) }
    }
    $gaps = [Collections.Generic.List[object]]::new()
    foreach ($name in $narrows.Keys) {
        if ($name -in $Except -or -not (& $narrows[$name])) { continue }
        $gaps.Add((New-CaGap "conditions.$name" 'not set' 'set' "its condition $name narrows it"))
    }
    # `users` and `applications` have questions of their own; the last one says nothing of people.
    $known = @($narrows.Keys) + 'users', 'applications', 'servicePrincipalRiskLevels'
    foreach ($property in $conditions.PSObject.Properties) {
        if ($property.Name -in $known -or -not (Test-CaSet $property.Value)) { continue }
        $gaps.Add((New-CaGap "conditions.$($property.Name)" 'not set' 'set' "its condition $($property.Name) narrows it"))
    }
    , $gaps.ToArray()
}

# The grant part as plain lists: @{ operator; builtIn; others; strength }. $null when the policy grants nothing.
# -Asked: which of operator, builtInControls and authenticationStrength the rule asks for; the others may be absent.
function Read-CaGrant {
    param([Parameter(Position = 0)]$Policy, [string[]]$Asked = @('builtInControls'))
    $grant = Read-NullableObject $Policy 'grantControls' -Of $caSource
    if ($null -eq $grant) { return $null }
    $of = "$caSource grantControls"
    @{
        operator = if ('operator' -in $Asked -or (Test-Property $grant 'operator')) { Read-NullableString $grant 'operator' -Of $of } else { $null }
        builtIn  = if ('builtInControls' -in $Asked) { Read-StringList $grant 'builtInControls' -Of $of -NullIsEmpty } else { Read-CaOptionalList $grant 'builtInControls' $of }
        others   = [string[]]@(
            if ((Read-CaOptionalList $grant 'termsOfUse' $of).Count) { 'terms of use' }
            if ((Read-CaOptionalList $grant 'customAuthenticationFactors' $of).Count) { 'custom controls' }
        )
        strength = if ('authenticationStrength' -in $Asked) { Read-NullableObject $grant 'authenticationStrength' -Of $of } else { Read-CaOptionalObject $grant 'authenticationStrength' $of }
    }
}

# Does a strength give multifactor authentication? One that says it satisfies less does not; one that says nothing of
# it is taken at its word, as a strength is what the rule asks for.
function Test-CaStrengthIsMfa {
    param([Parameter(Position = 0)]$Strength)
    if (-not (Test-Property $Strength 'requirementsSatisfied')) { return $true }
    'mfa' -in (Read-String $Strength 'requirementsSatisfied' -Of "$caSource authenticationStrength").Split(',').Trim()
}

# Access is granted only with the wanted control. -Wanted: names of built-in controls; -Strength: a test of an
# authentication strength that counts as wanted too. With OR everything else beside the wanted control makes it
# optional; with AND it comes on top.
function Get-CaGrantGaps {
    param([Parameter(Position = 0)]$Policy, [string[]]$Wanted, [scriptblock]$Strength, [string]$Words)
    $grant = Read-CaGrant $Policy -Asked @(if ($Wanted.Count) { 'builtInControls' }; if ($null -ne $Strength) { 'authenticationStrength' })
    if ($null -eq $grant) { return , @(New-CaGap 'grantControls' $Words 'none' "it does not require $Words" -Foreign) }
    $controls = [string[]]@($grant.builtIn; $grant.others; if ($null -ne $grant.strength) { 'authentication strength' })
    $shown = Format-CaList $controls
    $good = @($grant.builtIn.Where({ $_ -in $Wanted })).Count + [int]($null -ne $grant.strength -and $null -ne $Strength -and (& $Strength $grant.strength))
    if (-not $good) { return , @(New-CaGap 'grantControls' $Words $shown "it does not require $Words" -Foreign) }
    if ('block' -in $grant.builtIn -and 'block' -notin $Wanted) { return , @(New-CaGap 'grantControls' $Words $shown 'it blocks instead of granting') }
    if ($controls.Count -gt 1) {
        if ($grant.operator -notin 'AND', 'OR') { Stop-UnexpectedData $caSource 'grantControls.operator' 'several controls need AND or OR' }
        if ($grant.operator -eq 'OR') { return , @(New-CaGap 'grantControls.operator' $Words "one of: $shown" "it also accepts something else instead of $Words") }
    }
    , @()
}

# The name of a policy for people, and the id of its findings; each stands in for the other where it is missing. They
# never decide a verdict.
function Get-CaName {
    param([Parameter(Position = 0)]$Policy)
    foreach ($name in 'displayName', 'id') { if ((Test-Property $Policy $name) -and $Policy.$name -is [string] -and $Policy.$name) { return $Policy.$name } }
    'unnamed'
}

function Get-CaId {
    param([Parameter(Position = 0)]$Policy)
    if ((Test-Property $Policy 'id') -and $Policy.id -is [string] -and $Policy.id) { $Policy.id } else { Get-CaName $Policy }
}

# Whom and what the policy leaves out, for a person to review: emergency access accounts are expected, others are not.
# Rows of @{ property; values }.
function Get-CaExclusions {
    param([Parameter(Position = 0)]$Policy)
    $rows = @(
        foreach ($name in 'excludeUsers', 'excludeGroups', 'excludeRoles') {
            $values = Read-CaUserList $Policy $name -Optional
            if ($values.Count) { @{ property = "conditions.users.$name"; values = $values } }
        }
        if ((Test-Property $Policy 'conditions.users.excludeGuestsOrExternalUsers') -and $null -ne $Policy.conditions.users.excludeGuestsOrExternalUsers) {
            @{ property = 'conditions.users.excludeGuestsOrExternalUsers'; values = @('guests or external users') }
        }
        $applications = Read-NullableObject $Policy 'conditions.applications' -Of $caSource
        $resources = if ($null -eq $applications) { , @() } else { Read-CaOptionalList $applications 'excludeApplications' "$caSource conditions.applications" }
        if ($resources.Count) { @{ property = 'conditions.applications.excludeApplications'; values = $resources } }
    )
    , $rows
}
