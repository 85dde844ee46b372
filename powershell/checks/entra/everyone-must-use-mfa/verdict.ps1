param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'requires MFA of all users on all resources' -Purpose 'grantControls' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy -AskExcluded)
    (Get-CaResourceGaps $Policy)
    (Get-CaNarrowingGaps $Policy)
    # Any authentication strength that gives MFA is as good as the built-in control.
    (Get-CaGrantGaps $Policy -Wanted 'mfa' -Strength { param($s) Test-CaStrengthIsMfa $s } -Words 'MFA')
}
