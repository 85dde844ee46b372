# Who is behind a list of members: groups are opened, whatever their depth.

# One entry of a per-object source, whether the source is declared `optional` or not.
function Get-SourceEntry {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source, [Parameter(Position = 2)][string]$Id)
    if (-not (Test-Source $Evidence $Source)) { Stop-Unread $Source }
    $entry = Get-Entry $Evidence.$Source $Id -Of $Source
    if ($entry -is [array]) { return , $entry }
    $entry
}

function Get-MemberRows {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source, [Parameter(Position = 2)][string]$Id)
    $rows = Get-SourceEntry $Evidence $Source $Id
    if ($rows -isnot [array]) { Stop-UnexpectedData $Source $Id "expected a list of members, found $(Get-ValueKind $rows)" }
    , $rows
}

# Sorts members into $Found: @{ users; servicePrincipals; groups }, three ordered maps from id to the member's row.
# A group is opened through graph/groups/{id}/members; one that was not read there stops the verdict, because nobody
# knows who is in it. A type we do not know stops it too: dropping it silently would drop an administrator.
function Add-Members {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)]$Rows, [Parameter(Position = 2)][string]$Source, [Parameter(Position = 3)]$Found)
    $groupSource = 'graph/groups/{id}/members'
    foreach ($row in $Rows) {
        $type = Read-String $row '@odata.type' -Of $Source
        $id = Read-String $row 'id' -Of $Source
        switch ($type.TrimStart('#')) {
            'microsoft.graph.user' { $Found.users[$id] = $row }
            'microsoft.graph.servicePrincipal' { $Found.servicePrincipals[$id] = $row }
            'microsoft.graph.group' {
                # A group that was opened already is not opened again: nesting may be circular.
                if ($Found.groups.Contains($id)) { continue }
                $Found.groups[$id] = $row
                Add-Members $Evidence (Get-MemberRows $Evidence $groupSource $id) $groupSource $Found
            }
            # Devices and contacts can be members of a group, but nobody signs in as one of them.
            { $_ -in 'microsoft.graph.device', 'microsoft.graph.orgContact' } { }
            default { Stop-UnexpectedData $Source '@odata.type' 'the kind of a member is not known' }
        }
    }
}

function New-MemberSet {
    $ignoreCase = [StringComparer]::OrdinalIgnoreCase
    @{
        users             = [Collections.Specialized.OrderedDictionary]::new($ignoreCase)
        servicePrincipals = [Collections.Specialized.OrderedDictionary]::new($ignoreCase)
        groups            = [Collections.Specialized.OrderedDictionary]::new($ignoreCase)
    }
}

# A name for people to read: the sign-in name, else the display name, else the id.
function Get-PrincipalName {
    param([Parameter(Position = 0)]$Principal, [Parameter(Position = 1)][string]$Id)
    foreach ($property in 'userPrincipalName', 'displayName') {
        if ((Test-Property $Principal $property) -and $Principal.$property -is [string] -and $Principal.$property) { return $Principal.$property }
    }
    $Id
}

# Everybody who is active in an administrator role, as Add-Members sorts them. Wants graph/directoryRoles,
# graph/directoryRoles/{id}/members and (optional) graph/groups/{id}/members.
function Get-AdministratorMembers {
    param([Parameter(Position = 0)]$Evidence)
    $roleSource = 'graph/directoryRoles'
    $memberSource = 'graph/directoryRoles/{id}/members'
    # Administrator roles by name, as the rule has it, and Global Reader, which sees everything those roles see.
    $rows = Get-Rows $Evidence $roleSource
    $roles = $rows.Where({
            $name = Read-String $_ 'displayName' -Of $roleSource
            $name -like '*Administrator*' -or $name -eq 'Global Reader' })
    # Every tenant has activated Global Administrator: a list without any administrator role was not read properly.
    if (-not $roles.Count) { Stop-UnexpectedData $roleSource '' 'expected at least one administrator role, found none' }

    $found = New-MemberSet
    foreach ($role in $roles) {
        $id = Read-String $role 'id' -Of $roleSource
        Add-Members $Evidence (Get-MemberRows $Evidence $memberSource $id) $memberSource $found
    }
    # One role without members is normal. All of them without anybody is no tenant one can administer, so the lists are
    # not believed: nothing was looked at, and nothing looked at must not read as "all is well".
    if (-not $found.users.Count -and -not $found.servicePrincipals.Count) {
        Stop-UnexpectedData $memberSource '' 'expected at least one member in the administrator roles, found none'
    }
    $found
}
