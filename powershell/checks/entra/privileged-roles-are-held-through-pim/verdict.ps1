param($Evidence, $Context)
$source = 'graph/roleManagement/directory/roleAssignmentScheduleInstances'
$definitionSource = 'graph/roleManagement/directory/roleDefinitions'
$globalAdministrator = '62e90394-69f5-4237-9190-012177145e10'
# The roles the rule lists, by name, with the template id of each: vendors rename roles (Fabric was Power BI, Entra was
# Azure AD), and some of these are historic and missing in many tenants.
$reference = @{
    '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3' = 'Application Administrator'; 'c4e39bd9-1100-46d3-8c65-fb160da0071f' = 'Authentication Administrator'
    '7495fdc4-34c4-4d15-a289-98788ce399fd' = 'Azure Information Protection Administrator'; 'b0f54661-2d74-4c50-afa3-1ec803f12efe' = 'Billing Administrator'
    '158c047a-c907-4556-b7ef-446551a6b5f7' = 'Cloud Application Administrator'; '7698a772-787b-4ac8-901f-60d6b08affd2' = 'Cloud Device Administrator'
    '17315797-102d-40b4-93e0-432062caca18' = 'Compliance Administrator'; '5c4f9dcd-47dc-4cf7-8c9a-9e4207cbfc91' = 'Customer LockBox Access Approver'
    '29232cdf-9323-42fd-ade2-1d097af3e4de' = 'Exchange Administrator'; 'a9ea8996-122f-4c74-9520-8edcd192826c' = 'Fabric Administrator'
    '62e90394-69f5-4237-9190-012177145e10' = 'Global Administrator'; '729827e3-9c14-49f7-bb1b-9608f156bbb8' = 'HelpDesk Administrator'
    '3a2c62db-5318-420d-8d74-23affee5d9d5' = 'Intune Administrator'; '74ef975b-6605-40af-a5d2-b9539d836353' = 'Kaizala Administrator'
    '4d6ac14f-3453-41d0-bef9-a3e0c569773a' = 'License Administrator'; '9f06204d-73c1-4d4c-880a-6edb90606fd8' = 'Microsoft Entra Joined Device Local Administrator'
    '966707d0-3269-4727-9be2-8c3a10f19b9d' = 'Password Administrator'; '7be44c8a-adaf-4e2a-84d6-ab2649e08a13' = 'Privileged Authentication Administrator'
    'e8611ab8-c189-46e8-94e1-60213ab1f814' = 'Privileged Role Administrator'; '194ae4cb-b126-40b2-bd5b-6091b380977d' = 'Security Administrator'
    'f28a1f50-f6e7-4571-818b-6a12f2af6b6c' = 'SharePoint Administrator'; '75941009-915a-4869-abe7-691bff18279e' = 'Skype for Business Administrator'
    '69091246-20e8-4a56-aa4d-066075b2a7a8' = 'Teams Administrator'; 'fe930be7-5e62-47db-91af-98c3a49a38b1' = 'User Administrator'
}

# Which role definitions of this tenant are reference roles. A custom role that borrows such a name is not one.
$roles = @{}
$others = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
$definitions = Get-Rows $Evidence $definitionSource
foreach ($definition in $definitions) {
    $id = Read-String $definition 'id' -Of $definitionSource
    $template = Read-NullableString $definition 'templateId' -Of $definitionSource
    $title = Read-NullableString $definition 'displayName' -Of $definitionSource
    $builtIn = Read-NullableBoolean $definition 'isBuiltIn' -Of $definitionSource
    $known = ($template -and $reference.ContainsKey($template)) -or ($title -and $title -in $reference.Values)
    if ($known -and $builtIn -ne $false) { $roles[$id] = $title ? $title : $reference[$template] } else { [void]$others.Add($id) }
}
if (-not $roles.Count) { Stop-UnexpectedData $definitionSource '' 'expected the built-in administrator roles, found none of them' }

$instances = Get-Rows $Evidence $source
# A tenant in which nobody holds any role right now is implausible: an empty list was not read properly.
if (-not $instances.Count) { Stop-UnexpectedData $source '' 'expected at least one active role assignment, found none' }

$breakGlass = Read-InputList $Context 'breakGlassAccounts'
$findings = [Collections.Generic.List[object]]::new()
$permanent = [Collections.Generic.List[object]]::new()
foreach ($instance in $instances) {
    $roleId = Read-String $instance 'roleDefinitionId' -Of $source
    if ($others.Contains($roleId)) { continue }
    $role = $roles.ContainsKey($roleId) ? $roles[$roleId] : $reference[$roleId]
    if (-not $role) { Stop-UnexpectedData $source 'roleDefinitionId' 'the role is not among the role definitions' }
    $type = Read-String $instance 'assignmentType' -Of $source
    if ($type -notin 'Assigned', 'Activated') { Stop-UnexpectedData $source 'assignmentType' 'the value is none that is known' }
    $end = Read-NullableString $instance 'endDateTime' -Of $source
    $principalId = Read-String $instance 'principalId' -Of $source
    if ($end -eq '') { Stop-UnexpectedData $source 'endDateTime' 'expected a time or null, found empty text' }
    # The last moment a date can name is how software writes "never".
    $standing = $type -eq 'Assigned' -and ($null -eq $end -or $end.StartsWith('9999-12-31'))
    # Who it is matters for a standing assignment only. A service principal or a group is no break-glass account; they
    # count like anybody else, as the rule knows no exception for them. A deleted principal has no kind any more.
    $principal = if ($standing -or (Test-Property $instance 'principal')) { Read-NullableObject $instance 'principal' -Of $source } else { $null }
    $kind = if ($null -eq $principal) { 'deleted' } elseif (-not $standing) { 'any' }
    elseif ($globalAdministrator -ne $roleId -and -not (Test-Property $principal '@odata.type')) { 'of unknown kind' }
    else { (Read-String $principal '@odata.type' -Of "$source principal") -replace '^#?microsoft\.graph\.', '' }
    $mayBeExempt = $standing -and $kind -in 'user', 'deleted' -and $globalAdministrator -eq $roleId
    $exempt = $false
    if ($mayBeExempt -and $null -ne $breakGlass -and $breakGlass.Count) {
        $exempt = $principalId -in $breakGlass
        if (-not $exempt -and $kind -eq 'user') { $exempt = (Read-NullableString $principal 'userPrincipalName' -Of "$source principal") -in $breakGlass }
    }
    $actual = if ($exempt) { 'permanent, break-glass account' } elseif ($standing) { "permanent ($kind)" } elseif ($type -eq 'Activated') { 'activated' } else { "assigned until $end" }
    $findings.Add((New-Finding -ResourceId $principalId -ResourceName (Get-PrincipalName $principal $principalId) -Property "$($role): active assignment" `
                -Expected 'activated or with an end' -Actual $actual -Compliant (-not $standing -or $exempt)))
    if ($standing -and -not $exempt) { $permanent.Add($mayBeExempt) }
}

if (-not $findings.Count) {
    $findings.Add((New-Finding -ResourceId 'roleAssignmentScheduleInstances' -ResourceName 'Active role assignments' -Property 'permanent assignments of privileged roles' `
                -Expected 0 -Actual 0 -Compliant $true))
}
if (-not $permanent.Count) {
    $apart = if ($findings.Where({ $_.actual -like 'permanent*' }).Count) { ', apart from named break-glass accounts' } else { '' }
    return New-Verdict pass "Nobody holds a privileged role permanently$apart." $findings
}
# Without the list a permanent user in Global Administrator may be a break-glass account. Everything else is a fail
# whatever the list would say, so the list is asked for only when it decides.
if ($null -eq $breakGlass -and $permanent -notcontains $false) {
    return New-Verdict manual 'Permanent assignments exist only in Global Administrator; without the list of break-glass accounts nobody can say whether they are meant to.' $findings -ReasonCode operator_input_missing
}
New-Verdict fail "$($permanent.Count) active assignment$(if ($permanent.Count -gt 1) { 's' }) of privileged roles $(if ($permanent.Count -gt 1) { 'are' } else { 'is' }) permanent instead of activated through PIM." $findings
