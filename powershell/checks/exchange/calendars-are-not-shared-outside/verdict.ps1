param($Evidence, $Context)
$source = 'exchange/Get-SharingPolicy'
$policies = Get-Rows $Evidence $source
# The default policy can be renamed, so its flag tells which one it is.
$default = Get-DefaultPolicy $policies -Of $source -Name 'Default Sharing Policy' -Flag 'Default' -Key 'Name'
$findings = [Collections.Generic.List[object]]::new()
$others = [Collections.Generic.List[string]]::new()
$open = Read-Boolean $default 'Enabled' -Of $source
$name = Read-String $default 'Name' -Of $source
# The policy being on is what counts, whatever its list of domains allows today.
$findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'Enabled' -Expected $false -Actual $open -Compliant (-not $open)))
foreach ($policy in $policies) {
    if ($policy -eq $default) { continue }
    $other = Read-String $policy 'Name' -Of $source
    $enabled = Read-Boolean $policy 'Enabled' -Of $source
    # Custom policies reach only the mailboxes they were given to. They are outside this control, but worth a look.
    $findings.Add((New-Finding -ResourceId $other -ResourceName $other -Property 'Enabled' -Expected 'for review: a custom policy is not part of this control' -Actual $enabled -Compliant $true))
    if ($enabled) { $others.Add($other) }
}
if ($open) { return New-Verdict fail "The default sharing policy ($name) is on: people can share their calendars with outsiders." $findings }
$review = if ($others.Count) { "; look at the custom $($others.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $others), which can still share" }
New-Verdict pass "The default sharing policy ($name) is off$review." $findings
