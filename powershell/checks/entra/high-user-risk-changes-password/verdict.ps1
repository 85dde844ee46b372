param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'makes users at high risk change their password' -Purpose 'conditions.userRiskLevels' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # Unlike its neighbours the rule does not forbid exclusions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    # Looking at lower risk as well is stricter. A sign-in risk beside it narrows: then both have to be there.
    (Get-CaRiskGaps $Policy 'userRiskLevels' 'high')
    (Get-CaNarrowingGaps $Policy -Except 'userRiskLevels')
    (Get-CaGrantGaps $Policy -Wanted 'passwordChange' -Words 'a password change')
    (Get-CaGrantGaps $Policy -Wanted 'mfa' -Strength { param($s) Test-CaStrengthIsMfa $s } -Words 'MFA')
    (Get-CaFrequencyGaps $Policy)
}
