param($Evidence, $Context)
$source = 'sharepoint/tenant'
$tenant = Get-Single $Evidence $source
$level = Read-SharingCapability $tenant 'SharingCapability' -Of $source
# The same list under two names: the service's own, and the one its modules give it. Either may hold it.
$ownName = 'GuestSharingGroupAllowListInTenantByPrincipalIdentity'
$moduleName = 'WhoCanShareAuthenticatedGuestAllowList'
$name = Select-PropertyName $tenant $ownName, $moduleName
$entries = [string[]]@()
# Null under one name says nothing as long as the other one holds a list.
$elsewhere = $name -ne $moduleName -and (Test-Property $tenant $moduleName) -and $null -ne (Read-Property $tenant $moduleName -Of $source)
if ($level -ne 'Disabled' -or (Test-Property $tenant $name)) { $entries = [string[]](Read-StringList $tenant $name -Of $source -NullIsEmpty:$elsewhere) }
if (-not $entries.Where({ $_.Trim() }).Count -and (Test-Property $tenant $moduleName)) {
    $other = [string[]](Read-StringList $tenant $moduleName -Of $source -NullIsEmpty)
    if ($other.Count) { $name = $moduleName; $entries = $other }
}
# Security groups count. Not so Microsoft 365 groups (c:0o.c), whose owners add whom they like, and single people;
# an entry that stands for everybody makes the list no limit at all.
$entries = [string[]]@($entries.ForEach({ $_.Trim() }).Where({ $_ }))
$everybody = $entries.Where({ $_ -match '^c:0\(\.s\|true$|^c:0!\.s\||spo-grid-all-users|^everyone( except external users)?$' })
$groups = $entries.Where({ $_ -match '^c:0t\.c\|tenant\|[^|]+$' -or $_ -notmatch '[|@]' }).Where({ $_ -notin $everybody })

$closed = $level -eq 'Disabled'
$limited = $groups.Count -gt 0 -and $everybody.Count -eq 0
$findings = @(
    New-SharePointFinding 'SharingCapability' -Expected $(if ($limited) { 'any, as only chosen groups may share' } else { 'Disabled, or sharing limited to security groups' }) `
        -Actual $level -Compliant ($closed -or $limited)
    New-SharePointFinding $name -Expected $(if ($closed) { 'any, as nothing is shared outside' } else { 'at least one security group' }) `
        -Actual ($entries -join ', ') -Compliant ($closed -or $limited)
)
if ($closed) { return New-Verdict pass 'Nobody can share SharePoint content outside the organisation.' $findings }
if ($limited) { return New-Verdict pass "Only members of $($groups.Count) chosen security group$(if ($groups.Count -gt 1) { 's' }) can share SharePoint content with guests." $findings }
$why = if ($everybody.Count) { 'the list of who may share holds an entry that stands for everybody' }
elseif ($entries.Count) { 'the list of who may share holds no security group' }
else { 'it is not limited to security groups' }
New-Verdict fail "Sharing SharePoint content with people outside is not held by chosen groups: $why." $findings
