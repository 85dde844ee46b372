# Emergency access ("break-glass") accounts: who could be one, and whom Conditional Access leaves alone.

$emergencyUserSource = 'graph/users/{id}'
$emergencyMemberSource = 'graph/groups/{id}/members'

# Why a user object is not fit for an emergency: rows of @{ property; expected; actual; text }, empty when it is.
function Get-EmergencyAccountGaps {
    param([Parameter(Position = 0)]$User)
    $enabled = Read-Boolean $User 'accountEnabled' -Of $emergencyUserSource
    $name = Read-String $User 'userPrincipalName' -Of $emergencyUserSource
    $synchronised = Read-NullableBoolean $User 'onPremisesSyncEnabled' -Of $emergencyUserSource
    $licences = Read-List $User 'assignedLicenses' -Of $emergencyUserSource -NullIsEmpty
    # The domain every tenant is born with needs no DNS of its own. Guests carry it too, behind the name they come with.
    $native = $name -match '^[^@]+@[^@.]+\.(onmicrosoft\.(com|us)|partner\.onmschina\.cn)$' -and $name -notlike '*#EXT#*'
    $rows = @(
        if (-not $enabled) { @{ property = 'accountEnabled'; expected = $true; actual = $false; text = 'is switched off' } }
        if (-not $native) { @{ property = 'userPrincipalName'; expected = 'an account on the onmicrosoft.com domain'; actual = $name; text = 'is not on the onmicrosoft.com domain' } }
        if ($synchronised) { @{ property = 'onPremisesSyncEnabled'; expected = 'false or null'; actual = $true; text = 'is synchronised' } }
        if ($licences.Count) { @{ property = 'assignedLicenses'; expected = 'none'; actual = "$($licences.Count)"; text = 'carries licences' } }
    )
    , $rows
}

# The policies in force that are about people: those for workload identities have nobody to exclude.
function Get-CaPeoplePolicies {
    param([Parameter(Position = 0)]$Evidence)
    $policies = Get-Rows $Evidence $caSource
    $found = @(
        foreach ($policy in $policies) {
            if ((Get-CaStateGaps $policy).Count) { continue }
            if ($null -eq (Read-NullableObject $policy 'conditions.users' -Of $caSource)) { continue }
            $workload = (Test-Property $policy 'conditions.clientApplications') -and $null -ne $policy.conditions.clientApplications
            if ($workload) {
                $users = Read-CaUserList $policy 'includeUsers'
                if ($users.Count -eq 1 -and $users[0] -eq 'None') { continue }
            }
            $policy
        }
    )
    , $found
}

# Is a user in a group, at any depth? 'yes', 'no', or 'unread' when a group on the way was not read. -Failed collects
# the ids of groups whose reading failed; a group that nobody tried to read is not among them.
function Get-GroupMembership {
    param([Parameter(Position = 0)]$Evidence, [string]$Group, [string]$User, $Seen, $Failed)
    if (-not $Seen.Add($Group)) { return 'no' }
    if (-not (Test-Source $Evidence $emergencyMemberSource)) { return 'unread' }
    $state = Get-EntryState $Evidence.$emergencyMemberSource $Group
    if ($state -ne 'read') {
        if ($null -ne $Evidence.$emergencyMemberSource.PSObject.Properties[$Group]) { $Failed.Add($Group) }
        return 'unread'
    }
    $answer = 'no'
    foreach ($member in (Get-MemberRows $Evidence $emergencyMemberSource $Group)) {
        $id = Read-String $member 'id' -Of $emergencyMemberSource
        if ($id -eq $User) { return 'yes' }
        if ((Read-String $member '@odata.type' -Of $emergencyMemberSource).TrimStart('#') -ne 'microsoft.graph.group') { continue }
        $inner = Get-GroupMembership $Evidence -Group $id -User $User -Seen $Seen -Failed $Failed
        if ($inner -eq 'yes') { return 'yes' }
        if ($inner -eq 'unread') { $answer = 'unread' }
    }
    $answer
}

# Which of these policies do not leave the user alone: @{ caught; unread; failed } with names of policies, and ids of
# groups that could not be read.
function Get-CaReach {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)]$Policies, [Parameter(Position = 2)][string]$User)
    $reach = @{ caught = [Collections.Generic.List[string]]::new(); unread = [Collections.Generic.List[string]]::new(); failed = [Collections.Generic.List[string]]::new() }
    foreach ($policy in $Policies) {
        $users = Read-CaUserList $policy 'excludeUsers'
        $groups = Read-CaUserList $policy 'excludeGroups'
        if ($User -in $users) { continue }
        $answers = @(
            foreach ($group in $groups) {
                $seen = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
                Get-GroupMembership $Evidence -Group $group -User $User -Seen $seen -Failed $reach.failed
            }
        )
        if ('yes' -in $answers) { continue }
        $name = Get-CaName $policy
        if ('unread' -in $answers) { $reach.unread.Add($name) } else { $reach.caught.Add($name) }
    }
    $reach
}

# The user object of an account that goes by these names (object id, user principal name): @{ state; key; user }. State
# `read`, `not_read` when the source is not there, or the state of the entry, which is then kept under `key`.
function Find-NamedUser {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string[]]$Names)
    $found = @{ state = 'not_read'; key = $Names[0]; user = $null }
    if (-not (Test-Source $Evidence $emergencyUserSource)) { return $found }
    $map = $Evidence.$emergencyUserSource
    $found.state = 'not_collected'
    foreach ($name in $Names) {
        $state = Get-EntryState $map $name
        if ($state -eq 'read') { return @{ state = $state; key = $name; user = (Get-Entry $map $name -Of $emergencyUserSource) } }
        if ($state -ne 'not_collected') { $found.state = $state; $found.key = $name }
    }
    # The entry may be kept under the other name of the account.
    foreach ($property in $map.PSObject.Properties) {
        $user = $property.Value
        if ($user -isnot [Management.Automation.PSCustomObject] -or (Test-FailedEntry $user)) { continue }
        foreach ($key in 'id', 'userPrincipalName') {
            if ((Test-Property $user $key) -and $user.$key -is [string] -and $user.$key -in $Names) { return @{ state = 'read'; key = $property.Name; user = $user } }
        }
    }
    $found
}

function Get-SignInName {
    param([Parameter(Position = 0)]$Row)
    if ((Test-Property $Row 'userPrincipalName') -and $Row.userPrincipalName -is [string]) { $Row.userPrincipalName }
}

# The id of a member (a map of New-MemberSet) that goes by this object id or user principal name; $null when none does.
function Find-Member {
    param([Parameter(Position = 0)]$Members, [Parameter(Position = 1)][string]$Name)
    foreach ($id in $Members.Keys) { if ($id -eq $Name -or (Get-SignInName $Members[$id]) -eq $Name) { return $id } }
    $null
}

# Everything about one account: @{ id; name; known; gaps; reach; key }. `known`: its user object was read, or does not
# matter any more. -Holders: the users who hold Global Administrator.
function Measure-EmergencyAccount {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Name, $Holders, $Policies)
    $id = Find-Member $Holders $Name
    $names = [Collections.Generic.List[string]]::new()
    foreach ($one in $id, $Name, ($id ? (Get-SignInName $Holders[$id]) : $null)) { if ($one -and $one -notin $names) { $names.Add($one) } }
    $object = Find-NamedUser $Evidence $names.ToArray()
    $account = @{ id = $id ? $id : $Name; name = $id ? (Get-PrincipalName $Holders[$id] $id) : $Name; known = $true; gaps = @(); reach = $null; key = $object.key }
    if ($object.state -eq 'read') {
        # The object may be kept without its id: then the key of the entry is the id, or the role told it beside the name.
        $account.id = if (Test-Property $object.user 'id') { Read-String $object.user 'id' -Of $emergencyUserSource } elseif ($id) { $id } else { $object.key }
        $account.name = Get-PrincipalName $object.user $account.id
        $account.gaps = Get-EmergencyAccountGaps $object.user
    }
    $holds = $Holders.Contains($account.id)
    # A holder whose sign-in name was not told could be this one, as long as nothing tells its id.
    $idTold = $object.state -eq 'read' -and ((Test-Property $object.user 'id') -or -not $object.key.Contains('@'))
    $maybe = -not $holds -and -not $idTold -and $object.state -ne 'not_found' -and $Name.Contains('@') -and @($Holders.Keys).Where({ -not (Get-SignInName $Holders[$_]) }).Count
    if (-not $holds -and -not $maybe) {
        $what = $object.state -eq 'not_found' ? 'no such account' : 'not a member'
        $account.gaps = @(@{ property = 'Global Administrator'; expected = 'a member'; actual = $what; text = 'is not a Global Administrator' }; $account.gaps)
        return $account
    }
    $account.known = $object.state -eq 'read' -and -not $maybe
    if ($account.gaps.Count) { return $account }
    if ($maybe) { $account.reach = @{ caught = @(); unread = @('every policy'); failed = @() } } else { $account.reach = Get-CaReach $Evidence $Policies $account.id }
    $account
}

function Get-EmergencyFindings {
    param([Parameter(Position = 0)]$Account, [bool]$OneIsFree)
    $about = @{ ResourceId = $Account.id; ResourceName = $Account.name }
    foreach ($gap in $Account.gaps) { New-Finding @about -Property $gap.property -Expected $gap.expected -Actual $gap.actual -Compliant $false }
    if ($Account.gaps.Count) { return }
    New-Finding @about -Property 'account' -Expected 'an enabled cloud-only Global Administrator on the onmicrosoft.com domain without licences' `
        -Actual $($Account.known ? 'as expected' : 'not read') -Compliant $Account.known
    $reach = if ($Account.reach.caught.Count) { "not excluded from $(Format-CaList $Account.reach.caught)" } elseif ($Account.reach.unread.Count) { "not known for $(Format-CaList $Account.reach.unread)" } else { 'excluded from all' }
    # One account that no policy reaches is enough; the other may well be under the policies.
    New-Finding @about -Property 'Conditional Access exclusions' -Expected 'at least one account excluded from every enabled policy' -Actual $reach -Compliant $OneIsFree
}
