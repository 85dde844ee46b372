param($Evidence, $Context)
$source = 'graph/beta/policies/authenticationMethodsPolicy'
$policy = Get-Single $Evidence $source
$preferences = Read-Object $policy 'systemCredentialPreferences' -Of $source
$of = "$source systemCredentialPreferences"
$state = Read-String $preferences 'state' -Of $of
if ($state -notin 'enabled', 'disabled', 'default') { Stop-UnexpectedData $of 'state' 'the value is none that is known' }
$included = Read-List $preferences 'includeTargets' -Of $of -NullIsEmpty
$excluded = Read-List $preferences 'excludeTargets' -Of $of -NullIsEmpty
$everybody = Test-TargetsEverybody $included -Of "$of.includeTargets"
$nobody = Test-TargetsEverybody $excluded -Of "$of.excludeTargets"
$apart = (Get-TargetIds $excluded -Of "$of.excludeTargets").Count
$add = { param($Property, $Expected, $Actual, $Good)
    New-Finding -ResourceId 'authenticationMethodsPolicy' -ResourceName 'Authentication methods policy' -Property "systemCredentialPreferences.$Property" -Expected $Expected -Actual $Actual -Compliant $Good }
$findings = @(
    & $add 'state' 'enabled' $state ($state -eq 'enabled')
    & $add 'includeTargets' 'all_users' (Format-TargetIds $included -Of "$of.includeTargets") $everybody
    # Groups that are left out are told for review; leaving out everybody is another thing.
    if ($apart) { & $add 'excludeTargets' 'documented exceptions only (to be reviewed)' (Format-TargetIds $excluded -Of "$of.excludeTargets") (-not $nobody) }
)
# `default` is on in practice, but it is Microsoft's decision and may change.
if ($state -eq 'default') { return New-Verdict fail 'System-preferred MFA is left to Microsoft and not switched on by the tenant.' $findings }
if ($state -eq 'disabled') { return New-Verdict fail 'System-preferred MFA is switched off.' $findings }
if (-not $everybody) { return New-Verdict fail 'System-preferred MFA is on, but not for all users.' $findings }
if ($nobody) { return New-Verdict fail 'System-preferred MFA is on, but all users are excluded from it.' $findings }
New-Verdict pass "System-preferred MFA is on for all users$(if ($apart) { ', apart from exclusions that should be reviewed' })." $findings
