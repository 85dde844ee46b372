param($Evidence, $Context)
$source = 'compliance/Get-DlpCompliancePolicy'
$locations = [ordered]@{ ExchangeLocation = 'Exchange'; SharePointLocation = 'SharePoint'; OneDriveLocation = 'OneDrive'; TeamsLocation = 'Teams' }

# The wire gives names of locations, the module objects that carry a Name. Either way one element is one location.
function Get-CoveredServices {
    param($Policy)
    $covered = [Collections.Generic.List[string]]::new()
    foreach ($property in $locations.Keys) {
        $list = Read-List $Policy $property -Of $source
        foreach ($location in $list) {
            if ($location -isnot [string]) { $location = Read-String $location 'Name' -Of "$source $property" }
            if ($location.Trim()) { $covered.Add($locations[$property]); break }
        }
    }
    , $covered.ToArray()
}

# Mode and Enabled are independent. Only the two together enforce: a policy in test mode watches, a policy that is
# off or waits for its deletion does nothing.
function Get-Shortcoming {
    param($Policy)
    $mode = Read-String $Policy 'Mode' -Of $source
    $enabled = Read-Boolean $Policy 'Enabled' -Of $source
    $covered = Get-CoveredServices $Policy
    if ($mode -ne 'Enable') { return @{ property = 'Mode'; expected = 'Enable'; actual = $mode } }
    if (-not $enabled) { return @{ property = 'Enabled'; expected = $true; actual = $false } }
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
