# From where guests may be invited: the setting is a JSON text inside a policy.

# The B2BManagementPolicy object of the organisation, or nothing when there is none. A collection may hold policies of
# other kinds (the older route does); only the definition tells them apart.
function Get-GuestDomainPolicy {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    $first = $null
    $several = $false
    $chosen = $null
    $rows = Get-Rows $Evidence $Source
    foreach ($row in $rows) {
        $definition = Read-Property $row 'definition' -Of $Source
        # The older route gives the text itself instead of a list with one.
        $texts = if ($definition -is [string]) { , @($definition) } else { Read-StringList $row 'definition' -Of $Source }
        $policy = $null
        foreach ($text in $texts) {
            if ($text -notlike '*B2BManagementPolicy*') { continue }
            $parsed = try { ConvertFrom-JsonText $text } catch { Stop-UnexpectedData $Source 'definition' 'the text is not JSON' }
            $policy = Read-Object $parsed 'B2BManagementPolicy' -Of "$Source definition"
        }
        if ($null -eq $policy) {
            # Only the older route holds other kinds.
            if ($Source -like '*/b2bManagementPolicies') { Stop-UnexpectedData $Source 'definition' 'expected a B2BManagementPolicy, found none' }
            continue
        }
        if ($null -ne $first) { $several = $true } else { $first = $policy }
        $default = (Test-Property $row 'isOrganizationDefault') -and (Read-NullableBoolean $row 'isOrganizationDefault' -Of $Source)
        if (-not $default) { continue }
        if ($null -ne $chosen) { Stop-UnexpectedData $Source 'isOrganizationDefault' 'expected one policy of the organisation, found several' }
        $chosen = $policy
    }
    if ($null -eq $chosen -and $several) { Stop-UnexpectedData $Source 'isOrganizationDefault' 'expected one policy of the organisation, found several and none marked' }
    $chosen ?? $first
}
