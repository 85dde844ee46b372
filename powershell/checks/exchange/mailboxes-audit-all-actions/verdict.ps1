param($Evidence, $Context)
$source = 'exchange/Get-EXOMailbox'
# The actions that have to be recorded, for each kind of person who signs in to a mailbox.
$wanted = [ordered]@{
    AuditAdmin    = 'ApplyRecord Copy Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems Send SendAs SendOnBehalf SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules'
    AuditDelegate = 'ApplyRecord Create FolderBind HardDelete MailItemsAccessed Move MoveToDeletedItems SendAs SendOnBehalf SoftDelete Update UpdateFolderPermissions UpdateInboxRules'
    AuditOwner    = 'ApplyRecord Create HardDelete MailItemsAccessed MailboxLogin Move MoveToDeletedItems Send SoftDelete Update UpdateCalendarDelegation UpdateFolderPermissions UpdateInboxRules'
}

# The rows of one mailbox that are not as they should be. Everything is read, also when auditing is off.
function Get-Deviations {
    param($Mailbox, [string]$Name)
    # The mailbox's own flag is asked for, although the organisation's setting may audit in spite of it.
    $enabled = Read-Boolean $Mailbox 'AuditEnabled' -Of $source
    if (-not $enabled) { New-Finding -ResourceId $Name -ResourceName $Name -Property 'AuditEnabled' -Expected $true -Actual $false -Compliant $false }
    foreach ($property in $wanted.Keys) {
        $actions = [Collections.Generic.HashSet[string]]::new([string[]](Read-StringList $Mailbox $property -Of $source), [StringComparer]::OrdinalIgnoreCase)
        $needed = $wanted.$property.Split(' ')
        $missing = @($needed.Where({ -not $actions.Contains($_) }))
        if ($missing.Count) { New-Finding -ResourceId $Name -ResourceName $Name -Property $property -Expected "all $($needed.Count) actions" -Actual "missing: $($missing -join ', ')" -Compliant $false }
    }
}

$mailboxes = Get-Rows $Evidence $source
# Even a new tenant has system mailboxes, so none at all is no answer.
if (-not $mailboxes.Count) { Stop-UnexpectedData $source '' 'expected at least the mailboxes of the system, found none' }
# Shared, room, group and system mailboxes are not asked about here.
$users = $mailboxes.Where({ (Read-String $_ 'RecipientTypeDetails' -Of $source) -eq 'UserMailbox' })
$findings = [Collections.Generic.List[object]]::new()
$bad = [Collections.Generic.List[string]]::new()
foreach ($mailbox in $users) {
    $name = Read-String $mailbox 'UserPrincipalName' -Of $source
    $deviations = @(Get-Deviations $mailbox $name)
    if (-not $deviations.Count) { continue }
    $bad.Add($name)
    foreach ($deviation in $deviations) { $findings.Add($deviation) }
}
# One row for all that is well: a large tenant would drown the rest.
$findings.Add((New-Finding -ResourceId 'mailboxes' -ResourceName 'User mailboxes' -Property 'audited actions' -Expected 'all actions in every user mailbox' -Actual "$($users.Count - $bad.Count) of $($users.Count) user mailboxes" -Compliant $true))
if ($bad.Count) {
    $share = $users.Count -eq 1 ? 'the one user mailbox' : "$($bad.Count) of $($users.Count) user mailboxes"
    return New-Verdict fail "Not every action is audited in $($share): $(Format-NameList $bad)." $findings
}
if (-not $users.Count) { return New-Verdict pass 'The tenant has no user mailbox.' $findings }
New-Verdict pass "All actions are audited in $($users.Count -eq 1 ? 'the one user mailbox' : "all $($users.Count) user mailboxes")." $findings
