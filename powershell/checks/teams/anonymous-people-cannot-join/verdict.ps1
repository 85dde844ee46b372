param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowAnonymousUsersToJoinMeeting' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default people have to sign in before they can join a meeting' `
    -Fail 'By default anyone with the link can join meetings without signing in'
