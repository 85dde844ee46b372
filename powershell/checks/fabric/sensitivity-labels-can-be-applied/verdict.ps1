param($Evidence, $Context)
$source = 'fabric/tenantSettings'
$name = 'EimInformationProtectionEdit'
# The opposite sense of its neighbours: here "on" is wanted, and chosen groups are as good as everybody.
$setting = Get-FabricSetting $Evidence $name
$enabled = Read-Boolean $setting 'enabled' -Of $source
$groups = Read-FabricGroups $setting 'enabledSecurityGroups'
$finding = New-Finding -ResourceId $name -ResourceName 'Allow users to apply sensitivity labels for content' `
    -Property 'enabled' -Expected $true -Actual $enabled -Compliant $enabled
if (-not $enabled) { return New-Verdict fail 'Users cannot apply sensitivity labels to Fabric content.' $finding }
if ($groups.Count) { return New-Verdict pass 'Members of chosen security groups can apply sensitivity labels to Fabric content.' $finding }
New-Verdict pass 'Users can apply sensitivity labels to Fabric content.' $finding
