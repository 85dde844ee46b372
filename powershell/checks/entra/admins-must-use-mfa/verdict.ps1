param($Evidence, $Context)
$otherGaps = {
    param($Policy)
    (Get-CaResourceGaps $Policy)
    (Get-CaNarrowingGaps $Policy)
    # Any authentication strength that gives MFA is as good as the built-in control.
    (Get-CaGrantGaps $Policy -Wanted 'mfa' -Strength { param($s) Test-CaStrengthIsMfa $s } -Words 'MFA')
}
$verdict = Get-CaVerdict $Evidence -Wanted 'requires MFA of all administrator roles' -Purpose 'grantControls', 'conditions.users.includeRoles' -Gaps {
    param($Policy)
    # The rule names the excluded users for review, so they must have been read.
    $null = Read-CaUserList $Policy 'excludeUsers'
    (Get-CaRoleGaps $Policy $caAdminRoles)
    (& $otherGaps $Policy)
}
if ($verdict.status -ne 'fail') { return $verdict }
# A policy for all users covers administrators in substance. The rule still asks for the roles by name: such a policy can
# lose its breadth (an exclusion for a pilot group) without anybody thinking of the administrators. So it is told, no more.
foreach ($policy in (Get-Rows $Evidence $caSource)) {
    if ((Get-CaStateGaps $policy).Count -or 'All' -notin (Read-CaUserList $policy 'includeUsers' -Optional) -or @(& $otherGaps $policy).Count) { continue }
    $verdict.message = "The policy `"$(Get-CaName $policy)`" requires MFA of all users, but no enabled policy names all $($caAdminRoles.Count) administrator roles."
    break
}
$verdict
