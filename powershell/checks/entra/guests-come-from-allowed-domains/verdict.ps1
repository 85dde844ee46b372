param($Evidence, $Context)
$source = if (Test-Source $Evidence 'graph/beta/policies/b2bManagementPolicies') { 'graph/beta/policies/b2bManagementPolicies' } else { 'graph/beta/legacy/policies' }
$open = { param($Property, $Actual, $Message)
    New-Verdict fail $Message (New-Finding -ResourceId 'B2BManagementPolicy' -ResourceName 'External collaboration: domains' -Property $Property `
            -Expected 'a list of allowed domains' -Actual $Actual -Compliant $false) }

$policy = Get-GuestDomainPolicy $Evidence $source
if ($null -eq $policy -or -not (Test-Property $policy 'InvitationsAllowedAndBlockedDomainsPolicy') -or $null -eq $policy.InvitationsAllowedAndBlockedDomainsPolicy) {
    return & $open 'InvitationsAllowedAndBlockedDomainsPolicy' 'none' 'Guests can be invited from every domain: no restriction was ever set.'
}
$lists = Read-Object $policy 'InvitationsAllowedAndBlockedDomainsPolicy' -Of "$source definition"
$of = "$source definition.InvitationsAllowedAndBlockedDomainsPolicy"
$hasBlocked = Test-Property $lists 'BlockedDomains'
$blocked = if ($hasBlocked) { Read-StringList $lists 'BlockedDomains' -Of $of -NullIsEmpty } else { , @() }
if (-not (Test-Property $lists 'AllowedDomains')) {
    return & $open 'AllowedDomains' ($blocked.Count ? 'only blocked domains' : 'none') "Guests can be invited from every domain$(if ($blocked.Count) { ' that is not blocked' })."
}
# Null is neither a list nor its absence; beside blocked domains it does not matter what it means.
$allowed = Read-StringList $lists 'AllowedDomains' -Of $of -NullIsEmpty:($blocked.Count -gt 0)
if ($allowed.Where({ -not $_.Trim() }).Count) { Stop-UnexpectedData $of 'AllowedDomains' 'expected domains, found empty text' }
if ($blocked.Count) {
    if ($allowed.Count) { return & $open 'BlockedDomains' ($blocked -join ', ') 'Allowed and blocked domains are set together, so the list of allowed domains does not decide by itself.' }
    return & $open 'AllowedDomains' 'only blocked domains' 'Guests can be invited from every domain that is not blocked.'
}

$unlisted = Get-UnlistedDomains $allowed (Read-InputList $Context 'approvedDomains')
$findings = @(foreach ($domain in $allowed) {
        New-Finding -ResourceId $domain -ResourceName $domain -Property 'AllowedDomains' -Expected 'an approved domain' -Actual ($domain -in $unlisted ? 'not approved' : 'allowed') -Compliant ($domain -notin $unlisted)
    })
if ($unlisted.Count) { return New-Verdict fail "Guests can be invited from $($unlisted.Count) domain$(if ($unlisted.Count -gt 1) { 's' }) that nobody approved: $(Format-NameList $unlisted)." $findings }
if ($allowed.Count) { return New-Verdict pass "Guests can be invited from $($allowed.Count) allowed domain$(if ($allowed.Count -gt 1) { 's' }) only." $findings }
$finding = New-Finding -ResourceId 'B2BManagementPolicy' -ResourceName 'External collaboration: domains' -Property 'AllowedDomains' -Expected 'a list of allowed domains' -Actual 'empty' -Compliant (-not $hasBlocked)
# An empty list of allowed domains alone admits nobody. Beside an empty list of blocked domains it may as well be left
# over from a tenant that blocks nothing, and the two cannot be told apart.
if ($hasBlocked) { return New-Verdict manual 'The lists of allowed and of blocked domains are both empty: check whether every domain is allowed or none.' $finding -ReasonCode human_review }
New-Verdict pass 'No domain is allowed, so no guest can be invited from outside.' $finding
