param($Evidence, $Context)
$teamsSource = 'teams/Get-CsTeamsMessagingPolicy'
$mailSource = 'exchange/Get-ReportSubmissionPolicy'
$canReport = Read-Boolean (Get-GlobalPolicy $Evidence $teamsSource -Unnamed) 'AllowSecurityEndUserReporting' -Of $teamsSource
$findings = [Collections.Generic.List[object]]::new()
$findings.Add((New-Finding -ResourceId 'Global' -ResourceName 'Global messaging policy' -Property 'AllowSecurityEndUserReporting' -Expected $true -Actual $canReport -Compliant $canReport))

# Until somebody saves the page for user reports there is no object at all: not configured, which is a finding and no
# error. Some routes to the service say "not found" then, others give an empty list.
$name = 'DefaultReportSubmissionPolicy'
$title = 'User reported settings'
$configured = Test-Source $Evidence $mailSource
if ($configured) {
    $data = $Evidence.$mailSource
    if ($data -is [array] -and $data.Count -eq 0) { $configured = $false }
}
if (-not $configured) {
    $findings.Add((New-Finding -ResourceId $name -ResourceName $title -Property 'Identity' -Expected 'saved once' -Actual 'not configured' -Compliant $false))
    return New-Verdict fail "The settings for user reports were never saved$(if ($canReport) { '' } else { ', and Teams does not let people report messages' }), so no security mailbox gets what people report." $findings.ToArray()
}
$policy = Get-Single $Evidence $mailSource
# Objects that were made long ago may answer null for a switch: it was never turned on.
foreach ($kind in 'Junk', 'NotJunk', 'Phish') {
    $switch = "Report$($kind)ToCustomizedAddress"
    $on = Read-NullableBoolean $policy $switch -Of $mailSource
    $findings.Add((New-Finding -ResourceId $name -ResourceName $title -Property $switch -Expected $true -Actual $on -Compliant ($on -eq $true)))
    $addresses = @((Read-StringList $policy "Report$($kind)Addresses" -Of $mailSource).Where({ $_.Trim() }))
    $findings.Add((New-Finding -ResourceId $name -ResourceName $title -Property "Report$($kind)Addresses" -Expected 'at least one address' -Actual ($addresses -join ', ') -Compliant ($addresses.Count -gt 0)))
}
$toMailbox = Read-NullableBoolean $policy 'ReportChatMessageToCustomizedAddressEnabled' -Of $mailSource
$findings.Add((New-Finding -ResourceId $name -ResourceName $title -Property 'ReportChatMessageToCustomizedAddressEnabled' -Expected $true -Actual $toMailbox -Compliant ($toMailbox -eq $true)))
# False looks wrong but means that reports of Teams messages do not go to Microsoft alone.
$toMicrosoft = Read-NullableBoolean $policy 'ReportChatMessageEnabled' -Of $mailSource
$findings.Add((New-Finding -ResourceId $name -ResourceName $title -Property 'ReportChatMessageEnabled' -Expected $false -Actual $toMicrosoft -Compliant ($toMicrosoft -ne $true)))

$wrong = @($findings.Where({ -not $_.compliant }))
if (-not $wrong.Count) {
    # Here null would be the one thing that a pass rests on, and the service's own default may well be "on".
    if ($null -eq $toMicrosoft) { Stop-UnexpectedData $mailSource 'ReportChatMessageEnabled' 'expected a boolean, found null' }
    return New-Verdict pass 'People can report Teams messages, and what they report reaches a mailbox of the organisation.' $findings.ToArray()
}
$inTeams = $wrong.Where({ $_.resourceId -eq 'Global' }).Count -gt 0
$inMail = $wrong.Where({ $_.resourceId -ne 'Global' }).Count -gt 0
$message = if ($inTeams -and $inMail) { 'Teams does not let people report messages, and reports do not all reach a mailbox of the organisation.' }
elseif ($inTeams) { 'Teams does not let people report messages as a security risk.' }
else { 'People can report Teams messages, but reports do not all reach a mailbox of the organisation.' }
New-Verdict fail $message $findings.ToArray()
