param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'EnableDatasetInPlaceSharing' -Title 'Allow specific users to turn on external data sharing' `
    -Subject 'Sharing of datasets with other tenants'
