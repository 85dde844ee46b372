param($Evidence, $Context)
$source = 'fabric/tenantSettings'
$limit = Get-FabricGroupLimit $Evidence 'PublishToWeb' 'Publish to web'
if (-not $limit.enabled) { return New-Verdict pass 'Reports cannot be published to the web.' $limit.finding }
# Without chosen groups the setting is open whatever its option says, and the option need not even be there.
if (-not $limit.compliant) { return New-Verdict fail 'Everybody of the organisation can publish reports to the web, where anyone can open them.' $limit.finding }
# "Only existing embed codes" is an option inside the setting; the service writes its value as text.
$option = Read-FabricOption $limit.setting 'CreateP2w'
$finding = New-Finding -ResourceId 'PublishToWeb' -ResourceName 'Publish to web' -Property 'properties.CreateP2w' -Expected $false -Actual $option -Compliant (-not $option)
if ($option) { return New-Verdict fail 'Members of the chosen security groups can make new links that publish reports to the web.' $limit.finding, $finding }
New-Verdict pass 'Nobody can make new links that publish reports to the web, and only chosen security groups use the existing ones.' $limit.finding, $finding
