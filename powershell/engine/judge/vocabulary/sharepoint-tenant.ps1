# What verdicts need to say about the settings of SharePoint and OneDrive.

# The sharing level of SharePoint or OneDrive. The numbers are not ordered by strictness, so verdicts see names.
function Read-SharingCapability {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $names = 'Disabled', 'ExternalUserSharingOnly', 'ExternalUserAndGuestSharing', 'ExistingExternalUserSharingOnly'
    Read-NamedValue $Object $Path -Names $names -Of $Of
}

function New-SharePointFinding {
    param([Parameter(Position = 0)][string]$Property, $Expected, $Actual, [bool]$Compliant)
    New-Finding -ResourceId 'tenant' -ResourceName 'SharePoint tenant settings' -Property $Property `
        -Expected $Expected -Actual $Actual -Compliant $Compliant
}

# Whether a switch of the tenant object has the wanted value, as a whole verdict.
function Get-SharePointSwitchVerdict {
    param($Evidence, [string]$Property, [bool]$Wanted, [string]$Pass, [string]$Fail)
    $source = 'sharepoint/tenant'
    $actual = Read-Boolean (Get-Single $Evidence $source) $Property -Of $source
    $finding = New-SharePointFinding $Property -Expected $Wanted -Actual $actual -Compliant ($actual -eq $Wanted)
    if ($actual -eq $Wanted) { return New-Verdict pass $Pass $finding }
    New-Verdict fail $Fail $finding
}

# Whether a switch is on and its days are few enough, as a whole verdict. With the switch off the days have no effect, so an
# answer that leaves them out, or says null, is enough. {0} in a sentence: '30 days'.
function Get-SharePointPeriodVerdict {
    param($Evidence, [string]$Switch, [string]$Days, [int]$AtMost, [string]$Pass, [string]$Off, [string]$TooLong)
    $source = 'sharepoint/tenant'
    $tenant = Get-Single $Evidence $source
    $on = Read-Boolean $tenant $Switch -Of $source
    $told = $on -or ((Test-Property $tenant $Days) -and $null -ne (Read-NullableInteger $tenant $Days -Of $source))
    $period = $told ? (Read-Integer $tenant $Days -Of $source) : $null
    # Less than a day is no period: it says that none was set, which only a switch that is off explains.
    if ($on -and $period -lt 1) { Stop-UnexpectedData $source $Days 'expected a number of days, found less than one' }
    $findings = @(
        New-SharePointFinding $Switch -Expected $true -Actual $on -Compliant $on
        # With the switch off the days have no effect, so they are not what is wrong.
        New-SharePointFinding $Days -Expected "at most $AtMost" -Actual $period -Compliant ($period -le $AtMost -or -not $on)
    )
    if (-not $on) { return New-Verdict fail $Off $findings }
    $words = "$period day$(if ($period -ne 1) { 's' })"
    if ($period -gt $AtMost) { return New-Verdict fail ($TooLong -f $words) $findings }
    New-Verdict pass ($Pass -f $words) $findings
}
