param($Evidence, $Context)
$source = 'teams/Get-CsTeamsMeetingPolicy'
$property = 'MeetingChatEnabledType'
$actual = Read-String (Get-GlobalPolicy $Evidence $source) $property -Of $source
# Disabled leaves nobody a chat, anonymous people included. The rule names only the first value, so a benchmark line
# can insist on it. Newer values, which leave chat to the time of the meeting, are none that it names.
$accepted = @('EnabledExceptAnonymous'; if (Read-Choice $Context 'acceptDisabled' -Default $true) { 'Disabled' })
$compliant = $actual -in $accepted
$finding = New-Finding -ResourceId 'Global' -ResourceName 'Global meeting policy' -Property $property `
    -Expected ($accepted -join ' or ') -Actual $actual -Compliant $compliant
if (-not $compliant) {
    if ($actual -eq 'Disabled') { return New-Verdict fail 'Meeting chat is off for everybody, where the rule asks for chat without anonymous people.' $finding }
    if ($actual -eq 'Enabled') { return New-Verdict fail 'By default anonymous people can use the chat of meetings.' $finding }
    return New-Verdict fail 'The default for meeting chat is not the one that leaves out anonymous people and nobody else.' $finding
}
$note = Format-LooserPolicies $Evidence $source -Property $property -Accepted $accepted
if ($actual -eq 'Disabled') { return New-Verdict pass "By default nobody can use the chat of meetings, anonymous people included$note." $finding }
New-Verdict pass "By default anonymous people cannot use the chat of meetings$note." $finding
