param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'ShareLinkToEntireOrg' -Title 'Allow shareable links to grant access to everyone in your organization' `
    -Subject 'Creating links for the whole organisation'
