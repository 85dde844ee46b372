param($Evidence, $Context)
$policies = Get-Rows $Evidence $caSource
$summary = { param($Actual) New-Finding -ResourceId 'conditionalAccessPolicies' -ResourceName 'Conditional Access policies' -Property 'policies' `
        -Expected 'one that requires MFA of all administrator roles' -Actual $Actual -Compliant $false }
# No policy is an answer, and a bad one: nothing requires MFA. Security defaults are not looked at, the rule asks for a policy.
if (-not $policies.Count) { return New-Verdict fail 'The tenant has no Conditional Access policy, so none requires MFA of administrators.' (& $summary 'none') }

$findings = [Collections.Generic.List[object]]::new()
$proof = [Collections.Generic.List[string]]::new()
$everybody = [Collections.Generic.List[string]]::new()
foreach ($policy in $policies) {
    $id = Read-String $policy 'id' -Of $caSource
    $name = Get-CaName $policy
    # Policies for other purposes are judged like all others, but their gaps would tell the reader nothing.
    $told = Test-CaConcernsMfa $policy $caAdminRoles
    $stateGaps = Get-CaStateGaps $policy
    # One enabled policy is enough; what a policy that is not in force contains does not matter to the verdict.
    if ($stateGaps.Count) {
        if ($told) { $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'state' -Expected 'enabled' -Actual $stateGaps[0].actual -Compliant $false)) }
        continue
    }
    # Any authentication strength that gives MFA is as good as the built-in control.
    $grantGaps = Get-CaGrantGaps $policy -Wanted 'mfa' -Strength { param($s) Test-CaStrengthIsMfa $s } -Words 'MFA'
    $roleGaps = Get-CaRoleGaps $policy $caAdminRoles
    $otherGaps = @((Get-CaResourceGaps $policy); (Get-CaNarrowingGaps $policy))
    $gaps = @($roleGaps; $otherGaps; $grantGaps)
    foreach ($gap in $gaps.Where({ $told })) {
        $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property $gap.property -Expected $gap.expected -Actual $gap.actual -Compliant $false))
    }
    # A policy for all users covers administrators in substance. The rule still asks for the roles by name: such a policy
    # can lose its breadth (an exclusion for a pilot group) without anybody thinking of the administrators.
    $forAll = 'All' -in (Read-CaUserList $policy 'includeUsers') -and -not $grantGaps.Count -and -not $otherGaps.Count
    if ($gaps.Count -and $forAll) { $everybody.Add($name) }
    if ($gaps.Count) { continue }

    $proof.Add($name)
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'conditions.users.includeRoles' `
                -Expected "all $($caAdminRoles.Count) administrator roles" -Actual "$($caAdminRoles.Count) of $($caAdminRoles.Count)" -Compliant $true))
    # Excluded users and groups do not fail the control (emergency access needs them), but somebody has to know them.
    $exclusions = Get-CaExclusions $policy
    foreach ($row in $exclusions) {
        $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property $row.property -Expected 'emergency access accounts only (to be reviewed)' `
                    -Actual (Format-CaList $row.values) -Compliant $true))
    }
}

if ($proof.Count) {
    # On a pass only the policies that prove it are told.
    $proven = $findings.Where({ $_.compliant })
    $left = @($proven.Where({ $_.property -like '*.exclude*' })).Count
    $note = if ($left) { ' It leaves some accounts out: review the exclusions.' } else { '' }
    return New-Verdict pass "The policy `"$($proof[0])`" requires MFA of all administrator roles.$note" $proven
}
$findings.Insert(0, (& $summary "0 of $($policies.Count) qualify"))
if ($everybody.Count) {
    return New-Verdict fail "The policy `"$($everybody[0])`" requires MFA of all users, but no enabled policy names all $($caAdminRoles.Count) administrator roles." $findings
}
New-Verdict fail "No enabled Conditional Access policy requires MFA of all $($caAdminRoles.Count) administrator roles on all resources." $findings
