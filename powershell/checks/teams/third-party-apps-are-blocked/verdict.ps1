param($Evidence, $Context)
# Two generations of one control. The settings for the whole organisation decide, where a tenant was moved to them;
# applications may not read them, and the policy of before is then ignored by the service although it still reads back.
# So the old policy alone proves nothing in either sense, and the switch for apps in preview can be read nowhere: a pass
# is never proven, a fail is when the settings in force are open.
$policySource = 'teams/Get-CsTeamsAppPermissionPolicy'
$settingSource = 'teams/Get-M365UnifiedTenantSettings'
$policy = Get-GlobalPolicy $Evidence $policySource
$legacy = @(foreach ($property in 'GlobalCatalogAppsType', 'PrivateCatalogAppsType') {
        $type = Read-String $policy $property -Of $policySource
        # AllowedAppList lets through what is listed and nothing else; BlockedAppList lets through everything else.
        if ($type -notin 'AllowedAppList', 'BlockedAppList') { Stop-UnexpectedData $policySource $property 'expected AllowedAppList or BlockedAppList, found another name' }
        New-Finding -ResourceId 'Global' -ResourceName 'Global app permission policy' -Property $property -Expected 'AllowedAppList' -Actual $type -Compliant ($type -eq 'AllowedAppList')
    })
$look = 'a person has to look at the settings for the whole organisation in the Teams admin center'
if (-not (Test-Source $Evidence $settingSource)) {
    $strict = if ($legacy.Where({ -not $_.compliant }).Count) { 'The Global app permission policy lets apps through' } else { 'The Global app permission policy blocks third-party and custom apps' }
    return New-Verdict manual "$strict, but tenants that were moved to app settings for the whole organisation ignore it; $look." $legacy -ReasonCode human_review
}
$settings = Get-Rows $Evidence $settingSource
if (-not $settings.Count) {
    # Not moved: the old policy is what the service follows.
    if ($legacy.Where({ -not $_.compliant }).Count) { return New-Verdict fail 'The Global app permission policy lets people use third-party or custom apps that nobody allowed.' $legacy }
    return New-Verdict manual "The Global app permission policy blocks third-party and custom apps; for the remaining switches $look." $legacy -ReasonCode human_review
}
$current = @(foreach ($name in 'GlobalApp', 'PrivateApp') {
        $rows = $settings.Where({ (Read-String $_ 'SettingName' -Of $settingSource) -eq $name })
        if ($rows.Count -ne 1) { Stop-UnexpectedData $settingSource "[SettingName=$name]" "expected exactly one such setting, found $($rows.Count)" }
        $value = Read-String $rows[0] 'SettingValue' -Of $settingSource
        if ($value -notin 'All', 'Some', 'None') { Stop-UnexpectedData $settingSource "[SettingName=$name].SettingValue" 'expected All, Some or None, found another name' }
        New-Finding -ResourceId $name -ResourceName $(if ($name -eq 'GlobalApp') { 'Third-party apps' } else { 'Custom apps' }) -Property 'SettingValue' -Expected 'None' -Actual $value -Compliant ($value -eq 'None')
    })
$open = $current.Where({ -not $_.compliant })
if ($open.Count) { return New-Verdict fail "Teams lets people use apps by default that nobody reviewed: $(Format-NameList $open.ForEach({ $_.resourceName.ToLowerInvariant() }))." $current }
New-Verdict manual 'Third-party and custom apps are off for the whole organisation; whether people can use custom apps in preview can only be seen in the Teams admin center.' $current -ReasonCode human_review
