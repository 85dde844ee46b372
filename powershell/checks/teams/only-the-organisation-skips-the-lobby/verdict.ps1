param($Evidence, $Context)
$source = 'teams/Get-CsTeamsMeetingPolicy'
$admitted = Read-String (Get-GlobalPolicy $Evidence $source) 'AutoAdmittedUsers' -Of $source
# A value that is not one of these three, also one that is new to us, lets in somebody the control does not allow.
$accepted = 'EveryoneInCompanyExcludingGuests', 'InvitedUsers', 'OrganizerOnly'
$compliant = $admitted -in $accepted
$finding = New-Finding -ResourceId 'Global' -ResourceName 'Global meeting policy' -Property 'AutoAdmittedUsers' `
    -Expected ($accepted -join ' or ') -Actual $admitted -Compliant $compliant
if ($compliant) { return New-Verdict pass "By default only people of the organisation, or those who were invited, skip the meeting lobby$(Format-LooserPolicies $Evidence $source -Property 'AutoAdmittedUsers' -Accepted $accepted)." $finding }
$who = switch ($admitted) {
    'EveryoneInCompany' { 'guests skip it as well' }
    'EveryoneInSameAndFederatedCompany' { 'people of other, trusted organisations skip it as well' }
    'Everyone' { 'everybody skips it, also people who did not sign in' }
    default { 'its setting is none of those that keep outsiders out' }
}
New-Verdict fail "The meeting lobby does not hold back outsiders by default: $who." $finding
