param($Evidence, $Context)
$preset = 'Strict Preset Security Policy'
$rules = [ordered]@{ 'exchange/Get-EOPProtectionPolicyRule' = 'spam, malware and spoofing'; 'exchange/Get-ATPProtectionPolicyRule' = 'Safe Links, Safe Attachments and impersonation' }
$accounts = Read-InputList $Context 'priorityAccounts'

# The rule of the strict preset, or $null. It exists only once somebody has switched the preset on.
function Find-StrictRule {
    param([string]$Source)
    if (-not (Test-Source $Evidence $Source)) { return $null }
    $found = @((Get-Rows $Evidence $Source).Where({ (Read-String $_ 'Identity' -Of $Source) -eq $preset }))
    if ($found.Count -gt 1) { Stop-UnexpectedData $Source 'Identity' "expected one rule of the strict preset, found $($found.Count)" }
    if ($found.Count) { $found[0] }
}

# Does an account match one axis? 'unknown' where it takes more than the address: groups, whose members nobody read, and
# people named otherwise than by address.
function Test-Axis {
    param([string]$Axis, [string[]]$Entries, [string]$Account)
    if ($Axis -eq 'SentToMemberOf' -or -not $Account.Contains('@')) { return 'unknown' }
    if ($Axis -eq 'RecipientDomainIs') { return $Account.Split('@')[-1] -in $Entries ? 'yes' : 'no' }
    if ($Account -in $Entries) { return 'yes' }
    $Entries.Where({ -not $_.Contains('@') }) ? 'unknown' : 'no'
}

# Is the account under the rule? An exception of any kind takes it out; every kind of condition in use has to match.
function Test-Account {
    param($Reach, [string]$Account)
    $answers = @(
        foreach ($axis in $Reach.named.Keys) { Test-Axis $axis $Reach.named[$axis] $Account }
        foreach ($axis in $Reach.except.Keys) { switch (Test-Axis $axis $Reach.except[$axis] $Account) { 'yes' { 'no' } 'no' { 'yes' } default { 'unknown' } } }
    )
    'no' -in $answers ? 'no' : 'unknown' -in $answers ? 'unknown' : 'yes'
}

$findings = [Collections.Generic.List[object]]::new()
$reaches = [Collections.Generic.List[object]]::new()
$problems = [Collections.Generic.List[string]]::new()
foreach ($source in $rules.Keys) {
    $id = "$preset ($($source.Split('/')[1]))"
    $rule = Find-StrictRule $source
    if ($null -eq $rule) {
        $findings.Add((New-Finding -ResourceId $id -ResourceName $id -Property 'State' -Expected 'Enabled' -Actual 'never switched on' -Compliant $false))
        $problems.Add("the strict preset was never switched on for $($rules[$source])")
        continue
    }
    $reach = Get-RuleReach $rule -Of $source
    $findings.Add((New-Finding -ResourceId $id -ResourceName $id -Property 'State' -Expected 'Enabled' -Actual ($reach.enabled ? 'Enabled' : $rule.State) -Compliant $reach.enabled))
    if (-not $reach.enabled) { $problems.Add("the strict preset is off for $($rules[$source])"); continue }
    # A scope that is null is everyone. One that is given and empty protects nobody, nor does one that its exceptions take away.
    $somebody = $reach.reaches -and -not $reach.emptyOnly
    $findings.Add((New-Finding -ResourceId $id -ResourceName $id -Property 'applies to' -Expected 'at least one recipient' -Actual ($reach.emptyOnly ? 'nobody is named' : $reach.scope) -Compliant $somebody))
    if ($somebody) { $reaches.Add(@{ reach = $reach; id = $id }) } else { $problems.Add("the strict preset protects nobody with $($rules[$source])") }
}
$outside = [Collections.Generic.List[string]]::new()
$unknown = [Collections.Generic.List[string]]::new()
foreach ($account in $accounts) {
    $answers = foreach ($one in $reaches) {
        $answer = Test-Account $one.reach $account
        $actual = $answer -eq 'unknown' ? 'depends on the members of a group' : $answer
        $findings.Add((New-Finding -ResourceId $account -ResourceName $account -Property "under $($one.id)" -Expected 'yes' -Actual $actual -Compliant ($answer -eq 'yes')))
        $answer
    }
    if ('no' -in $answers) { $outside.Add($account) } elseif ('unknown' -in $answers) { $unknown.Add($account) }
}
if ($outside.Count) { $problems.Add("the strict preset does not reach the priority account$(if ($outside.Count -gt 1) { 's' }) $(Format-NameList $outside)") }
if ($problems.Count) {
    return New-Verdict fail (Format-Sentence $problems) $findings
}
if ($unknown.Count) {
    return New-Verdict manual "Look whether $(Format-NameList $unknown) $($unknown.Count -eq 1 ? 'is' : 'are') in the groups that the strict preset names: members of groups were not read." $findings -ReasonCode human_review
}
if ($accounts) { return New-Verdict pass "The strict preset is on and reaches $($accounts.Count -eq 1 ? 'the priority account' : "all $($accounts.Count) priority accounts")." $findings }
# The list of accounts is optional: without it the preset being on for somebody is the test.
New-Verdict pass 'The strict preset is on for mail and for Defender; which accounts are priority accounts was not told, so none was looked up.' $findings
