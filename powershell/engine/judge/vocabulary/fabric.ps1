# What verdicts need to say about tenant settings of Microsoft Fabric.

# The one setting of that name. Titles are reworded by the vendor, so the name is the key. A setting that is
# not in the list is not "off": an identity with a narrow view gets a shorter list.
function Get-FabricSetting {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Name)
    $source = 'fabric/tenantSettings'
    $rows = Get-Rows $Evidence $source
    $found = $rows.Where({ (Read-String $_ 'settingName' -Of $source) -eq $Name })
    if ($found.Count -ne 1) { Stop-UnexpectedData $source "[settingName=$Name]" "expected exactly one such setting, found $($found.Count)" }
    $found[0]
}

# The security groups of a list the service leaves out when it is empty. Absent, null and [] are the same: no group.
function Read-FabricGroups {
    param([Parameter(Position = 0)]$Setting, [Parameter(Position = 1)][string]$Property)
    $source = 'fabric/tenantSettings'
    if (-not (Test-Property $Setting $Property)) { return , @() }
    $groups = Read-List $Setting $Property -Of $source -NullIsEmpty
    foreach ($group in $groups) {
        $id = Read-String $group 'graphId' -Of "$source $Property"
        if (-not $id.Trim()) { Stop-UnexpectedData $source "$Property.graphId" 'expected the id of a group, found empty text' }
    }
    , $groups
}
