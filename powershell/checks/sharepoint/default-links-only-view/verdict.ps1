param($Evidence, $Context)
$source = 'sharepoint/tenant'
# None leaves the choice to the service, and what it then offers is to edit.
$accepted = 'View'
$actual = Read-NamedValue (Get-Single $Evidence $source) 'DefaultLinkPermission' -Names 'None', 'View', 'Edit' -Of $source
$finding = New-SharePointFinding 'DefaultLinkPermission' -Expected ($accepted -join ' or ') -Actual $actual -Compliant ($actual -in $accepted)
if ($actual -in $accepted) { return New-Verdict pass 'A new sharing link only lets people view by default.' $finding }
if ($actual -eq 'None') { return New-Verdict fail 'No default is set for new sharing links, which lets people edit.' $finding }
New-Verdict fail 'A new sharing link lets people edit by default.' $finding
