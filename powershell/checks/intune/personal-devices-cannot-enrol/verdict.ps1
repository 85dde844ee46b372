param($Evidence, $Context)
$source = 'graph/deviceManagement/deviceEnrollmentConfigurations'
# The default applies to everybody whom no restriction with a higher priority reaches. It always exists.
$defaults = (Get-Rows $Evidence $source).Where({
        (Read-String $_ 'id' -Of $source) -like '*DefaultPlatformRestrictions*' -and (Read-Integer $_ 'priority' -Of $source) -eq 0 })
if ($defaults.Count -ne 1) { Stop-UnexpectedData $source 'DefaultPlatformRestrictions' "expected exactly one default platform restriction, found $($defaults.Count)" }
$default = $defaults[0]

# The platforms an administrator can restrict. androidForWorkRestriction comes with the beta type only: without it Android
# Enterprise is unread, and the verdict stops there, also when another platform is open already. The further members of
# the beta type (tvOS, visionOS, Windows Home, a second Mac) cannot be set in the admin center and are no enrolment
# choice of their own, so they do not decide.
$platforms = [ordered]@{
    windowsRestriction = 'Windows'; windowsMobileRestriction = 'Windows Mobile'; iosRestriction = 'iOS and iPadOS'; macOSRestriction = 'macOS'
    androidRestriction = 'Android device administrator'; androidForWorkRestriction = 'Android Enterprise work profile'
}
$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
foreach ($platform in $platforms.Keys) {
    $restriction = Read-Object $default $platform -Of $source
    $personalBlocked = Read-Boolean $restriction 'personalDeviceEnrollmentBlocked' -Of "$source $platform"
    # A platform that is blocked outright lets no personal device in either.
    $ok = $personalBlocked -or (Read-Boolean $restriction 'platformBlocked' -Of "$source $platform")
    $findings.Add((New-Finding -ResourceId $platform -ResourceName $platforms[$platform] -Property "$platform.personalDeviceEnrollmentBlocked" `
                -Expected 'true, or the platform blocked' -Actual $personalBlocked -Compliant $ok))
    if (-not $ok) { $open.Add($platforms[$platform]) }
}
if ($open.Count) { return New-Verdict fail "By default people can enrol personally owned devices of these platforms: $($open -join ', ')." $findings }
New-Verdict pass 'By default no platform accepts the enrolment of personally owned devices.' $findings
