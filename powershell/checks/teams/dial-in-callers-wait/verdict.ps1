param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowPSTNUsersToBypassLobby' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default people who dial in wait in the lobby' `
    -Fail 'By default people who dial in skip the lobby'
