param($Evidence, $Context)
$source = 'exchange/Get-HostedConnectionFilterPolicy'
# Only the default policy is in force: the service applies no other connection filter.
$policy = Get-DefaultPolicy (Get-Rows $Evidence $source) -Of $source -Name 'Default'
$name = (Get-PolicyNames $policy -Of $source)[0]
$addresses = @((Read-StringList $policy 'IPAllowList' -Of $source).Where({ $_.Trim() }))
$finding = New-Finding -ResourceId $name -ResourceName $name -Property 'IPAllowList' -Expected 'empty' -Actual $addresses -Compliant (-not $addresses.Count)
if ($addresses.Count) {
    return New-Verdict fail "Mail from $($addresses.Count) address$(if ($addresses.Count -gt 1) { 'es or ranges' } else { ' or range' }) bypasses spam filtering: $(Format-NameList $addresses)." $finding
}
New-Verdict pass 'No address bypasses spam filtering by the connection filter.' $finding
