param($Evidence, $Context)
# SharePoint's own answer first: Graph holds the same level, but may answer null.
$fromSharePoint = Test-Source $Evidence 'sharepoint/tenant'
$source = $fromSharePoint ? 'sharepoint/tenant' : 'graph/admin/sharepoint/settings'
$property = $fromSharePoint ? 'SharingCapability' : 'sharingCapability'
$level = Read-SharingCapability (Get-Single $Evidence $source) $property -Of $source
$accepted = 'ExternalUserSharingOnly', 'ExistingExternalUserSharingOnly', 'Disabled'
$compliant = $level -in $accepted
$finding = New-Finding -ResourceId 'tenant' -ResourceName 'SharePoint tenant settings' -Property $property `
    -Expected ($accepted -join ' or ') -Actual $level -Compliant $compliant
if (-not $compliant) { return New-Verdict fail 'SharePoint allows links that anyone can use without signing in.' $finding }
$words = switch ($level) {
    'Disabled' { 'content cannot be shared with anybody outside the organisation' }
    'ExistingExternalUserSharingOnly' { 'content can be shared only with guests who are already in the directory' }
    default { 'everybody outside has to sign in or verify before they see shared content' }
}
New-Verdict pass "SharePoint allows no anonymous links: $words." $finding
