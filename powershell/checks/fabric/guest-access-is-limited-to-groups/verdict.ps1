param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'AllowGuestUserToAccessSharedContent' -Title 'Guest users can access Microsoft Fabric' `
    -Subject 'Guest access to Microsoft Fabric'
