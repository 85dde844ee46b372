param($Evidence, $Context)
$members = Get-RegisteredMembers $Evidence
# Administrators follow a policy of their own, which is always on: they say nothing of the setting.
$ordinary = @($members.Where({ (Read-NullableBoolean $_ 'isAdmin' -Of $registrationSource) -ne $true }))
$without = @($ordinary.Where({ -not (Read-Boolean $_ 'isSsprEnabled' -Of $registrationSource) }))
$disabled = if ($without.Count) { , (Get-DisabledAccounts $Evidence) } else { , @() }
$findings = [Collections.Generic.List[object]]::new()
$proof = [Collections.Generic.List[string]]::new()
foreach ($member in $without) {
    $id = Get-RegisteredId $member
    $name = Read-String $member 'userPrincipalName' -Of $registrationSource
    $off = $disabled.Contains($id) -or $disabled.Contains($name)
    # Where it is not known whether somebody is an administrator, the value is no proof.
    $known = $null -ne $member.isAdmin
    $actual = if ($off) { 'false (account is switched off)' } elseif (-not $known) { 'false (not known whether an administrator)' } else { 'false' }
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'isSsprEnabled' -Expected $true -Actual $actual -Compliant $off))
    if ($known -and -not $off) { $proof.Add($name) }
}
if ($proof.Count) {
    return New-Verdict fail "Self-service password reset is not on for everybody: $($proof.Count) member$(if ($proof.Count -gt 1) { 's' }) may not use it ($(Format-NameList $proof))." $findings
}
# The setting itself has no API. Everybody having it is what "All" looks like, and what a group of everybody looks like.
$unsure = @($findings.Where({ -not $_.compliant })).Count
$findings.Insert(0, (New-Finding -ResourceId 'userRegistrationDetails' -ResourceName 'Registered methods of members' -Property 'isSsprEnabled' `
            -Expected 'all members who are not administrators' -Actual "$($ordinary.Count - $without.Count) of $($ordinary.Count)" -Compliant ($ordinary.Count -gt 0 -and -not $unsure)))
$message = if (-not $ordinary.Count) { 'The report holds nobody but administrators and guests, so it says nothing of password reset: look at the setting in the portal.' }
elseif ($unsure) { 'Some members may not reset their password, and it is not known whether they are administrators: look at the setting in the portal.' }
else { 'Every member who is not an administrator may reset the own password, as with the setting All: confirm the setting in the portal.' }
New-Verdict manual $message $findings -ReasonCode human_review
