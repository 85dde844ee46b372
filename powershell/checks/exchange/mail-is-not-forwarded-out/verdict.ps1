param($Evidence, $Context)
$ruleSource = 'exchange/Get-TransportRule'
$spamSource = 'exchange/Get-HostedOutboundSpamFilterPolicy'

# The targets of a redirect: null when the rule does not redirect, a list, and (seen once) one bare text.
function Read-RedirectTargets {
    param($Rule)
    $value = Read-Property $Rule 'RedirectMessageTo' -Of $ruleSource
    $list = if ($value -is [string]) { , @($value) } else { Read-StringList $Rule 'RedirectMessageTo' -Of $ruleSource -NullIsEmpty }
    , @($list.Where({ $_.Trim() }))
}

# The mail addresses in one target: `a@b`, `smtp:a@b`, `Name <a@b>`, `"Name" [SMTP:a@b]`. What stands in brackets
# is the address; a name before it may look like another one. Several targets may share one text.
function Find-Addresses {
    param([string]$Target)
    $pattern = '[^\s<>\[\]()"'';:,@]+@([^\s<>\[\]()"'';:,@]+)'
    $unquoted = [regex]::Replace($Target, '"[^"]*"', ' ')
    $text = $unquoted.Contains('@') ? $unquoted : $Target
    foreach ($piece in $text.Split([char[]]';,')) {
        $bracketed = [regex]::Matches($piece, '[<\[](?:\s*smtp:)?\s*' + $pattern + '\s*[>\]]', 'IgnoreCase')
        $found = $bracketed.Count ? $bracketed : [regex]::Matches($piece, $pattern)
        foreach ($match in $found) { $match.Groups[1].Value }
    }
}

function Test-InternalDomain {
    param([string]$Domain, $Accepted)
    $name = ConvertTo-DnsName $Domain
    foreach ($one in $Accepted) {
        if ($name -eq $one.name) { return $true }
        if ($one.subdomains -and $name.EndsWith(".$($one.name)", [StringComparison]::Ordinal)) { return $true }
    }
    $false
}

# 'internal', 'external', or 'unknown' for a target without an address (a directory name may be a contact outside).
function Get-TargetPlace {
    param([string]$Target, $Accepted)
    $domains = @(Find-Addresses $Target)
    if (-not $domains.Count) { return 'unknown' }
    foreach ($domain in $domains) { if (-not (Test-InternalDomain $domain $Accepted)) { return 'external' } }
    'internal'
}

$accepted = Get-AcceptedDomains $Evidence
$failures = [Collections.Generic.List[object]]::new()
$unclear = [Collections.Generic.List[object]]::new()
$sound = [Collections.Generic.List[object]]::new()
$redirects = 0
# No rule at all is the usual, compliant state. Redirecting is what is judged; copying (BlindCopyTo, CopyTo,
# AddToRecipients), mailbox forwarding and inbox rules are not part of this control. The State decides: a rule in audit mode is one click from redirecting,
# so it counts; only a disabled rule does not.
$rules = Get-Rows $Evidence $ruleSource
foreach ($rule in $rules) {
    $name = Read-String $rule 'Name' -Of $ruleSource
    $state = Read-String $rule 'State' -Of $ruleSource
    $targets = Read-RedirectTargets $rule
    if ($state -eq 'Disabled' -or -not $targets.Count) { continue }
    $places = @(foreach ($target in $targets) { Get-TargetPlace $target $accepted })
    $compliant = -not $places.Where({ $_ -ne 'internal' })
    $finding = New-Finding -ResourceId $name -ResourceName $name -Property 'RedirectMessageTo' -Expected 'only addresses in accepted domains' -Actual $targets -Compliant $compliant
    if ('external' -in $places) { $failures.Add($finding); $redirects++ } elseif (-not $compliant) { $unclear.Add($finding) } else { $sound.Add($finding) }
}
$policies = Get-Rows $Evidence $spamSource
if (-not $policies.Count) { Stop-UnexpectedData $spamSource '' 'expected at least the default policy, found none' }
$open = [Collections.Generic.List[string]]::new()
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $spamSource
    # Automatic means Off in newer tenants but can still mean On in older ones: only an explicit Off is a block.
    # Enabled says nothing: the default policy shows False and works.
    $mode = Read-String $policy 'AutoForwardingMode' -Of $spamSource
    $compliant = $mode -eq 'Off'
    $finding = New-Finding -ResourceId $name -ResourceName $name -Property 'AutoForwardingMode' -Expected 'Off' -Actual $mode -Compliant $compliant
    if ($compliant) { $sound.Add($finding) } else { $failures.Add($finding); $open.Add($name) }
}
$all = @($failures; $unclear; $sound)
$problems = @(
    if ($redirects) { "$redirects mail flow $($redirects -eq 1 ? 'rule redirects' : 'rules redirect') mail outside the organisation" }
    if ($open.Count) { "automatic forwarding is not switched off in the outbound $($open.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $open)" }
)
if ($problems.Count) {
    return New-Verdict fail (Format-Sentence $problems -With ' and ') $all
}
if ($unclear.Count) {
    $names = @(foreach ($one in $unclear) { $one.resourceName })
    return New-Verdict manual "Look at where the mail flow rule $(Format-NameList $names) redirects to: its target is a name without a mail address." $all -ReasonCode human_review
}
New-Verdict pass 'No mail flow rule redirects mail outside the organisation, and every outbound policy refuses automatic forwarding.' $all
