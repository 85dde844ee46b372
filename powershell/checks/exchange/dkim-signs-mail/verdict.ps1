param($Evidence, $Context)
$source = 'exchange/Get-DkimSigningConfig'
$domainSource = 'exchange/Get-AcceptedDomain'
$silent = Read-InputList $Context 'nonSendingDomains'
$excluded = @(foreach ($name in $silent) { ConvertTo-DnsName $name })

# What each signing configuration says, by domain. Domains that were never set up are not in the list.
$configs = @{}
$rows = Get-Rows $Evidence $source
foreach ($row in $rows) {
    $domain = ConvertTo-DnsName (Read-String $row 'Domain' -Of $source)
    $config = @{ enabled = (Read-Boolean $row 'Enabled' -Of $source); status = (Read-String $row 'Status' -Of $source) }
    # Not seen with two rows for one domain; if so, the worse one counts.
    if (-not $configs.ContainsKey($domain) -or ($config.enabled -and $config.status -ne 'Valid') -or -not $config.enabled) { $configs[$domain] = $config }
}

# Why a domain sends no mail that could be signed, or ''.
function Get-Silence {
    param($Domain)
    if ($Domain.coexistence) { return 'Microsoft manages the coexistence domain' }
    if ((Test-Property $Domain.row 'SendingFromDomainDisabled') -and (Read-Boolean $Domain.row 'SendingFromDomainDisabled' -Of $domainSource)) { return 'sending is disabled for it' }
    if ($Domain.name -in $excluded) { return 'the organisation says that it never sends' }
    ''
}

$findings = [Collections.Generic.List[object]]::new()
$bad = [Collections.Generic.List[string]]::new()
$judged = 0
$accepted = Get-AcceptedDomains $Evidence
foreach ($domain in $accepted) {
    $domain.coexistence = Read-Boolean $domain.row 'IsCoexistenceDomain' -Of $domainSource
    $silence = Get-Silence $domain
    if ($silence) {
        $findings.Add((New-Finding -ResourceId $domain.name -ResourceName $domain.name -Property 'DKIM signing' -Expected 'none needed' -Actual $silence -Compliant $true))
        continue
    }
    $judged++
    $config = $configs[$domain.name]
    $actual = if ($null -eq $config) { 'never set up' } else { "Enabled $($config.enabled), Status $($config.status)" }
    $good = $null -ne $config -and $config.enabled -and $config.status -eq 'Valid'
    $findings.Add((New-Finding -ResourceId $domain.name -ResourceName $domain.name -Property 'DKIM signing' -Expected 'Enabled True, Status Valid' -Actual $actual -Compliant $good))
    if (-not $good) { $bad.Add("$($domain.name) ($($null -eq $config ? 'never set up' : -not $config.enabled ? 'off' : $config.status))") }
}
if ($bad.Count) {
    $share = if ($judged -gt 1) { "$($bad.Count) of $judged sending domains: " } else { '' }
    return New-Verdict fail "DKIM does not sign mail for $share$(Format-NameList $bad)." $findings
}
if (-not $judged) { return New-Verdict pass 'No accepted domain sends mail, so there is nothing to sign.' $findings }
New-Verdict pass "DKIM signs mail for $($judged -eq 1 ? 'the sending domain' : "all $judged sending domains")." $findings
