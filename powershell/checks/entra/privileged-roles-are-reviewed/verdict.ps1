param($Evidence, $Context)
$roles = [ordered]@{
    '62e90394-69f5-4237-9190-012177145e10' = 'Global Administrator'; '29232cdf-9323-42fd-ade2-1d097af3e4de' = 'Exchange Administrator'
    'f28a1f50-f6e7-4571-818b-6a12f2af6b6c' = 'SharePoint Administrator'; '69091246-20e8-4a56-aa4d-066075b2a7a8' = 'Teams Administrator'
    '194ae4cb-b126-40b2-bd5b-6091b380977d' = 'Security Administrator'
}
$definitions = Get-Rows $Evidence $reviewSource
$gapsOf = { param($Definition, $Queries)
    $principals = $Queries.Where({ $_.place -eq 'principalScopes' })
    $whole = @(foreach ($kind in 'users', 'groups') { if ($principals.Where({ Test-WholeKind $_ $kind }).Count) { $kind } })
    if ($whole.Count -lt 2) { New-ReviewGap 'scope.principalScopes' 'all users and groups' ($whole.Count ? "all $whole" : 'not all users and groups') 'it does not cover all users and groups in the role' }
    (Get-ReviewerGaps $Definition)
    (Get-DurationGaps $Definition -AtMost 4)
    (Get-ReviewSettingsGaps $Definition -Decision 'None' -Monthly 'absoluteMonthly', 'relativeMonthly')
}
$reviews = [Collections.Generic.List[object]]::new()
$unreadable = $null
foreach ($definition in $definitions) {
    try {
        $queries = Get-ReviewQueries $definition
        $named = @($queries.Where({ $_.place -in 'scope', 'resourceScopes' }).ForEach({ Get-QueryRole $_.query }).Where({ $_ -and $roles.Contains($_) }))
        if (-not $named.Count) { continue }
        $gaps = Get-ReviewGaps $definition { param($One) & $gapsOf $One $queries }
        $reviews.Add(@{ id = (Get-ReviewId $definition); name = (Get-ReviewName $definition); gaps = $gaps; roles = $named })
    } catch { $unreadable ??= $_ }
}

$findings = [Collections.Generic.List[object]]::new()
$open = [Collections.Generic.List[string]]::new()
foreach ($role in $roles.Keys) {
    $mine = @($reviews.Where({ $role -in $_.roles }) | Sort-Object -Stable -Property { $_.gaps.Count })
    $good = $mine.Count -and -not $mine[0].gaps.Count
    $actual = if ($good) { $mine[0].name } elseif ($mine.Count) { "incomplete: $($mine[0].name)" } else { 'no review' }
    $findings.Add((New-Finding -ResourceId $role -ResourceName $roles[$role] -Property 'access review' -Expected 'a complete one' -Actual $actual -Compliant ([bool]$good)))
    if ($good) { continue }
    $open.Add($roles[$role])
    foreach ($review in $mine) { foreach ($finding in (New-ReviewFindings $review)) { $findings.Add($finding) } }
}
if (-not $open.Count) { return New-Verdict pass "All $($roles.Count) privileged roles are reviewed at least once a month." $findings }
# A review that cannot be read might be the one that is missing.
if ($null -ne $unreadable) { throw $unreadable }
New-Verdict fail "$($open.Count) of $($roles.Count) privileged roles $(if ($open.Count -gt 1) { 'have' } else { 'has' }) no complete access review: $(Format-NameList $open -AtMost 5)." $findings
