param($Evidence, $Context)
$administratorSource = 'graph/directoryRoles(roleTemplateId)/members'
$direct = Get-Rows $Evidence $administratorSource
# A tenant without any active Global Administrator is implausible: the list was not read properly.
if (-not $direct.Count) { Stop-UnexpectedData $administratorSource '' 'expected at least one Global Administrator, found none' }
# Accounts are looked at also where no policy was read (a tenant without the licence has none): only the exclusions are then open.
$policiesRead = Test-Source $Evidence $caSource
$policies = if ($policiesRead) { Get-CaPeoplePolicies $Evidence } else { , @() }
$named = Read-InputList $Context 'breakGlassAccounts'

# Groups that hold the role are opened only when somebody is looked for who does not hold it directly.
$found = New-MemberSet
$isGroup = { param($Row) (Read-String $Row '@odata.type' -Of $administratorSource) -like '*microsoft.graph.group' }
Add-Members $Evidence @($direct.Where({ -not (& $isGroup $_) })) $administratorSource $found
$groupsUnread = $false
if ($null -eq $named -or @($named.Where({ -not (Find-Member $found.users $_) })).Count) {
    try { Add-Members $Evidence @($direct.Where({ & $isGroup $_ })) $administratorSource $found } catch {
        if ($null -ne $named -or -not $_.Exception.Data.Contains('unreadSource')) { throw }
        $groupsUnread = $true
    }
}

# Whom to look at: the named accounts, once each, or without a list every Global Administrator.
$accounts = [Collections.Generic.List[object]]::new()
$seen = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
foreach ($name in ($null -eq $named ? @($found.users.Keys) : $named)) {
    $account = Measure-EmergencyAccount $Evidence $name -Holders $found.users -Policies $policies
    if ($seen.Add($account.id)) { $accounts.Add($account) }
}
$possible = @($accounts.Where({ -not $_.gaps.Count }))
$fit = @($possible.Where({ $_.known }))
$free = @($fit.Where({ -not $_.reach.caught.Count -and -not $_.reach.unread.Count }))
$maybeFree = @($possible.Where({ -not $_.reach.caught.Count }))
$counted = if ($null -eq $named) { @{ what = 'accounts that could be one'; count = $possible.Count } } else { @{ what = 'accounts fit for an emergency'; count = $fit.Count } }
$findings = @(
    New-Finding -ResourceId 'breakGlassAccounts' -ResourceName 'Break-glass accounts' -Property $counted.what -Expected 'at least 2' -Actual $counted.count -Compliant ($counted.count -ge 2)
    foreach ($account in $accounts) {
        @(Get-EmergencyFindings $account -OneIsFree ($free.Count -gt 0)).Where({ $policiesRead -or $_.property -ne 'Conditional Access exclusions' })
    }
)

if ($null -eq $named) {
    # Which accounts are meant is the operator's word, so nothing is decided without it; what it could not change is told.
    $atPresent = if ($groupsUnread) { '' }
    elseif ($possible.Count -lt 2) { ' Fewer than two could be at present: enabled cloud-only accounts on the onmicrosoft.com domain without licences.' }
    elseif (-not $maybeFree.Count) { ' At present no account that could be one is excluded from every enabled Conditional Access policy.' }
    return New-Verdict manual "Without the list of break-glass accounts nobody can say which of the Global Administrators are meant for an emergency.$atPresent" $findings -ReasonCode operator_input_missing
}
# What was not read decides only where that which was read does not.
$unread = @($possible.Where({ -not $_.known }))
if ($fit.Count -lt 2) {
    if ($possible.Count -ge 2) { Stop-Unread $emergencyUserSource $unread[0].key }
    $unfit = @($accounts.Where({ $_.gaps.Count }, 'First', 2).ForEach({ "$($_.name) $($_.gaps[0].text)" }))
    $why = if ($unfit.Count) { $unfit -join ', and ' } else { "the list names $($accounts.Count)" }
    return New-Verdict fail "Fewer than two of the named break-glass accounts are fit for an emergency: $why." $findings
}
if (-not $policiesRead) { Stop-Unread $caSource }
if ($free.Count) {
    return New-Verdict manual "$($fit.Count) break-glass accounts are technically as they should be; a person has to look at the written procedure and the keeping of their secrets." `
        $findings -ReasonCode human_review
}
if (-not $maybeFree.Count) { return New-Verdict fail 'None of the named break-glass accounts is excluded from every enabled Conditional Access policy.' $findings }
# Some account may be free: that hangs on groups of exclusions, or on accounts that were not read.
$groups = @($maybeFree.ForEach({ $_.reach.failed }))
if ($groups.Count) { Stop-Unread $emergencyMemberSource $groups[0] }
if (-not @($maybeFree.Where({ $_.known })).Count) { Stop-Unread $emergencyUserSource $unread[0].key }
if (-not (Test-Source $Evidence $emergencyMemberSource)) { Stop-Unread $emergencyMemberSource }
# The groups were not among those that were asked for, so nothing failed: a person can open them.
New-Verdict manual 'Whether a break-glass account is excluded from every enabled Conditional Access policy depends on groups that were not opened: look at their members.' `
    $findings -ReasonCode human_review
