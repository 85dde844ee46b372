param($Evidence, $Context)
# Two services hold the same switch with opposite names. SharePoint is asked first because Graph may answer null.
$fromSharePoint = Test-Source $Evidence 'sharepoint/tenant'
$source = $fromSharePoint ? 'sharepoint/tenant' : 'graph/admin/sharepoint/settings'
$property = $fromSharePoint ? 'PreventExternalUsersFromResharing' : 'isResharingByExternalUsersEnabled'
$value = Read-Boolean (Get-Single $Evidence $source) $property -Of $source
$wanted = $fromSharePoint
$finding = New-SharePointFinding $property -Expected $wanted -Actual $value -Compliant ($value -eq $wanted)
if ($value -eq $wanted) { return New-Verdict pass 'Guests cannot pass on files and sites that they do not own.' $finding }
New-Verdict fail 'Guests can share files and sites that they do not own with further people.' $finding
