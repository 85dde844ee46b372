param($Evidence, $Context)
$source = 'graph/users/{id}/licenseDetails'
$found = Get-AdministratorMembers $Evidence
# Products are compared by name, as the operator lists them. The plans inside are told, but do not decide: a product
# that is not on the list may show few plans here and still bring a mailbox with it.
$allowed = Read-InputList $Context 'allowedAdminSkus'
if ($null -eq $allowed) { $allowed = 'AAD_PREMIUM', 'AAD_PREMIUM_P2' }

$findings = [Collections.Generic.List[object]]::new()
$over = [Collections.Generic.List[string]]::new()
foreach ($id in $found.users.Keys) {
    $licences = Get-MemberRows $Evidence $source $id
    $name = Get-PrincipalName $found.users[$id] $id
    $skus = @(foreach ($licence in $licences) {
            $sku = (Read-String $licence 'skuPartNumber' -Of "$source $id").Trim()
            if (-not $sku) { Stop-UnexpectedData "$source $id" 'skuPartNumber' 'expected the name of a product, found empty text' }
            $sku
        })
    $extra = @($skus.Where({ $_ -notin $allowed }))
    $expected = $allowed.Count ? "none, or only $($allowed -join ', ')" : 'none'
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'licences' -Expected $expected `
                -Actual ($skus.Count ? ($skus -join ', ') : 'none') -Compliant (-not $extra.Count)))
    if ($extra.Count) { $over.Add($name) }
}
foreach ($id in $found.servicePrincipals.Keys) {
    $findings.Add((New-Finding -ResourceId $id -ResourceName (Get-PrincipalName $found.servicePrincipals[$id] $id) -Property '@odata.type' `
                -Expected 'not a licensed user' -Actual 'servicePrincipal' -Compliant $true))
}

if ($over.Count -eq 1) { return New-Verdict fail "One account in an administrator role carries a licence with applications: $($over[0])." $findings }
if ($over.Count) { return New-Verdict fail "$($over.Count) of $($found.users.Count) accounts in administrator roles carry a licence with applications: $(Format-NameList $over)." $findings }
if (-not $found.users.Count) { return New-Verdict pass 'No user account is active in an administrator role, so none carries a licence with applications.' $findings }
if ($found.users.Count -eq 1) { return New-Verdict pass 'The one account that is active in administrator roles carries no licence with applications.' $findings }
New-Verdict pass "None of the $($found.users.Count) accounts that are active in administrator roles carries a licence with applications." $findings
