param($Evidence, $Context)
$policySource = 'exchange/Get-MalwareFilterPolicy'
$review = Get-PolicyReview $Evidence -PolicySource $policySource -RuleSource 'exchange/Get-MalwareFilterRule' -RuleProperty 'MalwareFilterPolicy' -Read {
    param($Policy)
    $on = Read-Boolean $Policy 'EnableFileFilter' -Of $policySource
    @{ property = 'EnableFileFilter'; expected = $true; actual = $on; compliant = $on }
}
if ($review.bad.Count) {
    return New-Verdict fail "The common attachment filter is off in the malware $($review.bad.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $review.bad)." $review.findings
}
New-Verdict pass 'The common attachment filter is on in the default malware policy and in the custom policy that comes first, if there is one.' $review.findings
