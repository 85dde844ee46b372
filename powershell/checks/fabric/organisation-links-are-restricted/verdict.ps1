param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'ShareLinkToEntireOrg' -Title 'Allow shareable links to grant access to everyone in your organization' `
    -Subject 'Making links that work for every colleague'
