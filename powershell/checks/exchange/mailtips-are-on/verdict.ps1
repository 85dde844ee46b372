param($Evidence, $Context)
$source = 'exchange/Get-OrganizationConfig'
$most = Read-InputNumber $Context 'mailTipsLargeAudienceMax' 25 -Minimum 0 -Maximum ([uint]::MaxValue)
$config = Get-Single $Evidence $source
$switches = [ordered]@{
    MailTipsAllTipsEnabled = 'MailTips are off'; MailTipsExternalRecipientsTipsEnabled = 'nobody is warned about recipients outside the organisation'
    MailTipsGroupMetricsEnabled = 'tips about the size of groups are off'
}
$findings = [Collections.Generic.List[object]]::new()
$problems = [Collections.Generic.List[string]]::new()
foreach ($property in $switches.Keys) {
    $on = Read-Boolean $config $property -Of $source
    $findings.Add((New-Finding -ResourceId 'OrganizationConfig' -ResourceName 'Exchange organisation' -Property $property -Expected $true -Actual $on -Compliant $on))
    if (-not $on) { $problems.Add($switches.$property) }
}
$threshold = Read-Integer $config 'MailTipsLargeAudienceThreshold' -Of $source
$low = $threshold -le $most
$findings.Add((New-Finding -ResourceId 'OrganizationConfig' -ResourceName 'Exchange organisation' -Property 'MailTipsLargeAudienceThreshold' -Expected "at most $most" -Actual $threshold -Compliant $low))
if (-not $low) { $problems.Add("the warning about many recipients comes only above $threshold") }
if ($problems.Count) {
    return New-Verdict fail (Format-Sentence $problems) $findings
}
New-Verdict pass "MailTips are on, also for recipients outside and for more than $threshold recipients." $findings
