param($Evidence, $Context)
# Two services hold the same switch. The SharePoint one is asked first because Graph may answer null.
$fromSharePoint = Test-Source $Evidence 'sharepoint/tenant'
$source = $fromSharePoint ? 'sharepoint/tenant' : 'graph/admin/sharepoint/settings'
$property = $fromSharePoint ? 'LegacyAuthProtocolsEnabled' : 'isLegacyAuthProtocolsEnabled'
$allowed = Read-Boolean (Get-Single $Evidence $source) $property -Of $source
$finding = New-Finding -ResourceId 'tenant' -ResourceName 'SharePoint tenant settings' -Property $property `
    -Expected $false -Actual $allowed -Compliant (-not $allowed)
if ($allowed) { return New-Verdict fail 'SharePoint still accepts apps that sign in with legacy authentication.' $finding }
New-Verdict pass 'SharePoint refuses legacy authentication.' $finding
