param($Evidence, $Context)
$source = 'compliance/Get-DlpCompliancePolicy'
$locations = [ordered]@{ ExchangeLocation = 'Exchange'; SharePointLocation = 'SharePoint'; OneDriveLocation = 'OneDrive'; TeamsLocation = 'Teams' }

function Get-CoveredServices {
    param($Policy)
    , @(foreach ($property in $locations.Keys) { if ((Read-LocationNames $Policy $property -Of $source).Count) { $locations[$property] } })
}

function Get-Shortcoming {
    param($Policy)
    $short = Get-EnforcementShortcoming $Policy -Of $source
    $covered = Get-CoveredServices $Policy
    if ($null -ne $short) { return $short }
    if (-not $covered.Count) { return @{ property = 'Workload'; expected = 'a location in Exchange, SharePoint, OneDrive or Teams'; actual = 'none of them' } }
    $null
}

$policies = Get-Rows $Evidence $source
if (-not $policies.Count) {
    $none = New-Finding -ResourceId 'DlpCompliancePolicy' -ResourceName 'Data loss prevention policies' -Property 'count' -Expected 'at least one enforced policy' -Actual 0 -Compliant $false
    return New-Verdict fail 'The tenant has no data loss prevention policy.' $none
}
$enforced = [Collections.Generic.List[object]]::new()
$others = [Collections.Generic.List[object]]::new()
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $source
    $short = Get-Shortcoming $policy
    if ($null -eq $short) {
        $covered = (Get-CoveredServices $policy) -join ', '
        $enforced.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'Mode' -Expected 'Enable' -Actual "Enable ($covered)" -Compliant $true))
    } else {
        $others.Add((New-Finding -ResourceId $name -ResourceName $name -Property $short.property -Expected $short.expected -Actual $short.actual -Compliant $false))
    }
}
# One enforced policy is the test; policies that are still being tried out beside it are no defect.
if ($enforced.Count) {
    return New-Verdict pass "Data loss prevention is enforced by $(Format-NameList @(foreach ($one in $enforced) { $one.resourceName }))." $enforced
}
New-Verdict fail 'The tenant has data loss prevention policies, but none of them is enforced for Exchange, SharePoint, OneDrive or Teams.' $others
