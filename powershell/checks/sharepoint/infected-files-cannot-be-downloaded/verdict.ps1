param($Evidence, $Context)
$source = 'sharepoint/tenant'
$blocked = Read-Boolean (Get-Single $Evidence $source) 'DisallowInfectedFileDownload' -Of $source
$finding = New-Finding -ResourceId 'tenant' -ResourceName 'SharePoint tenant settings' -Property 'DisallowInfectedFileDownload' `
    -Expected $true -Actual $blocked -Compliant $blocked
if ($blocked) { return New-Verdict pass 'Files that were found to be infected cannot be downloaded.' $finding }
New-Verdict fail 'Files that were found to be infected can still be downloaded from SharePoint and OneDrive.' $finding
