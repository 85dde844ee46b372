param($Evidence, $Context)
$policySource = 'teams/Get-CsExternalAccessPolicy'
$tenantSource = 'teams/Get-CsTenantFederationConfiguration'
$policies = Get-Rows $Evidence $policySource
$global = $policies.Where({ (Read-String $_ 'Identity' -Of $policySource) -eq 'Global' })
# The Global policy always exists. A list without it is an incomplete answer, not a tenant without rules.
if ($global.Count -ne 1) { Stop-UnexpectedData $policySource '[Identity=Global]' "expected exactly one Global policy, found $($global.Count)" }
$byPolicy = Read-Boolean $global[0] 'EnableTeamsConsumerAccess' -Of $policySource
$byTenant = Read-Boolean (Get-Single $Evidence $tenantSource) 'AllowTeamsConsumer' -Of $tenantSource

# Either level is enough, so a level that is on is only wrong when the other one is on as well.
$closed = -not ($byPolicy -and $byTenant)
$findings = @(
    New-Finding -ResourceId 'Global' -ResourceName 'Global external access policy' -Property 'EnableTeamsConsumerAccess' `
        -Expected $(if ($byTenant) { $false } else { 'any, as the organisation setting is off' }) -Actual $byPolicy -Compliant $closed
    New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowTeamsConsumer' `
        -Expected $(if ($byPolicy) { $false } else { 'any, as the Global policy is off' }) -Actual $byTenant -Compliant $closed
)
if (-not $closed) { return New-Verdict fail 'People can chat with Teams accounts that no organisation manages.' $findings }
if (-not $byTenant) { return New-Verdict pass 'Chats with unmanaged Teams accounts are off for the whole organisation.' $findings }

# The control looks at the Global policy. A custom policy that opens the door for its own users does not change
# the verdict, but the reader should know of it. Built-in templates (authority Host) are in every tenant.
$open = $policies.Where({
        $_.Identity -ne 'Global' -and (Test-Property $_ 'EnableTeamsConsumerAccess') -and $_.EnableTeamsConsumerAccess -is [bool] -and $_.EnableTeamsConsumerAccess -and
        -not ((Test-Property $_ 'Key.AuthorityId.Class') -and $_.Key.AuthorityId.Class -eq 'Host') })
$note = if ($open.Count) { " ($($open.Count) custom polic$(if ($open.Count -gt 1) { 'ies still allow' } else { 'y still allows' }) it for the people it is given to)" } else { '' }
New-Verdict pass "The Global policy blocks chats with unmanaged Teams accounts$note." $findings
