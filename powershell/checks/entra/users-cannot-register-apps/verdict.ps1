param($Evidence, $Context)
# The policy is a singleton in v1.0. It is read as such: a list would be another API version's answer.
$source = 'graph/policies/authorizationPolicy'
$property = 'defaultUserRolePermissions.allowedToCreateApps'
$allowed = Read-Boolean $Evidence.$source $property -Of $source
$finding = New-Finding -ResourceId 'authorizationPolicy' -ResourceName 'Authorization policy' `
    -Property $property -Expected $false -Actual $allowed -Compliant (-not $allowed)
if ($allowed) { return New-Verdict fail 'Every user of the tenant may register applications.' $finding }
New-Verdict pass 'Ordinary users cannot register applications.' $finding
