param($Evidence, $Context)
$source = 'exchange/Get-HostedConnectionFilterPolicy'
$filter = Get-ConnectionFilter $Evidence
$policy = $filter.policy
$name = $filter.name
$on = Read-Boolean $policy 'EnableSafeList' -Of $source
$finding = New-Finding -ResourceId $name -ResourceName $name -Property 'EnableSafeList' -Expected $false -Actual $on -Compliant (-not $on)
if ($on) { return New-Verdict fail 'The connection filter trusts the safe list: senders on it bypass spam filtering.' $finding }
New-Verdict pass 'The connection filter does not trust the safe list.' $finding
