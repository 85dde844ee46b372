param($Evidence, $Context)
$source = 'graph/policies/authorizationPolicy'
$path = 'defaultUserRolePermissions.permissionGrantPoliciesAssigned'
# An empty list says that nobody consents. Null says nothing, so it is no list.
$assigned = Read-StringList $Evidence.$source $path -Of $source
$self = [Collections.Generic.List[string]]::new()
$unknown = $false
foreach ($entry in $assigned) {
    # Any policy for oneself lets users consent: the low-risk, the legacy and the recommended one, and custom ones.
    if ($entry.Trim() -like 'ManagePermissionGrantsForSelf.*') { $self.Add($entry); continue }
    # Owners of a team or a chat who consent for it are another matter.
    if ($entry.Trim() -notlike 'ManagePermissionGrantsForOwnedResource.*') { $unknown = $true }
}
# A kind we do not know might let users consent, too; where another one does already, that decides.
if ($unknown -and -not $self.Count) { Stop-UnexpectedData $source $path 'the kind of a consent policy is not known' }
$finding = New-Finding -ResourceId 'authorizationPolicy' -ResourceName 'Authorization policy' -Property $path `
    -Expected 'no ManagePermissionGrantsForSelf policy' -Actual ($self.Count ? ($self -join ', ') : 'none') -Compliant (-not $self.Count)
if ($self.Count) { return New-Verdict fail 'Users can consent to applications on their own.' $finding }
New-Verdict pass 'Users cannot consent to applications on their own.' $finding
