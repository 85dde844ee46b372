param($Evidence, $Context)
$source = 'graph/beta/admin/forms/settings'
$on = Read-Boolean (Get-OrgSettings $Evidence $source) 'isInOrgFormsPhishingScanEnabled' -Of $source
$finding = New-Finding -ResourceId 'forms' -ResourceName 'Microsoft Forms' -Property 'isInOrgFormsPhishingScanEnabled' -Expected $true -Actual $on -Compliant $on
if ($on) { return New-Verdict pass 'Microsoft Forms scans internal forms for phishing.' $finding }
New-Verdict fail 'Microsoft Forms does not scan internal forms for phishing.' $finding
