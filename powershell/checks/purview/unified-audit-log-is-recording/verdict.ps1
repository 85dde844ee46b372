param($Evidence, $Context)
# The source is the Exchange host. The compliance host answers the same cmdlet with a constant False, so this
# check must never be given that answer: the source id says where it was read.
$source = 'exchange/Get-AdminAuditLogConfig'
$recording = Read-Boolean (Get-Single $Evidence $source) 'UnifiedAuditLogIngestionEnabled' -Of $source
$finding = New-Finding -ResourceId 'AdminAuditLogConfig' -ResourceName 'Audit log settings' -Property 'UnifiedAuditLogIngestionEnabled' `
    -Expected $true -Actual $recording -Compliant $recording
if ($recording) { return New-Verdict pass 'The unified audit log is recording.' $finding }
New-Verdict fail 'The unified audit log is not recording: activity of users and administrators leaves no trace.' $finding
