param($Evidence, $Context)
Get-SharePointSwitchVerdict $Evidence -Property 'EnableAzureADB2BIntegration' -Wanted $true `
    -Pass 'People outside who are given access to SharePoint become guests of Microsoft Entra.' `
    -Fail 'People outside reach SharePoint without becoming guests of Microsoft Entra.'
