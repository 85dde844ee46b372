param($Evidence, $Context)
$source = 'graph/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/microsoftAuthenticator'
$method = Get-Single $Evidence $source
$findings = [Collections.Generic.List[object]]::new()
$add = { param($Property, $Expected, $Actual, $Good)
    $findings.Add((New-Finding -ResourceId 'MicrosoftAuthenticator' -ResourceName 'Microsoft Authenticator' -Property $Property -Expected $Expected -Actual $Actual -Compliant $Good)) }
$exceptions = 'documented exceptions only (to be reviewed)'

$state = Read-String $method 'state' -Of $source
if ($state -notin 'enabled', 'disabled') { Stop-UnexpectedData $source 'state' 'the value is none that is known' }
& $add 'state' 'enabled' $state ($state -eq 'enabled')

$included = Read-List $method 'includeTargets' -Of $source -NullIsEmpty
& $add 'includeTargets' 'all_users' (Format-TargetIds $included -Of "$source includeTargets") (Test-TargetsEverybody $included -Of "$source includeTargets")
# Groups that are left out are told for review; leaving out everybody is another thing.
$excluded = Read-List $method 'excludeTargets' -Of $source -NullIsEmpty
if ((Get-TargetIds $excluded -Of "$source excludeTargets").Count) {
    & $add 'excludeTargets' $exceptions (Format-TargetIds $excluded -Of "$source excludeTargets") (-not (Test-TargetsEverybody $excluded -Of "$source excludeTargets"))
}

$settings = Read-NullableObject $method 'featureSettings' -Of $source
$features = [ordered]@{ displayAppInformationRequiredState = 'the application'; displayLocationInformationRequiredState = 'the location'; numberMatchingRequiredState = 'number matching' }
$off = [Collections.Generic.List[string]]::new()
foreach ($name in $features.Keys) {
    # Number matching is on for everybody by now, and the service stopped telling of it.
    if ($name -eq 'numberMatchingRequiredState' -and ($null -eq $settings -or -not (Test-Property $settings $name) -or $null -eq $settings.$name)) { continue }
    $of = "$source featureSettings.$name"
    $feature = if ($null -ne $settings) { Read-NullableObject $settings $name -Of "$source featureSettings" }
    $shown = 'not configured'
    $good = $false
    if ($null -ne $feature) {
        # `default` leaves it to Microsoft: that may show the context, but nobody decided that it does.
        $shown = Read-String $feature 'state' -Of $of
        if ($shown -notin 'enabled', 'disabled', 'default') { Stop-UnexpectedData $of 'state' 'the value is none that is known' }
        $target = Read-NullableObject $feature 'includeTarget' -Of $of
        $apart = if (Test-Property $feature 'excludeTarget') { Read-NullableObject $feature 'excludeTarget' -Of $of }
        $everybody = $null -ne $target -and (Test-TargetsEverybody @($target) -Of "$of.includeTarget")
        $nobody = $null -ne $apart -and (Test-TargetsEverybody @($apart) -Of "$of.excludeTarget")
        $good = $shown -eq 'enabled' -and $everybody -and -not $nobody
        if ($shown -eq 'enabled' -and -not $everybody) { $shown = 'enabled, not for all users' }
        if ($null -ne $apart -and (Get-TargetIds @($apart) -Of "$of.excludeTarget").Count) {
            & $add "featureSettings.$name.excludeTarget" $exceptions (Format-TargetIds @($apart) -Of "$of.excludeTarget") (-not $nobody)
        }
    }
    & $add "featureSettings.$name" 'enabled for all users' $shown $good
    if (-not $good) { $off.Add($features[$name]) }
}
if (-not $findings.Where({ -not $_.compliant }).Count) {
    $note = if ($findings.Where({ $_.property -like '*excludeTarget*' }).Count) { ' Some accounts are left out: review the exclusions.' } else { '' }
    return New-Verdict pass "Microsoft Authenticator is on for all users and shows the application and the location of a sign-in.$note" $findings
}
if ($state -ne 'enabled') { return New-Verdict fail 'Microsoft Authenticator is switched off, so no prompt can show where a sign-in comes from.' $findings }
if ($off.Count) { return New-Verdict fail "Prompts of Microsoft Authenticator are not set to show all users $($off -join ' and ')." $findings }
New-Verdict fail 'Microsoft Authenticator is not on for all users.' $findings
