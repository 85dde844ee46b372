param($Evidence, $Context)
$source = 'graph/groups?DynamicMembership'
$groups = Get-Rows $Evidence $source
$findings = [Collections.Generic.List[object]]::new()
$working = [Collections.Generic.List[string]]::new()
$stopped = [Collections.Generic.List[string]]::new()
$unreadable = $null
foreach ($group in $groups) {
    # One good group is enough, so a row that cannot be read matters only when no other one is good.
    try {
        $types = Read-StringList $group 'groupTypes' -Of $source
        $rule = Read-NullableString $group 'membershipRule' -Of $source
        # A group may keep its old rule after it became an assigned one.
        if ('DynamicMembership' -notin $types -or -not $rule -or -not (Test-RuleCollectsGuests $rule)) { continue }
        $id = Read-String $group 'id' -Of $source
        $state = Read-NullableString $group 'membershipRuleProcessingState' -Of $source
        $name = Get-PrincipalName $group $id
        # A paused group keeps the members it had and takes in nobody new.
        $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'membershipRuleProcessingState' -Expected 'On' -Actual $state -Compliant ($state -eq 'On')))
        if ($state -eq 'On') { $working.Add($name) } else { $stopped.Add($name) }
    } catch { $unreadable ??= $_ }
}
if ($working.Count) { return New-Verdict pass "The dynamic group `"$($working[0])`" collects guests." $findings }
if ($null -ne $unreadable) { throw $unreadable }
$findings.Insert(0, (New-Finding -ResourceId 'dynamicGroups' -ResourceName 'Dynamic groups' -Property 'membershipRule' -Expected 'one that is processed and takes in user.userType -eq "Guest"' `
            -Actual "0 of $($groups.Count)" -Compliant $false))
if ($stopped.Count) { return New-Verdict fail "The rule of the dynamic group for guests is not processed: $(Format-NameList $stopped)." $findings }
New-Verdict fail "$(if ($groups.Count) { 'No dynamic group collects guests' } else { 'There is no dynamic group, so none collects guests' })." $findings
