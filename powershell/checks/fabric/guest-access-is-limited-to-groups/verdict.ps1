param($Evidence, $Context)
$source = 'fabric/tenantSettings'
$name = 'AllowGuestUserToAccessSharedContent'
$setting = Get-FabricSetting $Evidence $name
$enabled = Read-Boolean $setting 'enabled' -Of $source
$groups = Read-FabricGroups $setting 'enabledSecurityGroups'
# Only a list of groups that MAY limits the setting. Excluded groups leave it open for everybody else, and
# canSpecifySecurityGroups says that groups could be chosen, not that they were.
$compliant = (-not $enabled) -or $groups.Count -gt 0
$actual = if (-not $enabled) { 'off' } elseif ($groups.Count) { "on for $($groups.Count) security group$(if ($groups.Count -gt 1) { 's' })" } else { 'on for the entire organisation' }
$findings = @(
    New-Finding -ResourceId $name -ResourceName 'Guest users can access Microsoft Fabric' `
        -Property 'enabled, enabledSecurityGroups' -Expected 'off, or on for chosen security groups' -Actual $actual -Compliant $compliant
)
if (-not $compliant) { return New-Verdict fail 'Guest access to Microsoft Fabric is on for the entire organisation.' $findings }
if (-not $enabled) { return New-Verdict pass 'Guest access to Microsoft Fabric is off.' $findings }
New-Verdict pass 'Guest access to Microsoft Fabric is limited to chosen security groups.' $findings
