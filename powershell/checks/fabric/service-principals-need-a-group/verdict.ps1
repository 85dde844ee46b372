param($Evidence, $Context)
$source = 'fabric/tenantSettings'
# The vendor split one old switch (ServicePrincipalAccess) in two: calling public APIs, and creating workspaces,
# connections and pipelines. A tenant shows the old one, the new ones or all; every one that is there has to be limited.
$titles = [ordered]@{
    ServicePrincipalAccessPermissionAPIs = 'Service principals can call Fabric public APIs'
    ServicePrincipalAccess               = 'Service principals can use Fabric APIs'
    ServicePrincipalAccessGlobalAPIs     = 'Service principals can create workspaces, connections, and deployment pipelines'
}
$rows = Get-Rows $Evidence $source
$names = @($rows.ForEach({ Read-String $_ 'settingName' -Of $source }))
$present = @($titles.Keys.Where({ $_ -in $names }))
# The second half alone says nothing about the public APIs: a shorter list than the tenant has.
if (-not $present.Where({ $_ -ne 'ServicePrincipalAccessGlobalAPIs' }).Count) {
    Stop-UnexpectedData $source '[settingName=ServicePrincipalAccessPermissionAPIs]' 'expected this setting or ServicePrincipalAccess, found neither'
}
$limits = @(foreach ($name in $present) { Get-FabricGroupLimit $Evidence $name $titles[$name] })
$findings = @($limits.ForEach({ $_.finding }))
if ($limits.Where({ -not $_.compliant }).Count) { return New-Verdict fail 'Every service principal of the organisation can use Fabric APIs.' $findings }
if (-not $limits.Where({ $_.enabled }).Count) { return New-Verdict pass 'Service principals cannot use Fabric APIs.' $findings }
New-Verdict pass 'Service principals can use Fabric APIs only as members of chosen security groups.' $findings
