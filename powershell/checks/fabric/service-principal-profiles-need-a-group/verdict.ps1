param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'AllowServicePrincipalsCreateAndUseProfiles' -Title 'Allow service principals to create and use profiles' `
    -Subject 'Creating service principal profiles'
