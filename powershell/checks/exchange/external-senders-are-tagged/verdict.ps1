param($Evidence, $Context)
$source = 'exchange/Get-ExternalInOutlook'
$approved = Read-InputList $Context 'approvedExternalTagExceptions'
$rows = Get-NamedPolicies $Evidence $source
if (-not $rows.Count) { Stop-UnexpectedData $source '' 'expected the settings of the organisation, found none' }
$findings = [Collections.Generic.List[object]]::new()
$off = $false
$open = [Collections.Generic.List[string]]::new()
# A banner that a mail flow rule adds is not looked at: it is not this tag.
foreach ($row in $rows) {
    $id = Read-String $row 'Identity' -Of $source
    $on = Read-Boolean $row 'Enabled' -Of $source
    $exceptions = @((Read-StringList $row 'AllowList' -Of $source).ForEach({ $_.Trim() }).Where({ $_ }))
    $findings.Add((New-Finding -ResourceId $id -ResourceName 'External tag in Outlook' -Property 'Enabled' -Expected $true -Actual $on -Compliant $on))
    if (-not $on) { $off = $true }
    foreach ($exception in $exceptions) {
        # Word for word: an approved domain may be meant to cover less than every address in it.
        $ok = $null -ne $approved -and $exception -in $approved
        $findings.Add((New-Finding -ResourceId $exception -ResourceName $exception -Property 'AllowList' -Expected 'on the list of approved exceptions' -Actual $exception -Compliant $ok))
        if (-not $ok) { $open.Add($exception) }
    }
}
if ($off) { return New-Verdict fail 'Outlook does not mark mail from outside the organisation as external.' $findings }
if (-not $open.Count) { return New-Verdict pass 'Outlook marks mail from outside as external, without an exception that nobody approved.' $findings }
if ($null -eq $approved) {
    return New-Verdict manual "Outlook marks mail from outside as external, except from $(Format-NameList $open); without the list of approved exceptions nobody can say whether that is intended." $findings -ReasonCode operator_input_missing
}
New-Verdict fail "Mail from $(Format-NameList $open) is not marked as external, and nobody approved the exception." $findings
