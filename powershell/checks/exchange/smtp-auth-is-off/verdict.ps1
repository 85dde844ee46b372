param($Evidence, $Context)
$source = 'exchange/Get-TransportConfig'
# The switch is negative: true means that the protocol is off. Single mailboxes may still have an exception of their own.
$disabled = Read-Boolean (Get-Single $Evidence $source) 'SmtpClientAuthenticationDisabled' -Of $source
$finding = New-Finding -ResourceId 'TransportConfig' -ResourceName 'Transport settings' -Property 'SmtpClientAuthenticationDisabled' -Expected $true -Actual $disabled -Compliant $disabled
if ($disabled) { return New-Verdict pass 'Authenticated SMTP is off for the organisation; exceptions of single mailboxes are not part of this control.' $finding }
New-Verdict fail 'Authenticated SMTP is on for the organisation: mail can be sent with a password alone.' $finding
