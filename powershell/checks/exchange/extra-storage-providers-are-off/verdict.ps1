param($Evidence, $Context)
$source = 'exchange/Get-OwaMailboxPolicy'
$policies = Get-Rows $Evidence $source
if (-not $policies.Count) { Stop-UnexpectedData $source '' 'expected at least the default policy, found none' }
$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $source
    $on = Read-Boolean $policy 'AdditionalStorageProvidersAvailable' -Of $source
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'AdditionalStorageProvidersAvailable' -Expected $false -Actual $on -Compliant (-not $on)))
    if ($on) { $open.Add($name) }
}
if ($open.Count) { return New-Verdict fail "Outlook on the web offers storage of third parties by the $($open.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $open)." $findings }
New-Verdict pass 'No Outlook on the web policy offers storage of third parties.' $findings
