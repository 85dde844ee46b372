param($Evidence, $Context)
$source = 'graph/deviceManagement/settings'
$settings = $Evidence.$source
# The same settings arrive flat, or inside `settings` when they were selected from /deviceManagement.
if (Test-Property $settings 'settings') { $settings = Read-Object $settings 'settings' -Of $source }
# An empty object is what a tenant without Intune answers; an object that has other properties and lacks this one is unexpected data.
if ($settings -is [Management.Automation.PSCustomObject] -and -not @($settings.PSObject.Properties).Count) {
    return New-Verdict not_applicable 'The tenant does not use Intune: it has no device management settings.' @() -ReasonCode not_in_use
}
$secure = Read-Boolean $settings 'secureByDefault' -Of $source
$finding = New-Finding -ResourceId 'deviceManagement/settings' -ResourceName 'Intune compliance settings' `
    -Property 'secureByDefault' -Expected $true -Actual $secure -Compliant $secure
if ($secure) { return New-Verdict pass 'Devices without a compliance policy count as not compliant.' $finding }
New-Verdict fail 'Devices without a compliance policy count as compliant.' $finding
