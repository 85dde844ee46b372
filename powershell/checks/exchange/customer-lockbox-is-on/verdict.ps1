param($Evidence, $Context)
$source = 'exchange/Get-OrganizationConfig'
$on = Read-Boolean (Get-Single $Evidence $source) 'CustomerLockboxEnabled' -Of $source
$finding = New-Finding -ResourceId 'OrganizationConfig' -ResourceName 'Exchange organisation' -Property 'CustomerLockboxEnabled' -Expected $true -Actual $on -Compliant $on
if ($on) { return New-Verdict pass 'Microsoft engineers need the organisation''s approval before they see its data.' $finding }
New-Verdict fail 'Customer Lockbox is off: Microsoft engineers need no approval of the organisation to see its data.' $finding
