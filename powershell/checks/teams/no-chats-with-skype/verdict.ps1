param($Evidence, $Context)
# The vendor retired Skype for consumers in 2025 and with it this switch: current answers no longer hold it, and what is
# not there cannot be on. The service's description also allows null, which says the same. Anything else has to be a boolean.
$source = 'teams/Get-CsTenantFederationConfiguration'
$tenant = Get-Single $Evidence $source
$present = Test-Property $tenant 'AllowPublicUsers'
# The switch may be missing, but then the rest has to show that this is the object which would hold it.
if (-not $present -and -not (Test-Property $tenant 'AllowFederatedUsers') -and -not (Test-Property $tenant 'Identity')) {
    Stop-UnexpectedData $source 'AllowFederatedUsers' 'the property is absent'
}
$on = if ($present) { Read-NullableBoolean $tenant 'AllowPublicUsers' -Of $source } else { $null }
$actual = if (-not $present) { 'absent' } elseif ($null -eq $on) { 'null' } else { $on }
$finding = New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowPublicUsers' `
    -Expected 'false or absent' -Actual $actual -Compliant ($on -ne $true)
if ($on) { return New-Verdict fail 'People here can chat with Skype users.' $finding }
if ($null -eq $on) { return New-Verdict pass 'Chats with Skype users are not possible: Teams no longer has the setting.' $finding }
New-Verdict pass 'Chats with Skype users are off.' $finding
