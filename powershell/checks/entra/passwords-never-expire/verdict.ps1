param($Evidence, $Context)
$source = 'graph/domains'
$never = 2147483647
$domains = Get-Rows $Evidence $source
$verified = $domains.Where({ Read-Boolean $_ 'isVerified' -Of $source })
# Every tenant has its initial domain, and that one is verified.
if (-not $verified.Count) { Stop-UnexpectedData $source '' 'expected at least one verified domain, found none' }
$names = @($verified.ForEach({ Read-String $_ 'id' -Of $source }))

$findings = [Collections.Generic.List[object]]::new()
$judged = 0
$expiring = [Collections.Generic.List[string]]::new()
$unknown = [Collections.Generic.List[string]]::new()
foreach ($domain in $verified) {
    $name = Read-String $domain 'id' -Of $source
    $authentication = Read-String $domain 'authenticationType' -Of $source
    if ($authentication -notin 'Managed', 'Federated') { Stop-UnexpectedData $source 'authenticationType' 'the value is none that is known' }
    # A subdomain has no policy of its own. The service says which domain is one; where it does not, the names do.
    $isRoot = if (Test-Property $domain 'isRoot') { Read-NullableBoolean $domain 'isRoot' -Of $source } else { $null }
    if ($null -eq $isRoot) { $isRoot = -not $names.Where({ $name -like "*.$_" }).Count }
    $skipped = if ($authentication -eq 'Federated') { 'federated: its own service decides' } elseif (-not $isRoot) { 'subdomain: follows its root' } else { $null }
    if ($skipped) {
        $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'passwordValidityPeriodInDays' -Expected 'not judged' -Actual $skipped -Compliant $true))
        continue
    }
    $judged++
    $days = Read-NullableInteger $domain 'passwordValidityPeriodInDays' -Of $source
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'passwordValidityPeriodInDays' -Expected "$never (never)" -Actual $days -Compliant ($days -eq $never)))
    # Null is no "never": the service then applies a default of its own, which is 90 days by its documentation.
    if ($null -eq $days) { $unknown.Add($name) } elseif ($days -ne $never) { $expiring.Add($name) }
}

if ($expiring.Count) {
    $them = $expiring.Count -gt 1 ? "$($expiring.Count) domains" : 'one domain'
    return New-Verdict fail "Passwords expire in ${them}: $(Format-NameList $expiring)." $findings
}
if ($unknown.Count) {
    return New-Verdict manual "The service does not say whether passwords expire in $(Format-NameList $unknown); without a value its own default of 90 days may apply." $findings -ReasonCode human_review
}
# Nothing was looked at, and nothing looked at is no proof.
if (-not $judged) {
    return New-Verdict manual 'All domains are federated, so the federation service decides when passwords expire; look there.' $findings -ReasonCode human_review
}
New-Verdict pass "Passwords never expire in $(if ($judged -gt 1) { "any of the $judged domains" } else { 'the one domain' }) that Entra ID manages." $findings
