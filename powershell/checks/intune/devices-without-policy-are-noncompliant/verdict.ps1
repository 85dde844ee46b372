param($Evidence, $Context)
$source = 'graph/deviceManagement/settings'
$settings = $Evidence.$source
# The same settings arrive flat, or inside `settings` when they were selected from /deviceManagement.
if (Test-Property $settings 'settings') { $settings = Read-Object $settings 'settings' -Of $source }
# An answer without the property (a tenant that never set Intune up) is unexpected data: it says neither on nor off.
$secure = Read-Boolean $settings 'secureByDefault' -Of $source
$finding = New-Finding -ResourceId 'deviceManagement/settings' -ResourceName 'Intune compliance settings' `
    -Property 'secureByDefault' -Expected $true -Actual $secure -Compliant $secure
if ($secure) { return New-Verdict pass 'Devices without a compliance policy count as not compliant.' $finding }
New-Verdict fail 'Devices without a compliance policy count as compliant.' $finding
