param($Evidence, $Context)
$source = 'exchange/Get-OrganizationConfig'
$on = Read-Boolean (Get-Single $Evidence $source) 'OAuth2ClientProfileEnabled' -Of $source
$finding = New-Finding -ResourceId 'OrganizationConfig' -ResourceName 'Exchange organisation' -Property 'OAuth2ClientProfileEnabled' -Expected $true -Actual $on -Compliant $on
if ($on) { return New-Verdict pass 'Modern authentication is on for Exchange.' $finding }
New-Verdict fail 'Modern authentication is off for Exchange: Outlook signs in with name and password only.' $finding
