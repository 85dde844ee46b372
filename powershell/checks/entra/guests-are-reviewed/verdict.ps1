param($Evidence, $Context)
$definitions = Get-Rows $Evidence $reviewSource
$gapsOf = { param($Definition, $Queries)
    # A review of inactive guests never asks about the others.
    if (-not $Queries.Where({ -not $_.inactive -and (Test-GuestQuery $_.query) }).Count) { New-ReviewGap 'scope' 'all guests' 'inactive guests only' 'it looks at inactive guests only' }
    (Get-ReviewSettingsGaps $Definition -Decision 'Deny' -Monthly 'absoluteMonthly')
}
$reviews = [Collections.Generic.List[object]]::new()
$unreadable = $null
foreach ($definition in $definitions) {
    # One good review is enough, so one that cannot be read matters only when no other one is good.
    try {
        $queries = Get-ReviewQueries $definition
        if (-not $queries.Where({ Test-GuestQuery $_.query }).Count) { continue }
        $gaps = Get-ReviewGaps $definition { param($One) & $gapsOf $One $queries }
        $reviews.Add(@{ id = (Get-ReviewId $definition); name = (Get-ReviewName $definition); gaps = $gaps })
    } catch { $unreadable ??= $_ }
}
$good = @($reviews.Where({ -not $_.gaps.Count }))
if ($good.Count) {
    $findings = @($good.ForEach({ New-Finding -ResourceId $_.id -ResourceName $_.name -Property 'definition' -Expected 'reviews guests at least monthly' -Actual 'as expected' -Compliant $true }))
    return New-Verdict pass "The access review `"$($good[0].name)`" looks at guests at least once a month." $findings
}
if ($null -ne $unreadable) { throw $unreadable }
$findings = @(
    New-Finding -ResourceId 'accessReviews' -ResourceName 'Access reviews' -Property 'definitions' -Expected 'one that reviews guests at least monthly' -Actual "0 of $($definitions.Count)" -Compliant $false
    foreach ($review in $reviews) { New-ReviewFindings $review }
)
if (-not $reviews.Count) { return New-Verdict fail 'No access review looks at guests.' $findings }
$near = @($reviews | Sort-Object -Stable -Property { $_.gaps.Count })[0]
$why = @($near.gaps.ForEach({ $_.text }))
New-Verdict fail "No access review of guests is complete. The closest, `"$($near.name)`", does not count: $($why[0..([Math]::Min(2, $why.Count) - 1)] -join ', and ')." $findings
