param($Evidence, $Context)
$source = 'fabric/tenantSettings'
# The opposite sense of its neighbours: the setting blocks, so "on" is wanted. The rule asks for no more, and the service offers no
# groups for it; should it answer some all the same, the message says so.
$setting = Get-FabricSetting $Evidence 'BlockResourceKeyAuthentication'
$enabled = Read-Boolean $setting 'enabled' -Of $source
$groups = Read-FabricGroups $setting 'enabledSecurityGroups'
$excluded = Read-FabricGroups $setting 'excludedSecurityGroups'
$scope = Format-FabricScope $enabled $groups.Count
if ($enabled -and $excluded.Count) { $scope += " except $($excluded.Count) security group$(if ($excluded.Count -gt 1) { 's' })" }
$finding = New-Finding -ResourceId 'BlockResourceKeyAuthentication' -ResourceName 'Block ResourceKey Authentication' `
    -Property 'enabled' -Expected 'on' -Actual $scope -Compliant $enabled
if (-not $enabled) { return New-Verdict fail 'Streaming datasets accept data from anyone who holds a resource key.' $finding }
if ($groups.Count -or $excluded.Count) { return New-Verdict pass "Authentication by resource key is blocked ($scope)." $finding }
New-Verdict pass 'Authentication by resource key is blocked.' $finding
