param($Evidence, $Context)
$source = 'graph/groups?Unified'
$approved = Read-InputList $Context 'approvedPublicGroups'

# The source holds Microsoft 365 groups only. Where the kind is told, it is believed: visibility means nothing for
# security groups. Where it is not, the source's own filter stands for it.
$groups = (Get-Rows $Evidence $source).Where({
        -not (Test-Property $_ 'groupTypes') -or 'Unified' -in (Read-StringList $_ 'groupTypes' -Of $source) })

$public = [Collections.Generic.List[object]]::new()
foreach ($group in $groups) {
    $id = Read-String $group 'id' -Of $source
    # null counts as public: that is how the service treats a Microsoft 365 group without the value.
    $visibility = Read-NullableString $group 'visibility' -Of $source
    if ($visibility -in 'Private', 'HiddenMembership') { continue }
    if ($null -ne $visibility -and $visibility -ne 'Public') { Stop-UnexpectedData $source 'visibility' 'the value is none that is known' }
    $public.Add([pscustomobject]@{ id = $id; name = (Read-NullableString $group 'displayName' -Of $source); visibility = $visibility })
}
if (-not $public.Count) {
    $looked = New-Finding -ResourceId 'groups' -ResourceName 'Microsoft 365 groups' -Property 'visibility' -Expected 'no public group' `
        -Actual "0 of $($groups.Count) are public" -Compliant $true
    return New-Verdict pass 'The tenant has no public Microsoft 365 group.' $looked
}

# Approved by object id, or by name as long as only one public group bears it: names are not unique, and whoever may
# create groups could take over an approval by its name.
$findings = [Collections.Generic.List[object]]::new()
$open = 0
foreach ($group in $public) {
    $byName = $group.name -and @($public.Where({ $_.name -eq $group.name })).Count -eq 1 -and $group.name -in $approved
    $ok = $null -ne $approved -and ($group.id -in $approved -or $byName)
    if (-not $ok) { $open++ }
    $findings.Add((New-Finding -ResourceId $group.id -ResourceName $(if ($group.name) { $group.name } else { $group.id }) -Property 'visibility' `
                -Expected 'Private, or on the list of approved public groups' -Actual $group.visibility -Compliant $ok))
}
$count = "$($public.Count) public Microsoft 365 group$(if ($public.Count -gt 1) { 's' })"
if ($null -eq $approved) {
    return New-Verdict manual "The tenant has $count; without the list of approved public groups nobody can say whether that is intended." $findings -ReasonCode operator_input_missing
}
if ($open -eq $public.Count) { return New-Verdict fail "The tenant has $count, and $(if ($open -gt 1) { 'none of them' } else { 'it' }) is $(if ($open -eq 1) { 'not ' })on the list of approved public groups." $findings }
if ($open) { return New-Verdict fail "The tenant has $count, and $open of them $(if ($open -gt 1) { 'are' } else { 'is' }) not on the list of approved public groups." $findings }
New-Verdict pass "The tenant has $count, and the organisation approved $(if ($public.Count -gt 1) { 'all of them' } else { 'it' })." $findings
