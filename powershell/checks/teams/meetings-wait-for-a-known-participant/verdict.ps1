param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowAnonymousUsersToStartMeeting' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default a meeting starts only when somebody who signed in has joined' `
    -Fail 'By default anonymous people and dial-in callers can start a meeting on their own'
