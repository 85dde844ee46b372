param($Evidence, $Context)
$source = 'exchange/Get-RoleAssignmentPolicy'
$mailboxSource = 'exchange/Get-EXOMailbox'
$addInRoles = 'My Custom Apps', 'My Marketplace Apps', 'My ReadWriteMailbox Apps'

# The wire gives names of roles, the module may give objects that carry a Name.
function Get-AddInRoles {
    param($Policy)
    $roles = Read-List $Policy 'AssignedRoles' -Of $source
    foreach ($role in $roles) {
        if ($role -isnot [string]) { $role = Read-String $role 'Name' -Of "$source AssignedRoles" }
        if ($role.Trim() -in $addInRoles) { $role.Trim() }
    }
}

$policies = Get-Rows $Evidence $source
if (-not $policies.Count) { Stop-UnexpectedData $source '' 'expected at least the default policy, found none' }
$mailboxes = Get-Rows $Evidence $mailboxSource
if (-not $mailboxes.Count) { Stop-UnexpectedData $mailboxSource '' 'expected at least the mailboxes of the system, found none' }
# How many mailboxes have each policy. Every mailbox counts, not a sample; one may have none.
$used = [Collections.Generic.Dictionary[string, int]]::new([StringComparer]::OrdinalIgnoreCase)
foreach ($mailbox in $mailboxes) {
    $assigned = Read-NullableString $mailbox 'RoleAssignmentPolicy' -Of $mailboxSource
    if ($assigned) { $used[$assigned] = ($used.ContainsKey($assigned) ? $used[$assigned] : 0) + 1 }
}
$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
$known = [Collections.Generic.List[string]]::new()
foreach ($policy in $policies) {
    $names = Get-PolicyNames $policy -Of $source
    $known.AddRange([string[]]$names)
    $roles = @(Get-AddInRoles $policy)
    $count = 0
    foreach ($name in @($names | Sort-Object -Unique)) { if ($used.ContainsKey($name)) { $count += $used[$name] } }
    # The default policy is given to every new mailbox: it is in use, also while no mailbox has it.
    $default = Read-Boolean $policy 'IsDefault' -Of $source
    $inUse = $default -or $count -gt 0
    $expected = $inUse ? 'none of the roles that install add-ins' : 'for review: no mailbox has this policy'
    $findings.Add((New-Finding -ResourceId $names[0] -ResourceName $names[0] -Property 'AssignedRoles' -Expected $expected -Actual ($roles.Count ? $roles -join ', ' : 'none of them') -Compliant (-not $inUse -or -not $roles.Count)))
    if ($inUse -and $roles.Count) { $open.Add($names[0]) }
}
foreach ($name in $used.Keys) { if ($name -notin $known) { Stop-UnexpectedData $mailboxSource 'RoleAssignmentPolicy' 'a mailbox has a policy that is not in the list of policies' } }
if ($open.Count) { return New-Verdict fail "People can install Outlook add-ins by the role assignment $($open.Count -eq 1 ? 'policy' : 'policies') $(Format-NameList $open)." $findings }
New-Verdict pass 'No role assignment policy in use lets people install Outlook add-ins.' $findings
