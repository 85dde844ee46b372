param($Evidence, $Context)
$organisationSource = 'graph/organization'
$source = 'graph/directory/onPremisesSynchronization'
$organisation = Get-Single $Evidence $organisationSource
# null: never synchronised, false: no longer. The other source answers in such a tenant as well, with everything off, so
# it must not be asked.
if (-not (Read-NullableBoolean $organisation 'onPremisesSyncEnabled' -Of $organisationSource)) {
    $finding = New-Finding -ResourceId 'organization' -ResourceName 'Organisation' -Property 'onPremisesSyncEnabled' -Expected 'false or null, or password hashes synchronised' `
        -Actual $organisation.onPremisesSyncEnabled -Compliant $true
    return New-Verdict not_applicable 'The tenant synchronises no on-premises directory, so the control does not apply.' $finding -ReasonCode not_in_use
}
# That the directory is synchronised says nothing of the hashes.
if (-not (Test-Source $Evidence $source)) { Stop-Unread $source }
$on = Read-Boolean (Get-Single $Evidence $source) 'features.passwordSyncEnabled' -Of $source
$finding = New-Finding -ResourceId 'onPremisesSynchronization' -ResourceName 'Directory synchronisation' -Property 'features.passwordSyncEnabled' -Expected $true -Actual $on -Compliant $on
if ($on) { return New-Verdict pass 'Password hashes are synchronised from the on-premises directory.' $finding }
New-Verdict fail 'The directory is synchronised from on-premises, but password hashes are not.' $finding
