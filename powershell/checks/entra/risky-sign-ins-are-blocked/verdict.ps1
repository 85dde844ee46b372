param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'blocks sign-ins of medium and high risk' -Purpose 'conditions.signInRiskLevels' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    (Get-CaResourceGaps $Policy)
    # Blocking only at high risk is common, and less than the rule asks for.
    (Get-CaRiskGaps $Policy 'signInRiskLevels' 'medium', 'high')
    (Get-CaNarrowingGaps $Policy -Except 'signInRiskLevels')
    (Get-CaBlockGaps $Policy)
}
