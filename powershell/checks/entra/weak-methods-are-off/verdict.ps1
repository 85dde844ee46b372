param($Evidence, $Context)
$source = 'graph/policies/authenticationMethodsPolicy'
$policy = Get-Single $Evidence $source
$configurations = Read-List $policy 'authenticationMethodConfigurations' -Of $source
$weak = [ordered]@{ Sms = 'text messages'; Voice = 'phone calls'; Email = 'e-mail codes' }
$findings = [Collections.Generic.List[object]]::new()
$on = [Collections.Generic.List[string]]::new()
foreach ($method in $weak.Keys) {
    $found = @($configurations.Where({ (Read-String $_ 'id' -Of "$source authenticationMethodConfigurations") -eq $method }))
    # A method that is not in the answer is not one that is off.
    if ($found.Count -ne 1) { Stop-UnexpectedData $source "authenticationMethodConfigurations $method" "expected exactly one configuration, found $($found.Count)" }
    $state = Read-String $found[0] 'state' -Of "$source $method"
    if ($state -notin 'enabled', 'disabled') { Stop-UnexpectedData "$source $method" 'state' 'the value is none that is known' }
    $findings.Add((New-Finding -ResourceId $method -ResourceName "Authentication method $method" -Property 'state' -Expected 'disabled' -Actual $state -Compliant ($state -eq 'disabled')))
    if ($state -ne 'disabled') { $on.Add($weak[$method]) }
}
# Until a tenant has finished the migration, the old pages for MFA and password reset may still offer SMS and calls. They
# have no API, so this is told beside the verdict and does not decide it.
$migration = (Test-Property $policy 'policyMigrationState') -and $policy.policyMigrationState -is [string] ? $policy.policyMigrationState : 'unknown'
$findings.Add((New-Finding -ResourceId 'authenticationMethodsPolicy' -ResourceName 'Authentication methods policy' -Property 'policyMigrationState' `
            -Expected 'migrationComplete (to be reviewed otherwise)' -Actual $migration -Compliant $true))
$note = if ($migration -ne 'migrationComplete') { ' The migration from the old MFA and password reset pages is not reported complete: look there, too.' } else { '' }
if ($on.Count) { return New-Verdict fail "Users may sign in with $($on -join ' and ').$note" $findings }
New-Verdict pass "Text messages, phone calls and e-mail codes are switched off.$note" $findings
