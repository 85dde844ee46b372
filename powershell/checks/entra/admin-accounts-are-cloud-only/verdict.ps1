param($Evidence, $Context)
$userSource = 'graph/users/{id}'
$found = Get-AdministratorMembers $Evidence

# Only the users who hold a role matter: the map may hold others whose entries failed. Blocked accounts count,
# because unblocking one is a change in the on-premises directory's reach.
$findings = [Collections.Generic.List[object]]::new()
$synced = [Collections.Generic.List[string]]::new()
foreach ($id in $found.users.Keys) {
    $user = Get-SourceEntry $Evidence $userSource $id
    # null: never synchronised. false: was once. Both are cloud-only. Absent: it was not asked for, and nobody knows.
    $state = Read-NullableBoolean $user 'onPremisesSyncEnabled' -Of "$userSource $id"
    $name = Get-PrincipalName $user (Get-PrincipalName $found.users[$id] $id)
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'onPremisesSyncEnabled' `
                -Expected 'false or null' -Actual $state -Compliant ($state -ne $true)))
    if ($state) { $synced.Add($name) }
}
foreach ($id in $found.servicePrincipals.Keys) {
    $findings.Add((New-Finding -ResourceId $id -ResourceName (Get-PrincipalName $found.servicePrincipals[$id] $id) -Property '@odata.type' `
                -Expected 'not a synchronised user' -Actual 'servicePrincipal' -Compliant $true))
}

if ($synced.Count -eq 1) { return New-Verdict fail "One account in an administrator role is synchronised from the on-premises directory: $($synced[0])." $findings }
if ($synced.Count) { return New-Verdict fail "$($synced.Count) of $($found.users.Count) accounts in administrator roles are synchronised from the on-premises directory." $findings }
if (-not $found.users.Count) { return New-Verdict pass 'No user account is active in an administrator role, so none is synchronised from the on-premises directory.' $findings }
# Accounts that are only eligible for a role are not in these lists until they activate it.
if ($found.users.Count -eq 1) { return New-Verdict pass 'The one account that is active in administrator roles is not synchronised from the on-premises directory.' $findings }
New-Verdict pass "None of the $($found.users.Count) accounts that are active in administrator roles is synchronised from the on-premises directory." $findings
