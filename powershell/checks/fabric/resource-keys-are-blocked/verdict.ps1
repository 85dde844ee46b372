param($Evidence, $Context)
$source = 'fabric/tenantSettings'
# The opposite sense of its neighbours: the setting blocks, so "on" is wanted, and on for everybody.
$setting = Get-FabricSetting $Evidence 'BlockResourceKeyAuthentication'
$enabled = Read-Boolean $setting 'enabled' -Of $source
$groups = Read-FabricGroups $setting 'enabledSecurityGroups'
$excluded = Read-FabricGroups $setting 'excludedSecurityGroups'
# The service offers no groups for this setting. Should it answer some all the same, the block does not hold for all.
$everybody = $groups.Count -eq 0 -and $excluded.Count -eq 0
$scope = Format-FabricScope $enabled $groups.Count
if ($enabled -and $excluded.Count) { $scope += " except $($excluded.Count) security group$(if ($excluded.Count -gt 1) { 's' })" }
$compliant = $enabled -and $everybody
$finding = New-Finding -ResourceId 'BlockResourceKeyAuthentication' -ResourceName 'Block ResourceKey Authentication' `
    -Property 'enabled' -Expected 'on for the entire organisation' -Actual $scope -Compliant $compliant
if (-not $enabled) { return New-Verdict fail 'Streaming datasets accept data from anyone who holds a resource key.' $finding }
if (-not $everybody) { return New-Verdict fail 'Authentication by resource key is blocked for a part of the organisation only.' $finding }
New-Verdict pass 'Authentication by resource key is blocked.' $finding
