param($Evidence, $Context)
$source = 'exchange/Get-OrganizationConfig'
# The switch is negative: true means that the whole organisation records nothing, whatever single mailboxes say.
$disabled = Read-Boolean (Get-Single $Evidence $source) 'AuditDisabled' -Of $source
$finding = New-Finding -ResourceId 'OrganizationConfig' -ResourceName 'Exchange organisation' -Property 'AuditDisabled' `
    -Expected $false -Actual $disabled -Compliant (-not $disabled)
if ($disabled) { return New-Verdict fail 'Mailbox auditing is switched off for the whole organisation.' $finding }
New-Verdict pass 'Mailbox auditing is not switched off for the organisation.' $finding
