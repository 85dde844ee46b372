param($Evidence, $Context)
$source = 'graph/policies/adminConsentRequestPolicy'
$policy = $Evidence.$source
$on = Read-Boolean $policy 'isEnabled' -Of $source
$finding = New-Finding -ResourceId 'adminConsentRequestPolicy' -ResourceName 'Admin consent requests' -Property 'isEnabled' -Expected $true -Actual $on -Compliant $on
if (-not $on) { return New-Verdict fail 'Users cannot ask an administrator to approve an application.' $finding }

$reviewers = Read-List $policy 'reviewers' -Of $source -NullIsEmpty
$named = $reviewers.Where({ $query = Read-NullableString $_ 'query' -Of "$source reviewers"; $query -and $query.Trim() })
$findings = @(
    $finding
    New-Finding -ResourceId 'adminConsentRequestPolicy' -ResourceName 'Admin consent requests' -Property 'reviewers' -Expected 'at least 1' -Actual $named.Count -Compliant ($named.Count -gt 0)
)
# Requests that nobody receives help nobody: switched on is then not the whole truth.
if (-not $named.Count) {
    return New-Verdict manual 'Users can ask for approval of an application, but no reviewer is named: check who receives the requests.' $findings -ReasonCode human_review
}
New-Verdict pass "Users can ask for approval of an application, and $($named.Count) reviewer$(if ($named.Count -gt 1) { 's or groups of reviewers are' } else { ' or group of reviewers is' }) named." $findings
