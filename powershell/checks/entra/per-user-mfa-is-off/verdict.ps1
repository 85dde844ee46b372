param($Evidence, $Context)
$userSource = 'graph/users'
$source = 'graph/beta/users/{id}/authentication/requirements'
$users = Get-Rows $Evidence $userSource
# Blocked accounts cannot sign in, so nothing is asked of them; guests count like everybody else.
$enabled = $users.Where({ Read-Boolean $_ 'accountEnabled' -Of $userSource })
# Somebody works in every tenant: nothing looked at must not read as "all is well".
if (-not $enabled.Count) { Stop-UnexpectedData $userSource '' 'expected at least one enabled account, found none' }

$on = [Collections.Generic.List[object]]::new()
$off = [Collections.Generic.List[object]]::new()
foreach ($user in $enabled) {
    $id = Read-String $user 'id' -Of $userSource
    $state = Read-String (Get-SourceEntry $Evidence $source $id) 'perUserMfaState' -Of "$source $id"
    if ($state -notin 'disabled', 'enabled', 'enforced') { Stop-UnexpectedData "$source $id" 'perUserMfaState' 'the value is none that is known' }
    $finding = New-Finding -ResourceId $id -ResourceName (Get-PrincipalName $user $id) -Property 'perUserMfaState' -Expected 'disabled' -Actual $state -Compliant ($state -eq 'disabled')
    if ($finding.compliant) { $off.Add($finding) } else { $on.Add($finding) }
}
# A report keeps only so many findings: those that matter come first.
$findings = @($on; $off)
if ($on.Count -eq 1) { return New-Verdict fail "Legacy per-user MFA is on for one account: $($on[0].resourceName)." $findings }
if ($on.Count) { return New-Verdict fail "Legacy per-user MFA is on for $($on.Count) of $($enabled.Count) enabled accounts." $findings }
New-Verdict pass "Legacy per-user MFA is off for $(if ($enabled.Count -gt 1) { "all $($enabled.Count) enabled accounts" } else { 'the one enabled account' })." $findings
