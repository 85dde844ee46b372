param($Evidence, $Context)
$source = 'exchange/Get-MailboxAuditBypassAssociation'
$rows = Get-Rows $Evidence $source
# The list holds every account, those of the system too: none at all is no answer.
if (-not $rows.Count) { Stop-UnexpectedData $source '' 'expected at least the accounts of the system, found none' }
$findings = [Collections.Generic.List[object]]::new()
$bypassing = [Collections.Generic.List[string]]::new()
foreach ($row in $rows) {
    # A row without the property is undetermined, not false.
    if (-not (Read-Boolean $row 'AuditBypassEnabled' -Of $source)) { continue }
    $name = Read-String $row 'Name' -Of $source
    $id = (Test-Property $row 'Identity') ? (Read-String $row 'Identity' -Of $source) : $name
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'AuditBypassEnabled' -Expected $false -Actual $true -Compliant $false))
    $bypassing.Add($name)
}
if ($bypassing.Count) { return New-Verdict fail "What $(Format-NameList $bypassing) $($bypassing.Count -eq 1 ? 'does' : 'do') in mailboxes is not audited." $findings }
$findings.Add((New-Finding -ResourceId 'accounts' -ResourceName 'Accounts' -Property 'AuditBypassEnabled' -Expected 'false for every account' -Actual "false for all $($rows.Count)" -Compliant $true))
New-Verdict pass 'No account bypasses mailbox auditing.' $findings
