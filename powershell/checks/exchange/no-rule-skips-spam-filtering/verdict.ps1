param($Evidence, $Context)
$source = 'exchange/Get-TransportRule'

# Does the rule set the level that skips filtering? The level comes as a number or as text, and null when it is not set.
function Test-SkipsFiltering {
    param($Rule)
    $level = Read-Property $Rule 'SetSCL' -Of $source
    if ($null -eq $level) { return $false }
    if ($level -is [string]) { return $level.Trim() -eq '-1' }
    if ($level -is [long] -or $level -is [int]) { return $level -eq -1 }
    Stop-UnexpectedData $source 'SetSCL' "expected a number, text or null, found $(Get-ValueKind $level)"
}

$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
# No rule at all is the usual, compliant state. The State decides: a rule in audit mode is one click from acting, so it
# counts; a disabled one is only shown. Conditions on single addresses are not part of this.
$rules = Get-Rows $Evidence $source
foreach ($rule in $rules) {
    $name = Read-String $rule 'Name' -Of $source
    $disabled = (Read-String $rule 'State' -Of $source) -eq 'Disabled'
    $skips = Test-SkipsFiltering $rule
    $domains = @((Read-StringList $rule 'SenderDomainIs' -Of $source -NullIsEmpty).Where({ $_.Trim() }))
    if (-not $skips -or -not $domains.Count) { continue }
    $expected = $disabled ? 'for review: the rule is disabled' : 'not together with SetSCL -1'
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'SenderDomainIs' -Expected $expected -Actual $domains -Compliant $disabled))
    if (-not $disabled) { $open.Add($name) }
}
if ($open.Count) { return New-Verdict fail "Whole sender domains skip spam filtering by the mail flow $($open.Count -eq 1 ? 'rule' : 'rules') $(Format-NameList $open)." $findings }
$findings.Add((New-Finding -ResourceId 'TransportRule' -ResourceName 'Mail flow rules' -Property 'SetSCL' -Expected 'not -1 for sender domains in a rule that is on' -Actual "none of $($rules.Count)" -Compliant $true))
New-Verdict pass 'No mail flow rule that is on lets a sender domain skip spam filtering.' $findings
