param($Evidence, $Context)
$map = $Evidence.'dns/txt'
if ($map -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData 'dns/txt' '' "expected a map of names, found $(Get-ValueKind $map)" }

# One row of what is wrong with a record.
function New-Problem {
    param([string]$Property, [string]$Expected, $Actual, [string]$Why)
    @{ property = $Property; expected = $Expected; actual = $Actual; why = $Why }
}

# The problems of one record. An inherited record binds a subdomain by sp, and by p only when there is no sp.
function Get-RecordProblems {
    param([string]$Record, [bool]$Inherited)
    $tags = ConvertFrom-DmarcRecord $Record
    if (-not $tags.valid) { New-Problem 'DMARC record' 'a well-formed list of tags' $Record 'the record is malformed'; return }
    $policyTag = $Inherited -and $null -ne $tags.sp ? 'sp' : 'p'
    $policy = $tags.$policyTag
    if ($policy -notin 'quarantine', 'reject') { New-Problem $policyTag 'quarantine or reject' $policy "$policyTag is $(-not $policy ? 'missing' : $policy -eq 'none' ? 'none' : 'no known policy')" }
    # A record must have a p of its own, also when sp decides here.
    elseif ($null -eq $tags.p) { New-Problem 'p' 'quarantine or reject' $null 'p is missing' }
    # Absent means all of the mail.
    if ($null -ne $tags.pct -and $tags.pct -notmatch '^0*100$') { New-Problem 'pct' '100 or absent' $tags.pct "pct is $($tags.pct)" }
    foreach ($tag in 'rua', 'ruf') {
        if (-not (Test-MailtoList $tags.$tag)) { New-Problem $tag 'a mailto: address' $tags.$tag "$tag has no mailto address" }
    }
}

# @{ record; inherited; problem; unread }: the record that binds a domain, or why none does.
function Find-Record {
    param([string]$Domain)
    $owner = $Domain
    $records = Read-DmarcRecords $map $Domain
    if (-not $records.Count) {
        # Only the registered domain passes its record on. Names between it and the domain do not.
        $owner = Get-OrganisationalDomain $Domain
        if ($owner -ne $Domain) {
            if ((Get-EntryState $map "_dmarc.$owner") -eq 'not_collected') { return @{ unread = $owner } }
            $records = Read-DmarcRecords $map $owner
        }
    }
    if (-not $records.Count) { return @{ unread = ''; problem = New-Problem 'DMARC record' 'one record' $null 'no record' } }
    # With several records receivers apply none of them.
    if ($records.Count -gt 1) { return @{ unread = ''; problem = New-Problem 'DMARC record' 'one record' $records "$($records.Count) records" } }
    @{ unread = ''; problem = $null; record = $records[0]; owner = $owner; inherited = $owner -ne $Domain }
}

$findings = [Collections.Generic.List[object]]::new()
$bad = [Collections.Generic.List[string]]::new()
$unread = [Collections.Generic.List[string]]::new()
$judged = 0
$domains = Get-MailDomains $Evidence
foreach ($domain in $domains) {
    # Microsoft manages the coexistence domain. The initial domain does count: mail can be forged in its name.
    if ($domain.coexistence) { continue }
    $judged++
    $name = $domain.name
    $found = Find-Record $name
    if ($found.unread) {
        $unread.Add("$name (it follows $($found.unread))")
        $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'DMARC record' -Expected "a record of its own or of $($found.unread)" -Actual 'none of its own, the other was not read' -Compliant $false))
        continue
    }
    $problems = @(if ($found.problem) { $found.problem } else { Get-RecordProblems $found.record $found.inherited })
    foreach ($problem in $problems) {
        $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property $problem.property -Expected $problem.expected -Actual $problem.actual -Compliant $false))
    }
    if ($problems.Count) { $bad.Add("$name ($($problems[0].why))"); continue }
    $actual = $found.inherited ? "$($found.record) (from $($found.owner))" : $found.record
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'DMARC record' -Expected 'quarantine or reject for all mail, with reports' -Actual $actual -Compliant $true))
}
if (-not $judged) { Stop-UnexpectedData 'exchange/Get-AcceptedDomain' '' 'expected at least the initial domain, found only coexistence domains' }
if ($bad.Count) {
    $share = if ($judged -gt 1) { "$($bad.Count) of $judged mail domains: " }
    return New-Verdict fail "DMARC is missing or too weak for $share$(Format-NameList $bad)." $findings
}
if ($unread.Count) {
    return New-Verdict manual "Look up the DMARC record that applies to $(Format-NameList $unread): it was not read." $findings -ReasonCode human_review
}
New-Verdict pass "DMARC is enforced for $($judged -eq 1 ? 'the mail domain' : "all $judged mail domains"), with reports." $findings
