param($Evidence, $Context)
$source = 'exchange/Get-HostedContentFilterPolicy'

# The wire gives names, the module objects that carry a Domain.
function Read-AllowedDomains {
    param($Policy)
    $list = Read-List $Policy 'AllowedSenderDomains' -Of $source
    foreach ($entry in $list) {
        if ($entry -isnot [string]) { $entry = Read-String $entry 'Domain' -Of "$source AllowedSenderDomains" }
        if ($entry.Trim()) { $entry.Trim() }
    }
}

$policies = Get-Rows $Evidence $source
if (-not $policies.Count) { Stop-UnexpectedData $source '' 'expected at least the default policy, found none' }
$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
# Every policy counts, also one whose rule is off: switching it on is one click. Single addresses are not part of this.
foreach ($policy in $policies) {
    $name = (Get-PolicyNames $policy -Of $source)[0]
    $domains = @(Read-AllowedDomains $policy)
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'AllowedSenderDomains' -Expected 'empty' -Actual $domains -Compliant (-not $domains.Count)))
    if ($domains.Count) { $open.Add("$name ($(Format-NameList $domains))") }
}
if ($open.Count) { return New-Verdict fail "Whole sender domains bypass spam filtering in the inbound anti-spam $($open.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $open)." $findings }
New-Verdict pass 'No inbound anti-spam policy lets a whole sender domain bypass filtering.' $findings
