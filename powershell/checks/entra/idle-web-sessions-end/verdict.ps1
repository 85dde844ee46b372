param($Evidence, $Context)
$source = 'graph/policies/activityBasedTimeoutPolicies'
$limit = 3 * 3600
$timeoutWords = 'at most 03:00:00'

# The timeouts of the default entry: @{ text; seconds }. The definition is JSON within JSON, and may name applications
# with timeouts of their own; the entry `default` is for everything else, wherever it stands.
$readDefault = {
    param($Policy)
    $definition = Read-StringList $Policy 'definition' -Of $source
    if ($definition.Count -ne 1) { Stop-UnexpectedData $source 'definition' "expected exactly one text, found $($definition.Count)" }
    $parsed = try { ConvertFrom-JsonText $definition[0] } catch { Stop-UnexpectedData $source 'definition' 'the text is not JSON' }
    $of = "$source definition"
    $entries = Read-List $parsed 'ActivityBasedTimeoutPolicy.ApplicationPolicies' -Of $of
    foreach ($entry in $entries) {
        if ((Read-String $entry 'ApplicationId' -Of $of) -ne 'default') { continue }
        $text = Read-String $entry 'WebSessionIdleTimeout' -Of $of
        $match = [regex]::Match($text.Trim(), '^(?:(\d{1,5})\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})$')
        if (-not $match.Success) { Stop-UnexpectedData $of 'WebSessionIdleTimeout' 'expected a duration' }
        $days = $match.Groups[1].Success ? [int]$match.Groups[1].Value : 0
        $seconds = (($days * 24 + [int]$match.Groups[2].Value) * 60 + [int]$match.Groups[3].Value) * 60 + [int]$match.Groups[4].Value
        # No time at all is no timeout that the service takes; what it would mean is anybody's guess.
        if ($seconds -lt 1) { Stop-UnexpectedData $of 'WebSessionIdleTimeout' 'expected a positive duration' }
        @{ text = $text; seconds = $seconds }
    }
}

$timeoutFindings = [Collections.Generic.List[object]]::new()
$inTime = 0
$unreadable = $null
foreach ($policy in (Get-Rows $Evidence $source)) {
    try {
        # Only for people to find the policy: the rule asks for what it says, not for what it is called.
        $id = (Test-Property $policy 'id') ? (Read-String $policy 'id' -Of $source) : 'activityBasedTimeoutPolicy'
        $name = Get-PrincipalName $policy $id
        # Only the policy of the whole organisation is in force by itself.
        if ((Read-NullableBoolean $policy 'isOrganizationDefault' -Of $source) -ne $true) {
            $timeoutFindings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'isOrganizationDefault' -Expected $true -Actual $policy.isOrganizationDefault -Compliant $false))
            continue
        }
        $timeouts = @(& $readDefault $policy)
        $late = @($timeouts.Where({ $_.seconds -gt $limit }))
        $good = $timeouts.Count -gt 0 -and -not $late.Count
        if ($good) { $inTime++ }
        $shown = if ($late.Count) { $late[0].text } elseif ($timeouts.Count) { $timeouts[0].text } else { 'no default entry' }
        $timeoutFindings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'definition.WebSessionIdleTimeout' -Expected $timeoutWords -Actual $shown -Compliant $good))
    } catch { $unreadable ??= $_ }
}
# A policy that cannot be read might be the one that is in force.
if (-not $inTime -and $null -ne $unreadable) { throw $unreadable }
if (-not $timeoutFindings.Count) {
    $timeoutFindings.Add((New-Finding -ResourceId 'activityBasedTimeoutPolicies' -ResourceName 'Idle timeout policies' -Property 'policies' -Expected $timeoutWords -Actual 'none' -Compliant $false))
}

# The second half: the timeout reaches unmanaged devices only through a policy with restrictions that the applications
# enforce. Its users are shown, not judged; a filter for devices is how such a policy leaves managed ones alone.
$wanted = 'leaves restrictions for Office 365 in browsers to the applications'
$policies = Get-Rows $Evidence $caSource
$found = Find-CaProof $policies -Purpose 'sessionControls.applicationEnforcedRestrictions' -Gaps {
    param($Policy)
    $applications = Read-NullableObject $Policy 'conditions.applications' -Of $caSource
    $of = "$caSource conditions.applications"
    $included = if ($null -eq $applications) { , @() } else { , (Read-StringList $applications 'includeApplications' -Of $of -NullIsEmpty) }
    $excluded = if ($null -eq $applications) { , @() } else { , (Read-CaOptionalList $applications 'excludeApplications' $of) }
    $clients = Read-StringList $Policy 'conditions.clientAppTypes' -Of $caSource -NullIsEmpty
    if ($included.Count -ne 1 -or $included[0] -ne 'Office365') { New-CaGap 'conditions.applications.includeApplications' 'Office365 alone' (Format-CaList $included) 'it is not for Office 365 alone' }
    # "Exactly Office 365" is not Office 365 without one of its parts.
    if ($excluded.Count) { New-CaGap 'conditions.applications.excludeApplications' 'none' (Format-CaList $excluded) 'it leaves resources out' }
    if ($clients.Count -ne 1 -or $clients[0] -ne 'browser') { New-CaGap 'conditions.clientAppTypes' 'browser alone' (Format-CaList $clients) 'it is not for browsers alone' }
    (Get-CaNarrowingGaps $Policy -Except 'clientAppTypes', 'devices')
    if ($null -eq (Read-CaSession $Policy 'applicationEnforcedRestrictions')) {
        New-CaGap 'sessionControls.applicationEnforcedRestrictions' 'on' 'off' 'it does not use the restrictions of the applications' -Foreign
    }
}
$caFindings = @(
    if (-not $found.proof.Count) { New-CaSummaryFinding $wanted $(if ($policies.Count) { "0 of $($policies.Count) qualify" } else { 'none' }) }
    $found.findings
    foreach ($one in $found.proof) {
        Get-CaProofFindings $one $wanted
        foreach ($list in 'includeUsers', 'includeGroups', 'includeRoles') {
            $values = Read-CaUserList $one.policy $list -Optional
            if ($values.Count) { New-Finding -ResourceId $one.id -ResourceName $one.name -Property "conditions.users.$list" -Expected 'to be reviewed' -Actual (Format-CaList $values) -Compliant $true }
        }
    }
)
if ($inTime -and $found.proof.Count) {
    $proven = @($timeoutFindings.Where({ $_.compliant }); $caFindings)
    return New-Verdict pass "Idle web sessions end after $($proven[0].actual), and the policy `"$($found.proof[0].name)`" makes unmanaged browsers follow." $proven
}
$why = @(
    if (-not $inTime) { 'no idle timeout of at most three hours is in force' }
    if (-not $found.proof.Count) { "no enabled Conditional Access policy $wanted" }
) -join ', and '
New-Verdict fail "Idle web sessions may stay open on unmanaged devices: $why.$($found.near)" @($timeoutFindings; $caFindings)
