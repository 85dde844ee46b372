param($Evidence, $Context)
Get-FabricGroupVerdict $Evidence 'ElevatedGuestsTenant' -Title 'Guest users can browse and access Fabric content' `
    -Subject 'Browsing of Fabric content by guests'
