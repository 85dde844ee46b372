param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'ExternalSharingV2' -Title 'Users can invite guest users to collaborate through item sharing and permissions' `
    -Subject 'Inviting guests from Microsoft Fabric'
