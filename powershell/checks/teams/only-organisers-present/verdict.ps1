param($Evidence, $Context)
$source = 'teams/Get-CsTeamsMeetingPolicy'
$property = 'DesignatedPresenterRoleMode'
$wanted = 'OrganizerOnlyUserOverride'
$actual = Read-String (Get-GlobalPolicy $Evidence $source) $property -Of $source
$compliant = $actual -eq $wanted
$finding = New-Finding -ResourceId 'Global' -ResourceName 'Global meeting policy' -Property $property -Expected $wanted -Actual $actual -Compliant $compliant
if ($compliant) { return New-Verdict pass "By default only organisers present in meetings$(Format-LooserPolicies $Evidence $source -Property $property -Accepted $wanted)." $finding }
$who = switch ($actual) {
    'EveryoneInCompanyUserOverride' { 'everybody of the organisation, guests included,' }
    'EveryoneInSameAndFederatedCompanyUserOverride' { 'everybody of this and of trusted organisations' }
    'EveryoneUserOverride' { 'everybody who joins' }
    default { 'more than the organiser' }
}
New-Verdict fail "By default $who can present in meetings." $finding
