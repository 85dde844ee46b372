# Does a second person have to agree before somebody activates a role?

# The one activation policy of a role in the whole directory: its id.
function Get-ActivationPolicyId {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$RoleId)
    $source = 'graph/policies/roleManagementPolicyAssignments'
    $rows = Get-Rows $Evidence $source
    $ids = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    foreach ($row in $rows) {
        if ((Read-NullableString $row 'roleDefinitionId' -Of $source) -ne $RoleId) { continue }
        # Policies of a group or of an administrative unit do not govern the role itself.
        if ((Test-Property $row 'scopeType') -and (Read-String $row 'scopeType' -Of $source) -ne 'DirectoryRole') { continue }
        if ((Test-Property $row 'scopeId') -and (Read-String $row 'scopeId' -Of $source) -ne '/') { continue }
        [void]$ids.Add((Read-String $row 'policyId' -Of $source))
    }
    # Every licensed tenant has one for every built-in role: none means that the list was not read properly.
    if ($ids.Count -ne 1) { Stop-UnexpectedData $source 'roleDefinitionId' "expected exactly one policy of the role, found $($ids.Count)" }
    @($ids)[0]
}

# What an approver is, by its type or, where that is missing, by the id that it carries.
function Get-ApproverKind {
    param([Parameter(Position = 0)]$Approver, [Parameter(Position = 1)][string]$Of)
    if (-not (Test-Property $Approver '@odata.type')) {
        foreach ($kind in 'user', 'group') { if ((Test-Property $Approver "$($kind)Id") -and $Approver."$($kind)Id") { return $kind } }
    }
    switch ((Read-String $Approver '@odata.type' -Of $Of).TrimStart('#')) {
        'microsoft.graph.singleUser' { 'user' }
        'microsoft.graph.groupMembers' { 'group' }
        # The manager of whoever asks, for example: not one person one could name.
        default { 'other' }
    }
}

# Named approvers of all stages: rows of @{ kind; id; name }, kind `user`, `group` or `other`.
function Get-PrimaryApprovers {
    param([Parameter(Position = 0)]$Setting, [Parameter(Position = 1)][string]$Source)
    $stages = Read-List $Setting 'approvalStages' -Of "$Source setting" -NullIsEmpty
    $rows = foreach ($stage in $stages) {
        foreach ($approver in (Read-List $stage 'primaryApprovers' -Of "$Source approvalStages" -NullIsEmpty)) {
            $of = "$Source primaryApprovers"
            # A backup approver is asked when the primary ones do not answer, so it is none of them.
            if ((Test-Property $approver 'isBackup') -and (Read-NullableBoolean $approver 'isBackup' -Of $of)) { continue }
            $kind = Get-ApproverKind $approver $of
            if ($kind -eq 'other') { @{ kind = $kind; id = 'other approver'; name = 'other approver' }; continue }
            # Answers name the approver by userId or groupId, some by id beside or instead of it.
            $name = if ((Test-Property $approver "$($kind)Id") -and $approver."$($kind)Id") { "$($kind)Id" } else { 'id' }
            $id = Read-String $approver $name -Of $of
            if (-not $id.Trim()) { Stop-UnexpectedData $of $name 'expected an id, found empty text' }
            $description = if (Test-Property $approver 'description') { Read-NullableString $approver 'description' -Of $of } else { $null }
            @{ kind = $kind; id = $id; name = $description ? $description : $id }
        }
    }
    , @($rows)
}

# The people of an approver group, nested groups too, into $People (a set of ids). $false when a list on the way was not
# read, for whatever reason: then the people that were found are not all.
function Add-GroupPeople {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$GroupId, [Parameter(Position = 2)]$People, [Parameter(Position = 3)]$Opened)
    $source = 'graph/groups/{id}/members'
    if (-not $Opened.Add($GroupId)) { return $true }
    if (-not (Test-Source $Evidence $source) -or (Get-EntryState $Evidence.$source $GroupId) -ne 'read') { return $false }
    $complete = $true
    foreach ($row in (Get-MemberRows $Evidence $source $GroupId)) {
        $id = Read-String $row 'id' -Of $source
        switch ((Read-String $row '@odata.type' -Of $source).TrimStart('#')) {
            'microsoft.graph.user' { [void]$People.Add($id) }
            'microsoft.graph.group' { $complete = (Add-GroupPeople $Evidence $id $People $Opened) -and $complete }
            # Nothing else can approve.
            default { }
        }
    }
    $complete
}

# The whole verdict for one role: approval is asked for, and at least two different people are named for it.
function Get-ActivationApprovalVerdict {
    param([Parameter(Position = 0)]$Evidence, [string]$RoleId, [string]$RoleName)
    $source = 'graph/policies/roleManagementPolicies/{policyId}/rules/Approval_EndUser_Assignment'
    $policyId = Get-ActivationPolicyId $Evidence $RoleId
    $setting = Read-Object (Get-SourceEntry $Evidence $source $policyId) 'setting' -Of $source
    $required = Read-Boolean $setting 'isApprovalRequired' -Of "$source setting"
    $findings = [Collections.Generic.List[object]]::new()
    $findings.Add((New-Finding -ResourceId $policyId -ResourceName "Activation of $RoleName" -Property 'setting.isApprovalRequired' `
                -Expected $true -Actual $required -Compliant $required))
    if (-not $required) { return New-Verdict fail "Whoever is eligible for $RoleName activates it without anybody's approval." $findings }

    $people = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    $opened = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    $unread = [Collections.Generic.List[string]]::new()
    $approvers = Get-PrimaryApprovers $setting $source
    foreach ($approver in $approvers) {
        $known = $true
        # A group is as many approvers as it has members.
        if ($approver.kind -eq 'other') { continue }
        if ($approver.kind -eq 'user') { [void]$people.Add($approver.id) } else { $known = Add-GroupPeople $Evidence $approver.id $people $opened }
        if (-not $known) { $unread.Add($approver.name) }
        $findings.Add((New-Finding -ResourceId $approver.id -ResourceName $approver.name -Property 'setting.approvalStages.primaryApprovers' `
                    -Expected 'a person, or a group whose members are known' -Actual ($known ? $approver.kind : 'group, members not read') -Compliant $known))
    }
    $enough = $people.Count -ge 2
    $findings.Add((New-Finding -ResourceId $policyId -ResourceName "Activation of $RoleName" -Property 'setting.approvalStages.primaryApprovers: people' `
                -Expected 'at least 2' -Actual ($unread.Count ? "at least $($people.Count)" : $people.Count) -Compliant $enough))
    if ($enough) { return New-Verdict pass "Activating $RoleName needs the approval of one of at least two people." $findings }
    # An approver of a kind we do not know might be the second one.
    if ($approvers.Where({ $_.kind -eq 'other' }).Count) { Stop-UnexpectedData "$source primaryApprovers" '@odata.type' 'the kind of an approver is not known' }
    if ($unread.Count) {
        return New-Verdict manual "Activating $RoleName needs approval, but the members of the approver group $(Format-NameList $unread) were not read: check that at least two people are in it." $findings -ReasonCode human_review
    }
    # Without a named approver Entra ID asks whoever holds the role already; the rule wants people chosen for it.
    $who = $people.Count ? 'only one person is named as approver' : 'nobody is named as approver'
    New-Verdict fail "Activating $RoleName needs approval, but $who." $findings
}
