param($Evidence, $Context)
# One restriction, three places that tell of it: the tenant object, its part about synchronisation, and Graph, which
# has names of its own and may answer null, so it comes last.
$source = @('sharepoint/tenantSyncClientRestriction', 'sharepoint/tenant', 'graph/admin/sharepoint/settings').Where({ Test-Source $Evidence $_ }, 'First')[0]
$settings = Get-Single $Evidence $source
$fromGraph = $source -like 'graph/*'
# Modules rename both properties.
$switchName = $fromGraph ? 'isUnmanagedSyncAppForTenantRestricted' : (Select-PropertyName $settings 'IsUnmanagedSyncClientForTenantRestricted', 'TenantRestrictionEnabled')
$listName = $fromGraph ? 'allowedDomainGuidsForSyncApp' : (Select-PropertyName $settings 'AllowedDomainListForSyncClient', 'AllowedDomainList')
$restricted = Read-Boolean $settings $switchName -Of $source
# Without the restriction the list has no effect, so an answer may leave it out.
$entries = $restricted -or (Test-Property $settings $listName) ? (Read-StringList $settings $listName -Of $source) : @()
$domains = foreach ($entry in $entries) {
    $id = [guid]::Empty
    if (-not [guid]::TryParse($entry.Trim(), [ref]$id)) { Stop-UnexpectedData $source $listName 'expected the GUIDs of domains, found other text' }
    # The empty GUID names no domain.
    if ($id -ne [guid]::Empty) { $id.ToString() }
}
$domains = [string[]]@($domains)
$findings = @(
    New-SharePointFinding $switchName -Expected $true -Actual $restricted -Compliant $restricted
    New-SharePointFinding $listName -Expected 'at least one domain GUID' -Actual ($domains -join ', ') -Compliant ($domains.Count -gt 0 -or -not $restricted)
)
if (-not $restricted) { return New-Verdict fail 'OneDrive files can be synchronised to any computer, also to private ones.' $findings }
# An organisation without an Active Directory domain has no GUID to enter and cannot satisfy this control.
if (-not $domains.Count) { return New-Verdict fail 'Synchronisation is limited to computers of listed domains, but the list holds no domain.' $findings }
$trusted = Read-InputList $Context 'trustedDomainGuids'
if ($null -ne $trusted) {
    $known = $trusted.ForEach({ $_.Trim('{', '}') })
    $unlisted = $domains.Where({ $_ -notin $known })
    if ($unlisted.Count) {
        $findings += foreach ($id in $unlisted) {
            New-Finding -ResourceId $id -ResourceName "Domain $id" -Property $listName -Expected 'a domain of the organisation' -Actual 'allowed, not named by the operator' -Compliant $false
        }
        return New-Verdict fail "Computers of domains that were not named as the organisation's may synchronise OneDrive: $(Format-NameList $unlisted)." $findings
    }
}
New-Verdict pass "OneDrive files can be synchronised only to computers of $($domains.Count) listed domain$(if ($domains.Count -gt 1) { 's' })." $findings
