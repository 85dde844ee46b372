# Further questions about one Conditional Access policy, each of a few controls; see conditional-access.ps1 for the gaps.

# Access is blocked. Another control beside the block with OR would be a way around it.
function Get-CaBlockGaps {
    param([Parameter(Position = 0)]$Policy)
    $grant = Read-CaGrant $Policy
    if ($null -eq $grant -or 'block' -notin $grant.builtIn) {
        $shown = if ($null -eq $grant) { 'none' } else { Format-CaList ([string[]]@($grant.builtIn; $grant.others; if ($null -ne $grant.strength) { 'authentication strength' })) }
        return , @(New-CaGap 'grantControls' 'block' $shown 'it does not block' -Foreign)
    }
    Get-CaGrantGaps $Policy -Wanted 'block' -Words 'block'
}

# One session control, or $null when the policy does not use it.
function Read-CaSession {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Name)
    $session = Read-NullableObject $Policy 'sessionControls' -Of $caSource
    if ($null -eq $session) { return $null }
    $control = Read-NullableObject $session $Name -Of "$caSource sessionControls"
    if ($null -eq $control) { return $null }
    # A control that is kept but switched off is not used.
    if ((Read-NullableBoolean $control 'isEnabled' -Of "$caSource sessionControls.$Name") -ne $true) { return $null }
    $control
}

# People sign in again every time, or (-AtMostHours) after so many hours at the latest.
function Get-CaFrequencyGaps {
    param([Parameter(Position = 0)]$Policy, [int]$AtMostHours = 0)
    $property = 'sessionControls.signInFrequency'
    $wanted = if ($AtMostHours) { "every time, or at most $AtMostHours hours" } else { 'every time' }
    $frequency = Read-CaSession $Policy 'signInFrequency'
    if ($null -eq $frequency) { return , @(New-CaGap $property $wanted 'not set' 'it sets no sign-in frequency' -Foreign) }
    $of = "$caSource $property"
    $interval = Read-NullableString $frequency 'frequencyInterval' -Of $of
    if ($interval -eq 'everyTime') { return , @() }
    # Policies from before the interval existed have a value and a unit only.
    if ($null -ne $interval -and $interval -ne 'timeBased') { Stop-UnexpectedData $of 'frequencyInterval' 'the value is none that is known' }
    $value = Read-Integer $frequency 'value' -Of $of
    $unit = Read-String $frequency 'type' -Of $of
    if ($unit -notin 'hours', 'days') { Stop-UnexpectedData $of 'type' 'the value is none that is known' }
    if ($value -lt 1) { Stop-UnexpectedData $of 'value' 'expected a positive number' }
    $hours = $unit -eq 'days' ? $value * 24 : $value
    if ($hours -le $AtMostHours) { return , @() }
    $shown = "$value $($value -eq 1 ? $unit.TrimEnd('s') : $unit)"
    , @(New-CaGap $property $wanted $shown "it asks for a new sign-in only after $shown")
}

# Browsers forget the sign-in when they are closed.
function Get-CaPersistenceGaps {
    param([Parameter(Position = 0)]$Policy)
    $property = 'sessionControls.persistentBrowser'
    $browser = Read-CaSession $Policy 'persistentBrowser'
    if ($null -eq $browser) { return , @(New-CaGap $property 'never' 'not set' 'it does not forbid persistent browser sessions' -Foreign) }
    $mode = Read-String $browser 'mode' -Of "$caSource $property"
    if ($mode -eq 'never') { return , @() }
    if ($mode -ne 'always') { Stop-UnexpectedData "$caSource $property" 'mode' 'the value is none that is known' }
    , @(New-CaGap $property 'never' 'always' 'it keeps browser sessions after the browser is closed')
}

# The policy looks at these risk levels, at least. -Kind: userRiskLevels or signInRiskLevels.
function Get-CaRiskGaps {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Kind, [Parameter(Position = 2)][string[]]$Levels)
    $conditions = Read-Object $Policy 'conditions' -Of $caSource
    $found = Read-StringList $conditions $Kind -Of "$caSource conditions" -NullIsEmpty
    $missing = @($Levels.Where({ $_ -notin $found }))
    if (-not $missing.Count) { return , @() }
    $words = $Kind -eq 'userRiskLevels' ? 'user' : 'sign-in'
    $text = if ($found.Count) { "it leaves out $($missing -join ' and ') $words risk" } else { "it does not look at the $words risk" }
    , @(New-CaGap "conditions.$Kind" ($Levels -join ', ') (Format-CaList $found) $text -Foreign:(-not $found.Count))
}

# The values of allowedCombinations that resist phishing: each stands for a whole way to sign in.
$caPhishingResistant = 'windowsHelloForBusiness', 'fido2', 'x509CertificateMultiFactor'

# Does a strength allow nothing but methods that resist phishing? The built-in one is known by its id and may come
# without its combinations; a custom one is judged by its combinations, whatever its name.
function Test-CaStrengthResistsPhishing {
    param([Parameter(Position = 0)]$Strength)
    $of = "$caSource authenticationStrength"
    # A text on the left: beside a boolean every text would count as equal.
    if ((Test-Property $Strength 'id') -and '00000000-0000-0000-0000-000000000004' -eq $Strength.id) { return $true }
    $combinations = Read-StringList $Strength 'allowedCombinations' -Of $of
    $combinations.Count -gt 0 -and -not $combinations.Where({ $_.Trim() -notin $caPhishingResistant }).Count
}

# A managed device is the only way in: a compliant one, or (the rule allows it beside) a hybrid-joined one.
function Get-CaDeviceGrantGaps {
    param([Parameter(Position = 0)]$Policy)
    $wanted = 'a compliant or a hybrid-joined device'
    $grant = Read-CaGrant $Policy -Asked 'builtInControls', 'operator'
    if ($null -eq $grant) { return , @(New-CaGap 'grantControls' $wanted 'none' 'it does not require a managed device' -Foreign) }
    $controls = [string[]]@($grant.builtIn; $grant.others; if ($null -ne $grant.strength) { 'authentication strength' })
    $shown = Format-CaList $controls
    if ('compliantDevice' -notin $grant.builtIn) {
        return , @(New-CaGap 'grantControls' $wanted $shown 'it does not require a compliant device' -Foreign:('domainJoinedDevice' -notin $grant.builtIn))
    }
    $gaps = @(
        if ($controls.Where({ $_ -notin 'compliantDevice', 'domainJoinedDevice' }).Count) { New-CaGap 'grantControls' $wanted $shown 'it asks for something else beside the device' }
        # The rule names OR. AND would demand that one device is both, which most never are.
        if ($grant.operator -ne 'OR') { New-CaGap 'grantControls.operator' 'OR' $grant.operator 'its controls are not alternatives' }
    )
    , $gaps
}

# The clients that only know legacy authentication, both kinds. A policy for all kinds of clients is another policy: a
# block by it would lock everybody out, so it is no proof that somebody thought of legacy authentication.
function Get-CaLegacyClientGaps {
    param([Parameter(Position = 0)]$Policy)
    $conditions = Read-Object $Policy 'conditions' -Of $caSource
    $types = Read-StringList $conditions 'clientAppTypes' -Of "$caSource conditions" -NullIsEmpty
    $property = 'conditions.clientAppTypes'
    $wanted = 'exchangeActiveSync, other'
    if (-not (Test-CaClientAppsNarrow $conditions)) { return , @(New-CaGap $property $wanted 'all' 'it is for all kinds of clients' -Foreign) }
    $missing = @(@('exchangeActiveSync', 'other').Where({ $_ -notin $types }))
    if (-not $missing.Count) { return , @() }
    $names = @{ exchangeActiveSync = 'Exchange ActiveSync'; other = 'other legacy clients' }
    $text = "it does not cover $($missing.ForEach({ $names[$_] }) -join ' and ')"
    , @(New-CaGap $property $wanted (Format-CaList $types) $text -Foreign:($missing.Count -eq 2))
}

# The sign-in with a code that is typed on another device. The methods are one text, separated by commas.
function Get-CaDeviceCodeGaps {
    param([Parameter(Position = 0)]$Policy)
    $property = 'conditions.authenticationFlows.transferMethods'
    $conditions = Read-Object $Policy 'conditions' -Of $caSource
    $flows = Read-NullableObject $conditions 'authenticationFlows' -Of "$caSource conditions"
    $methods = if ($null -ne $flows) { Read-NullableString $flows 'transferMethods' -Of "$caSource conditions.authenticationFlows" }
    if ($methods -and 'deviceCodeFlow' -in $methods.Split(',').Trim()) { return , @() }
    $foreign = -not $methods -or $methods -eq 'none'
    , @(New-CaGap $property 'deviceCodeFlow' ($foreign ? 'none' : $methods) 'it does not concern the device code flow' -Foreign:$foreign)
}

# An action of users (registering a method) instead of resources.
function Get-CaUserActionGaps {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Action)
    $property = 'conditions.applications.includeUserActions'
    $applications = Read-NullableObject $Policy 'conditions.applications' -Of $caSource
    $actions = if ($null -eq $applications) { , @() } else { Read-StringList $applications 'includeUserActions' -Of "$caSource conditions.applications" -NullIsEmpty }
    if ($Action -in $actions) { return , @() }
    , @(New-CaGap $property $Action (Format-CaList $actions) 'it does not cover this action' -Foreign)
}

# One resource, by its application id, listed by itself and not taken out again.
function Get-CaApplicationGaps {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][string]$Id, [Parameter(Position = 2)][string]$Name)
    $property = 'conditions.applications.includeApplications'
    $applications = Read-NullableObject $Policy 'conditions.applications' -Of $caSource
    if ($null -eq $applications) { return , @(New-CaGap $property $Name 'none' "it does not list $Name" -Foreign) }
    $of = "$caSource conditions.applications"
    $included = Read-StringList $applications 'includeApplications' -Of $of -NullIsEmpty
    $excluded = Read-CaOptionalList $applications 'excludeApplications' $of
    $filter = Read-CaOptionalObject $applications 'applicationFilter' $of
    $gaps = @(
        if ($Id -notin $included) { New-CaGap $property $Name (Format-CaList $included) "it does not list $Name" -Foreign }
        if ($Id -in $excluded) { New-CaGap 'conditions.applications.excludeApplications' "not $Name" $Name "it excludes $Name" }
        if ($null -ne $filter) { New-CaGap 'conditions.applications.applicationFilter' 'none' 'set' 'it chooses resources by a filter' }
    )
    , $gaps
}
