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

# For whom a setting is on, in words.
function Format-FabricScope {
    param([bool]$Enabled, [int]$Groups)
    if (-not $Enabled) { return 'off' }
    if (-not $Groups) { return 'on for the entire organisation' }
    "on for $Groups security group$(if ($Groups -gt 1) { 's' })"
}

# Whether a setting is off or limited to chosen groups: @{ setting; enabled; groups; compliant; finding }. Only a list of groups
# that MAY limits it. Excluded groups leave it open for everybody else, and canSpecifySecurityGroups says that groups
# could be chosen, not that they were.
function Get-FabricGroupLimit {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Name, [Parameter(Position = 2)][string]$Title)
    $setting = Get-FabricSetting $Evidence $Name
    $enabled = Read-Boolean $setting 'enabled' -Of 'fabric/tenantSettings'
    $groups = Read-FabricGroups $setting 'enabledSecurityGroups'
    $compliant = (-not $enabled) -or $groups.Count -gt 0
    $finding = New-Finding -ResourceId $Name -ResourceName $Title -Property 'enabled, enabledSecurityGroups' `
        -Expected 'off, or on for chosen security groups' -Actual (Format-FabricScope $enabled $groups.Count) -Compliant $compliant
    @{ setting = $setting; enabled = $enabled; groups = $groups; compliant = $compliant; finding = $finding }
}

# The same as a whole verdict. $Subject begins the sentence: 'Guest access to Microsoft Fabric'.
function Get-FabricGroupVerdict {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Name, [string]$Title, [string]$Subject)
    $limit = Get-FabricGroupLimit $Evidence $Name $Title
    if (-not $limit.compliant) { return New-Verdict fail "$Subject is on for the entire organisation." $limit.finding }
    if (-not $limit.enabled) { return New-Verdict pass "$Subject is off." $limit.finding }
    New-Verdict pass "$Subject is limited to chosen security groups." $limit.finding
}

# An option inside a setting that is on or off. The service writes its value as text: 'true' or 'false'.
function Read-FabricOption {
    param([Parameter(Position = 0)]$Setting, [Parameter(Position = 1)][string]$Name)
    $source = 'fabric/tenantSettings'
    $options = Read-List $Setting 'properties' -Of $source
    $found = $options.Where({ (Read-String $_ 'name' -Of "$source properties") -eq $Name })
    if ($found.Count -ne 1) { Stop-UnexpectedData $source "properties[name=$Name]" "expected exactly one such option, found $($found.Count)" }
    $text = Read-String $found[0] 'value' -Of "$source properties[name=$Name]"
    $value = $false
    if (-not [bool]::TryParse($text, [ref]$value)) { Stop-UnexpectedData $source "properties[name=$Name].value" "expected 'true' or 'false', found other text" }
    $value
}
