# Settings of the Microsoft 365 admin center that Graph serves from beta.

# The settings object itself. The documented route answers the parent with the settings inside, its example wraps that
# in `value` as well, and the route in use answers them bare: all three mean the same.
function Get-OrgSettings {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    $settings = Get-Single $Evidence $Source
    foreach ($wrapper in 'value', 'settings') {
        if ((Test-Property $settings $wrapper) -and $settings.$wrapper -is [Management.Automation.PSCustomObject]) { $settings = $settings.$wrapper }
    }
    $settings
}
