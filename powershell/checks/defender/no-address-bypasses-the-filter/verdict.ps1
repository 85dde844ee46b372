param($Evidence, $Context)
$source = 'exchange/Get-HostedConnectionFilterPolicy'
$filter = Get-ConnectionFilter $Evidence
$policy = $filter.policy
$name = $filter.name
$addresses = @((Read-StringList $policy 'IPAllowList' -Of $source).Where({ $_.Trim() }))
$finding = New-Finding -ResourceId $name -ResourceName $name -Property 'IPAllowList' -Expected 'empty' -Actual $addresses -Compliant (-not $addresses.Count)
if ($addresses.Count) {
    return New-Verdict fail "Mail from $($addresses.Count) address$(if ($addresses.Count -gt 1) { 'es or ranges' } else { ' or range' }) bypasses spam filtering: $(Format-NameList $addresses)." $finding
}
New-Verdict pass 'No address bypasses spam filtering by the connection filter.' $finding
