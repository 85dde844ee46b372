param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowExternalNonTrustedMeetingChat' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default people cannot chat in meetings of organisations that are not trusted' `
    -Fail 'By default people can chat in meetings of organisations that are not trusted'
