param($Evidence, $Context)
$source = 'graph/servicePrincipals?appId'
$application = 'c1f33bc0-bdb4-4248-ba9b-096807ddb43e'
$name = 'Microsoft 365 on the web'
$rows = Get-Rows $Evidence $source
$principals = @($rows.Where({ (Read-String $_ 'appId' -Of $source) -eq $application }))
# The principal appears when somebody switches the feature off. Without it the feature is in its initial state, and on.
if (-not $principals.Count) {
    $finding = New-Finding -ResourceId $application -ResourceName $name -Property 'accountEnabled' -Expected $false -Actual 'no service principal' -Compliant $false
    return New-Verdict fail 'Third-party storage was never switched off for Microsoft 365 on the web.' $finding
}
$findings = @(foreach ($principal in $principals) {
        $enabled = Read-Boolean $principal 'accountEnabled' -Of $source
        New-Finding -ResourceId $application -ResourceName $name -Property 'accountEnabled' -Expected $false -Actual $enabled -Compliant (-not $enabled)
    })
if ($findings.Where({ -not $_.compliant }).Count) { return New-Verdict fail 'Microsoft 365 on the web opens files in third-party storage.' $findings }
New-Verdict pass 'Microsoft 365 on the web does not open files in third-party storage.' $findings
