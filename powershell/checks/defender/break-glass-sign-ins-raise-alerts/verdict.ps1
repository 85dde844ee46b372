param($Evidence, $Context)
# Activity policies of Defender for Cloud Apps are in no supported API, and an equal alert elsewhere (a SIEM, Azure Monitor)
# meets the control too, so nothing readable could prove that it is not met. Sign-in logs that can be read prove nothing.
$accounts = Read-InputList $Context 'breakGlassAccounts'
$findings = foreach ($account in $accounts) {
    New-Finding -ResourceId $account -ResourceName $account -Property 'sign-in alert' -Expected 'an alert of high severity at every sign-in' -Actual 'not readable: look in the portal' -Compliant $false
}
$whom = $accounts ? "the emergency access account$(if ($accounts.Count -gt 1) { 's' }) $(Format-NameList $accounts)" : 'the emergency access accounts'
New-Verdict manual "No API shows whether sign-ins by $whom raise an alert; look in the Microsoft Defender portal or in the monitoring system." $findings -ReasonCode no_api
