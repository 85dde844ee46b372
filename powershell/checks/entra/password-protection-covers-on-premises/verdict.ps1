param($Evidence, $Context)
$about = @{ ResourceId = 'passwordRuleSettings'; ResourceName = 'Password protection' }
$organization = Get-Single $Evidence 'graph/organization'
$synchronised = Read-NullableBoolean $organization 'onPremisesSyncEnabled' -Of 'graph/organization'
if ($synchronised -ne $true) {
    # null: never synchronised, false: no longer. There is no directory on-premises that the rule could be about.
    $cloud = New-Finding -ResourceId 'organization' -ResourceName 'Organisation' -Property 'onPremisesSyncEnabled' -Expected $true -Actual $synchronised -Compliant $true
    return New-Verdict not_applicable 'The tenant synchronises no on-premises directory, so the control does not apply.' $cloud -ReasonCode not_in_use
}
$rules = Find-PasswordRules $Evidence
if ($null -eq $rules) {
    $none = New-Finding @about -Property 'settings' -Expected 'enforced on-premises' -Actual 'none saved' -Compliant $false
    return New-Verdict fail "Password protection is not enforced on-premises: $noPasswordRules." $none
}
$enabled = Read-PasswordRuleSwitch $rules 'EnableBannedPasswordCheckOnPremises'
# The portal writes Enforced and Audit, the service Enforce and Audit.
$mode = (Read-PasswordRule $rules 'BannedPasswordCheckOnPremisesMode').Trim()
if ($mode -notin 'Enforce', 'Audit') { Stop-UnexpectedData $groupSettingsSource 'BannedPasswordCheckOnPremisesMode' 'the value is none that is known' }
$findings = @(
    New-Finding @about -Property 'EnableBannedPasswordCheckOnPremises' -Expected $true -Actual $enabled -Compliant $enabled
    New-Finding @about -Property 'BannedPasswordCheckOnPremisesMode' -Expected 'Enforce' -Actual $mode -Compliant ($mode -eq 'Enforce')
)
# Whether the agents run on the domain controllers cannot be seen from the cloud.
if ($enabled -and $mode -eq 'Enforce') { return New-Verdict pass 'Password protection is enforced in the on-premises directory, as far as its agents are installed there.' $findings }
if (-not $enabled) { return New-Verdict fail 'Password protection is switched off for the on-premises directory.' $findings }
New-Verdict fail 'Password protection only watches the on-premises directory and refuses no password there.' $findings
