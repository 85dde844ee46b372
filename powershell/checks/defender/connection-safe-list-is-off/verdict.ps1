param($Evidence, $Context)
$source = 'exchange/Get-HostedConnectionFilterPolicy'
# Only the default policy is in force: the service applies no other connection filter.
$policy = Get-DefaultPolicy (Get-Rows $Evidence $source) -Of $source -Name 'Default'
$name = (Get-PolicyNames $policy -Of $source)[0]
$on = Read-Boolean $policy 'EnableSafeList' -Of $source
$finding = New-Finding -ResourceId $name -ResourceName $name -Property 'EnableSafeList' -Expected $false -Actual $on -Compliant (-not $on)
if ($on) { return New-Verdict fail 'The connection filter trusts the safe list: senders on it bypass spam filtering.' $finding }
New-Verdict pass 'The connection filter does not trust the safe list.' $finding
