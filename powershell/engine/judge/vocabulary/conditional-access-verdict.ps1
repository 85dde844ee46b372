# "Is there an enabled policy that …": the verdict that the controls on Conditional Access share.

# What one policy has to say: @{ id; name; gaps; exclusions; inForce; policy }. Throws when the policy cannot be read.
function Measure-CaPolicy {
    param([Parameter(Position = 0)]$Policy, [Parameter(Position = 1)][scriptblock]$Gaps)
    $id = Get-CaId $Policy
    $name = Get-CaName $Policy
    $stateGaps = Get-CaStateGaps $Policy
    if ($stateGaps.Count) {
        # What a policy that is not in force contains does not matter to the verdict: it is read to tell of it, if it can be.
        $found = $null
        try { $found = @($stateGaps; & $Gaps $Policy) } catch { $found = $null }
        return @{ id = $id; name = $name; gaps = $found; exclusions = @(); inForce = $false; policy = $Policy }
    }
    $found = @(& $Gaps $Policy)
    @{ id = $id; name = $name; gaps = $found; exclusions = (Get-CaExclusions $Policy); inForce = $true; policy = $Policy }
}

# Is the policy worth telling of? Not when it serves another purpose in everything that -Purpose names.
function Test-CaTold {
    param([Parameter(Position = 0)]$Measured, [Parameter(Position = 1)][string[]]$Purpose)
    if ($null -eq $Measured.gaps) { return $false }
    $foreign = @($Measured.gaps.Where({ $_.foreign }).ForEach({ $_.property }))
    $Purpose.Where({ $_ -notin $foreign }).Count -gt 0
}

# The findings of a policy that satisfies the rule: itself, and whom or what it leaves out.
function Get-CaProofFindings {
    param([Parameter(Position = 0)]$Measured, [Parameter(Position = 1)][string]$Wanted)
    New-Finding -ResourceId $Measured.id -ResourceName $Measured.name -Property 'policy' -Expected "enabled, $Wanted" -Actual 'as expected' -Compliant $true
    foreach ($row in $Measured.exclusions) {
        # Excluded accounts do not fail a control (emergency access needs them), but somebody has to know them.
        New-Finding -ResourceId $Measured.id -ResourceName $Measured.name -Property $row.property -Compliant $true -Actual (Format-CaList $row.values) `
            -Expected ($row.property -like '*.excludeApplications' ? 'documented exceptions only (to be reviewed)' : 'emergency access accounts only (to be reviewed)')
    }
}

# The policies that satisfy a rule, and what to tell of the others: @{ proof; findings; near; total }. -Gaps gives all
# gaps of one policy; -Purpose names the properties by which one knows a policy that at least means to. One policy without
# gaps is enough, whatever the others are. Without one, a policy in force that cannot be read might be the one: then
# nothing is said.
function Find-CaProof {
    param([Parameter(Position = 0)]$Policies, [scriptblock]$Gaps, [string[]]$Purpose)
    $measured = [Collections.Generic.List[object]]::new()
    $unreadable = $null
    foreach ($policy in $Policies) {
        try { $measured.Add((Measure-CaPolicy $policy $Gaps)) } catch { $unreadable ??= $_ }
    }
    $proof = @($measured.Where({ $_.inForce -and -not $_.gaps.Count }))
    if ($proof.Count) { return @{ proof = $proof; findings = @(); near = ''; total = $Policies.Count } }
    if ($null -ne $unreadable) { throw $unreadable }

    $told = @($measured.Where({ Test-CaTold $_ $Purpose }) | Sort-Object -Stable -Property { $_.gaps.Count })
    $findings = @(
        foreach ($one in $told) {
            foreach ($gap in $one.gaps) { New-Finding -ResourceId $one.id -ResourceName $one.name -Property $gap.property -Expected $gap.expected -Actual $gap.actual -Compliant $false }
        }
    )
    $near = ''
    if ($told.Count) {
        $why = @($told[0].gaps.ForEach({ $_.text }))
        $near = " The closest, `"$($told[0].name)`", does not count: $($why[0..([Math]::Min(2, $why.Count) - 1)] -join ', and ')."
    }
    @{ proof = @(); findings = $findings; near = $near; total = $Policies.Count }
}

function New-CaSummaryFinding {
    param([string]$Wanted, [string]$Actual)
    New-Finding -ResourceId 'conditionalAccessPolicies' -ResourceName 'Conditional Access policies' -Property 'policies' -Expected "one that is enabled and $Wanted" -Actual $Actual -Compliant $false
}

# -Wanted says what the policy does, as in "no policy …".
function Get-CaVerdict {
    param([Parameter(Position = 0)]$Evidence, [scriptblock]$Gaps, [string]$Wanted, [string[]]$Purpose)
    $policies = Get-Rows $Evidence $caSource
    # No policy is an answer, and a bad one. Security defaults are not looked at: the rule asks for a policy.
    if (-not $policies.Count) { return New-Verdict fail "The tenant has no Conditional Access policy, so none $Wanted." (New-CaSummaryFinding $Wanted 'none') }
    $found = Find-CaProof $policies -Gaps $Gaps -Purpose $Purpose
    if ($found.proof.Count) {
        $findings = @($found.proof.ForEach({ Get-CaProofFindings $_ $Wanted }))
        $note = if ($findings.Where({ $_.property -like '*.exclude*' }).Count) { ' It leaves something out: review the exclusions.' } else { '' }
        return New-Verdict pass "The policy `"$($found.proof[0].name)`" $Wanted.$note" $findings
    }
    New-Verdict fail "No enabled Conditional Access policy $Wanted.$($found.near)" @(New-CaSummaryFinding $Wanted "0 of $($found.total) qualify"; $found.findings)
}
