param($Evidence, $Context)
$members = Get-RegisteredMembers $Evidence
# Every tenant has an administrator. A report without any member has not been made yet, and proves nothing.
if (-not $members.Count) { Stop-UnexpectedData $registrationSource '' 'expected at least one member, found none' }

$incapable = @($members.Where({ -not (Read-Boolean $_ 'isMfaCapable' -Of $registrationSource) }))
$exceptions = Read-InputList $Context 'mfaCapableExceptions'
$disabled = if ($incapable.Count) { , (Get-DisabledAccounts $Evidence) } else { , @() }
$findings = [Collections.Generic.List[object]]::new()
foreach ($member in $incapable) {
    $id = Get-RegisteredId $member
    $name = Read-String $member 'userPrincipalName' -Of $registrationSource
    $off = $disabled.Contains($id) -or $disabled.Contains($name)
    $excepted = $null -ne $exceptions -and ($name -in $exceptions -or $id -in $exceptions)
    $admin = (Test-Property $member 'isAdmin') -and $member.isAdmin -eq $true
    $actual = if ($off) { 'false (account is switched off)' } elseif ($excepted) { 'false (named exception)' } elseif ($admin) { 'false (administrator)' } else { 'false' }
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'isMfaCapable' -Expected $true -Actual $actual -Compliant ($off -or $excepted)))
}
# The list of exceptions may be missing: then there are none, as the rule decides by itself.
$open = @($findings.Where({ -not $_.compliant }))
if ($open.Count) {
    $verb = $open.Count -eq 1 ? 'account is' : 'accounts are'
    return New-Verdict fail "$($open.Count) member $verb not able to use multifactor authentication: $(Format-NameList $open.ForEach({ $_.resourceName }))." $findings
}
$findings.Insert(0, (New-Finding -ResourceId 'userRegistrationDetails' -ResourceName 'Registered methods of members' -Property 'isMfaCapable' -Expected 'all members' `
            -Actual "$($members.Count - $incapable.Count) of $($members.Count)" -Compliant $true))
if (-not $incapable.Count) { return New-Verdict pass "All members ($($members.Count)) are able to use multifactor authentication." $findings }
New-Verdict pass 'All members are able to use multifactor authentication, apart from named exceptions and accounts that are switched off.' $findings
