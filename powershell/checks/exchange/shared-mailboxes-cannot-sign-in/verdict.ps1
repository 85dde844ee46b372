param($Evidence, $Context)
$mailboxSource = 'exchange/Get-EXOMailbox'
$userSource = 'graph/users/{id}'
# The list holds every mailbox; even a new tenant has system mailboxes, so none at all is no answer.
$mailboxes = Get-Rows $Evidence $mailboxSource
if (-not $mailboxes.Count) { Stop-UnexpectedData $mailboxSource '' 'expected at least the mailboxes of the system, found none' }
# Exchange says what a shared mailbox is. Licences and a mail address say nothing: a user may have no licence, and a
# shared mailbox may have one.
$shared = $mailboxes.Where({ (Read-String $_ 'RecipientTypeDetails' -Of $mailboxSource) -eq 'SharedMailbox' })
if (-not $shared.Count) {
    $looked = New-Finding -ResourceId 'mailboxes' -ResourceName 'Mailboxes' -Property 'RecipientTypeDetails' -Expected 'shared mailboxes whose sign-in is blocked' `
        -Actual "0 of $($mailboxes.Count) mailboxes are shared" -Compliant $true
    return New-Verdict pass 'The tenant has no shared mailbox.' $looked
}
$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
foreach ($mailbox in $shared) {
    $id = Read-String $mailbox 'ExternalDirectoryObjectId' -Of $mailboxSource
    $name = Get-PrincipalName $mailbox $id
    # Only system mailboxes have no account behind them.
    if (-not $id) { Stop-UnexpectedData $mailboxSource 'ExternalDirectoryObjectId' 'expected the id of the account behind a shared mailbox, found empty text' }
    # The map also holds other people's accounts; one of those that failed does not matter here.
    $user = Get-SourceEntry $Evidence $userSource $id
    $enabled = Read-Boolean $user 'accountEnabled' -Of "$userSource $id"
    $findings.Add((New-Finding -ResourceId $id -ResourceName $name -Property 'accountEnabled' -Expected $false -Actual $enabled -Compliant (-not $enabled)))
    if ($enabled) { $open.Add($name) }
}
if ($open.Count) {
    $share = $shared.Count -gt 1 ? "$($open.Count) of $($shared.Count) shared mailboxes" : 'the only shared mailbox'
    return New-Verdict fail "Sign-in is not blocked for $($share): $(Format-NameList $open)." $findings
}
New-Verdict pass "Sign-in is blocked for $($shared.Count -eq 1 ? 'the one shared mailbox' : "all $($shared.Count) shared mailboxes")." $findings
