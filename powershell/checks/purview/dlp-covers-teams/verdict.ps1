param($Evidence, $Context)
$source = 'compliance/Get-DlpCompliancePolicy'

# What keeps a policy from covering Teams, as @{ property; expected; actual }, or $null. Everything is read in every case.
function Get-Shortcoming {
    param($Policy)
    $workloads = (Read-String $Policy 'Workload' -Of $source).Split(',').ForEach({ $_.Trim() })
    $short = Get-EnforcementShortcoming $Policy -Of $source
    $locations = Read-LocationNames $Policy 'TeamsLocation' -Of $source
    if ('Teams' -notin $workloads) { return @{ property = 'Workload'; expected = 'contains Teams'; actual = $workloads -join ', ' } }
    if ($null -ne $short) { return $short }
    # A few chosen accounts are not the organisation.
    if ('All' -notin $locations) { return @{ property = 'TeamsLocation'; expected = 'All'; actual = $locations } }
    $null
}

$policies = Get-Rows $Evidence $source
if (-not $policies.Count) {
    $none = New-Finding -ResourceId 'DlpCompliancePolicy' -ResourceName 'Data loss prevention policies' -Property 'count' -Expected 'at least one enforced policy for Teams' -Actual 0 -Compliant $false
    return New-Verdict fail 'The tenant has no data loss prevention policy.' $none
}
$covering = [Collections.Generic.List[object]]::new()
$others = [Collections.Generic.List[object]]::new()
$excepted = 0
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $source
    $short = Get-Shortcoming $policy
    $except = Read-LocationNames $policy 'TeamsLocationException' -Of $source
    if ($null -ne $short) {
        $others.Add((New-Finding -ResourceId $name -ResourceName $name -Property $short.property -Expected $short.expected -Actual $short.actual -Compliant $false))
        continue
    }
    $covering.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'TeamsLocation' -Expected 'All' -Actual 'All' -Compliant $true))
    if ($except.Count) {
        $excepted += $except.Count
        $covering.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'TeamsLocationException' -Expected 'for review: are these exclusions wanted?' -Actual $except -Compliant $true))
    }
}
# One policy that covers Teams is the test; policies for other places, or still being tried out, are no defect.
if (-not $covering.Count) { return New-Verdict fail 'No data loss prevention policy is enforced for everybody in Teams.' $others }
$names = @($covering.Where({ $_.property -eq 'TeamsLocation' }).ForEach({ $_.resourceName }))
$review = if ($excepted) { "; $excepted exclusion$(if ($excepted -gt 1) { 's' }) from it deserve$(if ($excepted -eq 1) { 's' }) a look" }
New-Verdict pass "Data loss prevention is enforced in Teams by $(Format-NameList $names)$review." $covering
