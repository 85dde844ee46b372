param($Evidence, $Context)
Get-GlobalSwitchVerdict $Evidence -Source 'teams/Get-CsTeamsClientConfiguration' -Property 'AllowEmailIntoChannel' -Wanted $false -Unnamed -PolicyName 'Teams settings of the organisation' `
    -Pass 'Channels of Teams take no email' `
    -Fail 'Channels of Teams take email that is sent to their addresses'
