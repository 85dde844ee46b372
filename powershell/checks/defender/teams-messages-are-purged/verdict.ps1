param($Evidence, $Context)
$source = 'exchange/Get-TeamsProtectionPolicy'
$ruleSource = 'exchange/Get-TeamsProtectionPolicyRule'
$findings = [Collections.Generic.List[object]]::new()
$off = [Collections.Generic.List[string]]::new()
$excluded = 0
# A tenant has one policy and one rule: their names are for showing, and need not be in the answer.
function Get-ShownName {
    param($Object, [string]$Of, [string]$Else)
    foreach ($property in 'Name', 'Identity') { if (Test-Property $Object $property) { return Read-String $Object $property -Of $Of } }
    $Else
}

# Exclusions are listed for a person to look at; they do not fail the control. No rule means no exclusion.
$rules = if (Test-Source $Evidence $ruleSource) { Get-Rows $Evidence $ruleSource } else { , @() }
foreach ($rule in $rules) {
    $name = Get-ShownName $rule -Of $ruleSource -Else 'Teams protection policy rule'
    foreach ($axis in 'ExceptIfSentTo', 'ExceptIfSentToMemberOf', 'ExceptIfRecipientDomainIs') {
        $entries = @((Read-StringList $rule $axis -Of $ruleSource -NullIsEmpty).Where({ $_.Trim() }))
        if (-not $entries.Count) { continue }
        $excluded += $entries.Count
        $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property $axis -Expected 'for review: are these exclusions wanted?' -Actual $entries -Compliant $true))
    }
}
$policies = Get-NamedPolicies $Evidence $source
foreach ($policy in $policies) {
    $name = Get-ShownName $policy -Of $source -Else 'Teams protection policy'
    $on = Read-Boolean $policy 'ZapEnabled' -Of $source
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'ZapEnabled' -Expected $true -Actual $on -Compliant $on))
    if (-not $on) { $off.Add($name) }
}
# Older tenants answer no policy until the page was opened once. The service's default would then apply, but nobody read it.
if (-not $policies.Count) {
    return New-Verdict manual 'The service showed no Teams protection policy; open its page in the Microsoft Defender portal and see that zero-hour auto purge is on.' $findings -ReasonCode human_review
}
if ($off.Count) { return New-Verdict fail 'Zero-hour auto purge is off for Teams: messages found to be malicious stay in chats.' $findings }
$review = if ($excluded) { "; $excluded exclusion$(if ($excluded -gt 1) { 's' }) from it deserve$(if ($excluded -eq 1) { 's' }) a look" }
New-Verdict pass "Teams messages that are found to be malicious are removed after delivery$review." $findings
