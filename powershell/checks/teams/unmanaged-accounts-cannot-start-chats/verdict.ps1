param($Evidence, $Context)
$policySource = 'teams/Get-CsExternalAccessPolicy'
$tenantSource = 'teams/Get-CsTenantFederationConfiguration'
$policy = Get-GlobalPolicy $Evidence $policySource
$tenant = Get-Single $Evidence $tenantSource
$byPolicy = Read-Boolean $policy 'EnableTeamsConsumerInbound' -Of $policySource
$byTenant = Read-Boolean $tenant 'AllowTeamsConsumerInbound' -Of $tenantSource

# Either level is enough. When both let strangers begin, it still does not matter if chats with them are off altogether;
# only then are the two main switches looked at. An answer about this control alone may leave out the policy's main switch:
# then nothing says that chats are off, and they are taken as on.
$closed = -not ($byPolicy -and $byTenant)
$moot = $false
$main = @()
if (-not $closed) {
    $told = Test-Property $policy 'EnableTeamsConsumerAccess'
    $chatByTenant = Read-Boolean $tenant 'AllowTeamsConsumer' -Of $tenantSource
    # Off for the organisation is off for everybody, whatever the policy says.
    $chatByPolicy = $chatByTenant -and (-not $told -or (Read-Boolean $policy 'EnableTeamsConsumerAccess' -Of $policySource))
    $moot = -not $chatByPolicy
    $main = @(
        if ($chatByTenant -and $told) { New-Finding -ResourceId 'Global' -ResourceName 'Global external access policy' -Property 'EnableTeamsConsumerAccess' -Expected $false -Actual $chatByPolicy -Compliant $moot }
        New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowTeamsConsumer' -Expected $(if ($moot -and $chatByTenant) { 'any, as the Global policy is off' } else { $false }) -Actual $chatByTenant -Compliant $moot
    )
}
$good = $closed -or $moot
$reason = if ($moot) { 'any, as chats with such accounts are off' } else { 'any, as the other level is off' }
$findings = @(
    New-Finding -ResourceId 'Global' -ResourceName 'Global external access policy' -Property 'EnableTeamsConsumerInbound' `
        -Expected $(if ($good -and $byPolicy) { $reason } else { $false }) -Actual $byPolicy -Compliant $good
    New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowTeamsConsumerInbound' `
        -Expected $(if ($good -and $byTenant) { $reason } else { $false }) -Actual $byTenant -Compliant $good
) + $main
if (-not $good) { return New-Verdict fail 'People with unmanaged Teams accounts can start chats with people here.' $findings }
if ($moot) {
    $note = if ($chatByTenant) { Format-LooserPolicies $Evidence $policySource -Property 'EnableTeamsConsumerAccess' -Accepted $false } else { '' }
    return New-Verdict pass "Chats with unmanaged Teams accounts are off, so nobody with one can start any$note." $findings
}
if (-not $byTenant) { return New-Verdict pass 'Nobody with an unmanaged Teams account can start a chat, for the whole organisation.' $findings }
New-Verdict pass "By the Global policy nobody with an unmanaged Teams account can start a chat$(Format-LooserPolicies $Evidence $policySource -Property 'EnableTeamsConsumerInbound' -Accepted $false)." $findings
