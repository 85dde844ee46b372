param($Evidence, $Context)
$policySource = 'teams/Get-CsExternalAccessPolicy'
$tenantSource = 'teams/Get-CsTenantFederationConfiguration'
$byPolicy = Read-Boolean (Get-GlobalPolicy $Evidence $policySource) 'EnableFederationAccess' -Of $policySource
$tenant = Get-Single $Evidence $tenantSource
$byTenant = Read-Boolean $tenant 'AllowFederatedUsers' -Of $tenantSource
# With federation off at either level the list has no effect, so an answer may leave it out.
$allowed = if (($byPolicy -and $byTenant) -or (Test-Property $tenant 'AllowedDomains')) { Read-FederationDomains $tenant $tenantSource }
else { @{ open = $true; domains = @(); text = 'absent' } }

# Any of the three is enough: the Global policy is off, the organisation is off, or it federates with a list only.
$restricted = -not $byPolicy -or -not $byTenant -or -not $allowed.open
$findings = @(
    New-Finding -ResourceId 'Global' -ResourceName 'Global external access policy' -Property 'EnableFederationAccess' `
        -Expected $(if ($restricted -and $byPolicy) { 'any, as the organisation setting is restricted' } else { $false }) -Actual $byPolicy -Compliant $restricted
    New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowFederatedUsers' `
        -Expected $(if ($restricted -and $byTenant) { 'any, as access is restricted otherwise' } else { $false }) -Actual $byTenant -Compliant $restricted
    New-Finding -ResourceId 'TenantFederationSettings' -ResourceName 'Organisation-wide external access' -Property 'AllowedDomains' `
        -Expected $(if ($byPolicy -and $byTenant) { 'a list of domains' } else { 'any, as federation is off' }) -Actual $allowed.text -Compliant $restricted
)
# A list of blocked domains leaves every other domain open, so it is not looked at.
if (-not $restricted) { return New-Verdict fail 'People of any organisation that is not blocked can find and contact people here in Teams.' $findings }
if (-not $byTenant) { return New-Verdict pass 'Contact with other organisations in Teams is off for the whole organisation.' $findings }
$note = Format-LooserPolicies $Evidence $policySource -Property 'EnableFederationAccess' -Accepted $false
if (-not $byPolicy) { return New-Verdict pass "The Global policy blocks contact with other organisations in Teams$note." $findings }

# From here on the list is what protects, so each of its domains has to be one that the operator named, if any were.
$approved = Read-InputList $Context 'approvedDomains'
if ($null -ne $approved) {
    if ($null -eq $allowed.domains) { Stop-UnexpectedData $tenantSource 'AllowedDomains' 'a list of domains was answered without its domains, so they cannot be compared with those approved' }
    $unlisted = Get-UnlistedDomains $allowed.domains $approved
    if ($unlisted.Count) {
        $findings += foreach ($domain in $unlisted) {
            New-Finding -ResourceId $domain -ResourceName $domain -Property 'AllowedDomains' -Expected 'a domain that was approved' -Actual 'allowed, not approved' -Compliant $false
        }
        return New-Verdict fail "Teams is open to domains that were not approved: $(Format-NameList $unlisted)." $findings
    }
}
$count = if ($null -eq $allowed.domains) { 'listed domains' } elseif ($allowed.domains.Count) { "$($allowed.domains.Count) listed domain$(if ($allowed.domains.Count -gt 1) { 's' })" } else { 'an empty list of domains, so with nobody' }
# A custom policy can have a list of its own or be open to all; it holds for the people it is given to.
$ownMode = Format-LooserPolicies $Evidence $policySource -Property 'CommunicationWithExternalOrgs' -Accepted 'OrganizationDefault', 'BlockAllExternalDomains'
New-Verdict pass "Teams federates only with $count$ownMode." $findings
