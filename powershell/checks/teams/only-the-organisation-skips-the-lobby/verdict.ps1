param($Evidence, $Context)
$source = 'teams/Get-CsTeamsMeetingPolicy'
# The control is about the organisation-wide default. Policies that were assigned to single people (Tag:…) are not judged.
$rows = Get-Rows $Evidence $source
$global = $rows.Where({ (Read-String $_ 'Identity' -Of $source) -eq 'Global' })
if ($global.Count -ne 1) { Stop-UnexpectedData $source '[Identity=Global]' "expected exactly one such policy, found $($global.Count)" }
$admitted = Read-String $global[0] 'AutoAdmittedUsers' -Of $source
# A value that is not one of these three, also one that is new to us, lets in somebody the control does not allow.
$accepted = 'EveryoneInCompanyExcludingGuests', 'InvitedUsers', 'OrganizerOnly'
$compliant = $admitted -in $accepted
$finding = New-Finding -ResourceId 'Global' -ResourceName 'Global meeting policy' -Property 'AutoAdmittedUsers' `
    -Expected ($accepted -join ' or ') -Actual $admitted -Compliant $compliant
if ($compliant) { return New-Verdict pass 'By default only people of the organisation, or those who were invited, skip the meeting lobby.' $finding }
$who = switch ($admitted) {
    'EveryoneInCompany' { 'guests skip it as well' }
    'EveryoneInSameAndFederatedCompany' { 'people of other, trusted organisations skip it as well' }
    'Everyone' { 'everybody skips it, also people who did not sign in' }
    default { 'its setting is none of those that keep outsiders out' }
}
New-Verdict fail "The meeting lobby does not hold back outsiders by default: $who." $finding
