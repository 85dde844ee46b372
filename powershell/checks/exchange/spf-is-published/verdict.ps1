param($Evidence, $Context)
$map = $Evidence.'dns/txt'
if ($map -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData 'dns/txt' '' "expected a map of names, found $(Get-ValueKind $map)" }
$domains = Get-MailDomains $Evidence
$wanted = Get-OutlookSpfName $domains
$expected = "exactly one SPF record, which includes $wanted"

# @{ state = good | bad | unread; why; actual } of one domain.
function Get-SpfState {
    param([string]$Domain)
    $records = Read-SpfRecords $map $Domain
    if (-not $records.Count) { return @{ state = 'bad'; why = 'no record'; actual = $null } }
    # Receivers treat several records as an error, whatever they say.
    if ($records.Count -gt 1) { return @{ state = 'bad'; why = "$($records.Count) records"; actual = $records } }
    $seen = [Collections.Generic.HashSet[string]]::new()
    [void]$seen.Add($Domain)
    $unread = [Collections.Generic.List[string]]::new()
    if (Test-SpfIncludes $records[0] $wanted $map $seen $unread) { return @{ state = 'good'; why = ''; actual = $records[0] } }
    if ($unread.Count) { return @{ state = 'unread'; why = "not read: $($unread -join ', ')"; actual = "$($records[0]) (not read: $($unread -join ', '))" } }
    @{ state = 'bad'; why = 'Microsoft 365 is not included'; actual = $records[0] }
}

$findings = [Collections.Generic.List[object]]::new()
$bad = [Collections.Generic.List[string]]::new()
$unread = [Collections.Generic.List[string]]::new()
foreach ($domain in $domains) {
    # Microsoft publishes the records of these two.
    if ($domain.initial -or $domain.coexistence) { continue }
    $state = Get-SpfState $domain.name
    $findings.Add((New-Finding -ResourceId $domain.name -ResourceName $domain.name -Property 'SPF record' -Expected $expected -Actual $state.actual -Compliant ($state.state -eq 'good')))
    if ($state.state -eq 'bad') { $bad.Add("$($domain.name) ($($state.why))") }
    if ($state.state -eq 'unread') { $unread.Add("$($domain.name) ($($state.why))") }
}
if ($bad.Count) {
    $share = if ($findings.Count -gt 1) { "$($bad.Count) of $($findings.Count) mail domains: " }
    return New-Verdict fail "SPF is missing or wrong for $share$(Format-NameList $bad)." $findings
}
if ($unread.Count) {
    return New-Verdict manual "Follow the SPF record by hand for $(Format-NameList $unread): it refers to names that were not read." $findings -ReasonCode human_review
}
# Nothing but domains that Microsoft manages: there is no record the tenant would have to publish.
if (-not $findings.Count) { return New-Verdict pass 'The tenant has no mail domain of its own; Microsoft publishes SPF for the initial domain.' $findings }
New-Verdict pass "SPF is published for $($findings.Count -eq 1 ? 'the mail domain' : "all $($findings.Count) mail domains") and includes Microsoft 365." $findings
