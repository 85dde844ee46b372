param($Evidence, $Context)
$source = 'sharepoint/tenant'
$tenant = Get-Single $Evidence $source
# Only the tenant's own property counts. The OneDrive root site in a list of sites can show another value than the
# one that is in force, so it is no substitute for a property that is missing.
$property = Select-PropertyName $tenant 'ODBSharingCapability', 'OneDriveSharingCapability'
$level = Read-SharingCapability $tenant $property -Of $source
$finding = New-SharePointFinding $property -Expected 'Disabled' -Actual $level -Compliant ($level -eq 'Disabled')
if ($level -eq 'Disabled') { return New-Verdict pass 'OneDrive files cannot be shared with anybody outside the organisation.' $finding }
$with = switch ($level) {
    'ExistingExternalUserSharingOnly' { 'guests who are already in the directory' }
    'ExternalUserSharingOnly' { 'new and existing guests' }
    default { 'anyone, also by links that work without signing in' }
}
New-Verdict fail "OneDrive files can be shared outside the organisation, with $with." $finding
