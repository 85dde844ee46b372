param($Evidence, $Context)
$fromSharePoint = Test-Source $Evidence 'sharepoint/tenant'
$source = $fromSharePoint ? 'sharepoint/tenant' : 'graph/admin/sharepoint/settings'
$settings = Get-Single $Evidence $source
$modeName = $fromSharePoint ? 'SharingDomainRestrictionMode' : 'sharingDomainRestrictionMode'
$listName = $fromSharePoint ? 'SharingAllowedDomainList' : 'sharingAllowedDomainList'
$mode = Read-NamedValue $settings $modeName -Names 'None', 'AllowList', 'BlockList' -Of $source
# SharePoint writes the list as one text with blanks between the domains (people also type commas), Graph and some modules
# as a list. Both call it nullable: null is a list that nobody filled. It only has an effect as a list of allowed domains.
$domains = [string[]]@()
if ($mode -eq 'AllowList' -or (Test-Property $settings $listName)) {
    $value = Read-Property $settings $listName -Of $source
    $texts = $value -is [array] -or -not $fromSharePoint ? (Read-StringList $settings $listName -Of $source -NullIsEmpty) : @("$(Read-NullableString $settings $listName -Of $source)")
    $domains = [string[]]@($texts.ForEach({ $_ -split '[\s,;]+' }).Where({ $_ }))
}
# Later editions of the benchmark also accept that nothing is shared outside at all; this one asks for the list.
if (Read-Choice $Context 'acceptSharingOff' -Default $false) {
    $levelName = $fromSharePoint ? 'SharingCapability' : 'sharingCapability'
    if ((Read-SharingCapability $settings $levelName -Of $source) -eq 'Disabled') {
        return New-Verdict pass 'Nothing is shared outside the organisation, so no list of domains is needed.' (New-SharePointFinding $levelName -Expected 'Disabled' -Actual 'Disabled' -Compliant $true)
    }
}
$limited = $mode -eq 'AllowList'
$findings = @(
    New-SharePointFinding $modeName -Expected 'AllowList' -Actual $mode -Compliant $limited
    New-SharePointFinding $listName -Expected 'at least one domain' -Actual ($domains -join ', ') -Compliant ($domains.Count -gt 0 -or -not $limited)
)
if (-not $limited) {
    $why = if ($mode -eq 'BlockList') { 'only listed domains are refused, every other one is open' } else { 'every domain is open' }
    return New-Verdict fail "SharePoint content can be shared with any domain: $why." $findings
}
if (-not $domains.Count) { return New-Verdict fail 'Sharing is set to listed domains, but the list of domains is empty.' $findings }
$unlisted = Get-UnlistedDomains $domains (Read-InputList $Context 'approvedDomains')
if ($unlisted.Count) {
    $findings += foreach ($domain in $unlisted) {
        New-Finding -ResourceId $domain -ResourceName $domain -Property $listName -Expected 'a domain that was approved' -Actual 'allowed, not approved' -Compliant $false
    }
    return New-Verdict fail "SharePoint content can be shared with domains that were not approved: $(Format-NameList $unlisted)." $findings
}
New-Verdict pass "SharePoint content can be shared only with people of $($domains.Count) listed domain$(if ($domains.Count -gt 1) { 's' })." $findings
