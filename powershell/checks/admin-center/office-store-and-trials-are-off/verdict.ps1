param($Evidence, $Context)
$source = 'graph/beta/admin/appsAndServices/settings'
$settings = Get-OrgSettings $Evidence $source
$store = Read-Boolean $settings 'isOfficeStoreEnabled' -Of $source
$trials = Read-Boolean $settings 'isAppAndServicesTrialEnabled' -Of $source
$findings = @(
    New-Finding -ResourceId 'appsAndServices' -ResourceName 'User owned apps and services' -Property 'isOfficeStoreEnabled' -Expected $false -Actual $store -Compliant (-not $store)
    New-Finding -ResourceId 'appsAndServices' -ResourceName 'User owned apps and services' -Property 'isAppAndServicesTrialEnabled' -Expected $false -Actual $trials -Compliant (-not $trials)
)
if ($store -and $trials) { return New-Verdict fail 'Users can open the Office store and start trials on their own.' $findings }
if ($store) { return New-Verdict fail 'Users can open the Office store on their own.' $findings }
if ($trials) { return New-Verdict fail 'Users can start trials on their own.' $findings }
New-Verdict pass 'Users can neither open the Office store nor start trials on their own.' $findings
