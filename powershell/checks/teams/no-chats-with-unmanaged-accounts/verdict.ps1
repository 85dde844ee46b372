param($Evidence, $Context)
$policySource = 'teams/Get-CsExternalAccessPolicy'
$tenantSource = 'teams/Get-CsTenantFederationConfiguration'
$byPolicy = Read-Boolean (Get-GlobalPolicy $Evidence $policySource) 'EnableTeamsConsumerAccess' -Of $policySource
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

$note = Format-LooserPolicies $Evidence $policySource -Property 'EnableTeamsConsumerAccess' -Accepted $false
New-Verdict pass "The Global policy blocks chats with unmanaged Teams accounts$note." $findings
