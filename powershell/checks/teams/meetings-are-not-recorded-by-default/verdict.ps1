param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsMeetingPolicy' -Property 'AllowCloudRecording' -Wanted $false -PolicyName 'Global meeting policy' `
    -Pass 'By default people cannot record meetings' `
    -Fail 'By default everybody can record meetings'
