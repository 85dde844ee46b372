# The settings object "Password Rule Settings" (source graph/groupSettings): names with values that are always text.

$groupSettingsSource = 'graph/groupSettings'
$passwordRuleTemplate = '5cf42378-d67d-4f36-ba46-e8b86229381d'

# The object, or $null when the answer holds none: nobody ever saved the page, or the app was not shown it.
function Find-PasswordRules {
    param([Parameter(Position = 0)]$Evidence)
    $rows = Get-Rows $Evidence $groupSettingsSource
    $found = $rows.Where({ (Read-NullableString $_ 'templateId' -Of $groupSettingsSource) -eq $passwordRuleTemplate })
    if ($found.Count -gt 1) { Stop-UnexpectedData $groupSettingsSource 'templateId' 'expected at most one object of password rules' }
    if ($found.Count) { $found[0] }
}

# The text of one setting. One that is not among the values was not read.
function Read-PasswordRule {
    param([Parameter(Position = 0)]$Rules, [Parameter(Position = 1)][string]$Name, [switch]$NullIsEmpty)
    $values = Read-List $Rules 'values' -Of $groupSettingsSource
    foreach ($value in $values) {
        if ((Read-NullableString $value 'name' -Of "$groupSettingsSource values") -ne $Name) { continue }
        if ($NullIsEmpty) { return [string](Read-NullableString $value 'value' -Of "$groupSettingsSource $Name") }
        return Read-String $value 'value' -Of "$groupSettingsSource $Name"
    }
    Stop-UnexpectedData $groupSettingsSource $Name 'the setting is absent'
}

# True and False are words here, in either case.
function Read-PasswordRuleSwitch {
    param([Parameter(Position = 0)]$Rules, [Parameter(Position = 1)][string]$Name)
    $text = (Read-PasswordRule $Rules $Name).Trim()
    if ($text -notin 'True', 'False') { Stop-UnexpectedData $groupSettingsSource $Name 'expected True or False' }
    $text -eq 'True'
}

# What a fail says when there is no object: that need not be so when an app asks, and a person can see it in the portal.
$noPasswordRules = 'the tenant answered no settings, so they were never saved, or the app was not shown them (the page Password protection tells which)'
