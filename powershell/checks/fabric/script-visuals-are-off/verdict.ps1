param($Evidence, $Context)
# Chosen groups are not enough here: a script that one person shares runs for everybody who opens the report.
$setting = Get-FabricSetting $Evidence 'RScriptVisual'
$enabled = Read-Boolean $setting 'enabled' -Of 'fabric/tenantSettings'
$finding = New-Finding -ResourceId 'RScriptVisual' -ResourceName 'Interact with and share R and Python visuals' `
    -Property 'enabled' -Expected $false -Actual $enabled -Compliant (-not $enabled)
if ($enabled) { return New-Verdict fail 'Reports can hold R and Python visuals, which run code of their authors.' $finding }
New-Verdict pass 'R and Python visuals are off.' $finding
