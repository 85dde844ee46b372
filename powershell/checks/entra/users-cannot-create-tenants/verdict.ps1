param($Evidence, $Context)
$source = 'graph/policies/authorizationPolicy'
$property = 'defaultUserRolePermissions.allowedToCreateTenants'
# The service may answer null here. Null is not "off" (new tenants allow it), so it ends as unexpected data.
$allowed = Read-Boolean $Evidence.$source $property -Of $source
$finding = New-Finding -ResourceId 'authorizationPolicy' -ResourceName 'Authorization policy' `
    -Property $property -Expected $false -Actual $allowed -Compliant (-not $allowed)
if ($allowed) { return New-Verdict fail 'Every user may create new Microsoft Entra tenants.' $finding }
New-Verdict pass 'Ordinary users cannot create Microsoft Entra tenants.' $finding
