param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowExternalParticipantGiveRequestControl' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default people from outside cannot take control of a shared screen' `
    -Fail 'By default people from outside can be given control of a shared screen, or ask for it'
