param($Evidence, $Context)
$policySource = 'exchange/Get-HostedOutboundSpamFilterPolicy'
# The policy's own Enabled says nothing: the default policy shows False and works.
$review = Get-PolicyReview $Evidence -PolicySource $policySource -RuleSource 'exchange/Get-HostedOutboundSpamFilterRule' -RuleProperty 'HostedOutboundSpamFilterPolicy' -Read {
    param($Policy)
    foreach ($pair in @('BccSuspiciousOutboundMail', 'BccSuspiciousOutboundAdditionalRecipients'), @('NotifyOutboundSpam', 'NotifyOutboundSpamRecipients')) {
        $on = Read-Boolean $Policy $pair[0] -Of $policySource
        $recipients = @((Read-StringList $Policy $pair[1] -Of $policySource).Where({ $_.Trim() }))
        @{ property = $pair[0]; expected = $true; actual = $on; compliant = $on }
        @{ property = $pair[1]; expected = 'at least one recipient'; actual = $recipients; compliant = $recipients.Count -gt 0 }
    }
}
if ($review.bad.Count) {
    return New-Verdict fail "Outbound spam is not reported to administrators by the outbound $($review.bad.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $review.bad)." $review.findings
}
if ($review.unclear.Count) {
    return New-Verdict manual "Look whether the outbound policy $(Format-NameList $review.unclear) comes first: it does not report outbound spam, and the order of the policies was not read." $review.findings -ReasonCode human_review
}
New-Verdict pass 'Suspicious outbound mail is copied to administrators, and they are told when a sender is blocked for spam.' $review.findings
