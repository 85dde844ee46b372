param($Evidence, $Context)
$source = 'exchange/Get-AtpPolicyForO365'
$policy = Get-Single $Evidence $source
$wanted = [ordered]@{ EnableATPForSPOTeamsODB = $true; EnableSafeDocs = $true; AllowSafeDocsOpen = $false }
$problems = [ordered]@{
    EnableATPForSPOTeamsODB = 'Safe Attachments does not cover SharePoint, OneDrive and Teams'
    EnableSafeDocs = 'Safe Documents is off (it needs an E5 Security licence)'; AllowSafeDocsOpen = 'people may open files that Safe Documents found malicious'
}
$findings = foreach ($property in $wanted.Keys) {
    $actual = Read-Boolean $policy $property -Of $source
    New-Finding -ResourceId 'AtpPolicyForO365' -ResourceName 'Safe Attachments global settings' -Property $property -Expected $wanted.$property -Actual $actual -Compliant ($actual -eq $wanted.$property)
}
$bad = @($findings.Where({ -not $_.compliant }).ForEach({ $problems[$_.property] }))
if ($bad.Count) {
    return New-Verdict fail (Format-Sentence $bad) $findings
}
New-Verdict pass 'Safe Attachments covers SharePoint, OneDrive and Teams, and Safe Documents is on without a way around it.' $findings
