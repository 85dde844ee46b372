param($Evidence, $Context)
# This version of the benchmark asks for the built-in control. A later one also takes an authentication strength, and a
# block of the same sign-ins, so its benchmark line says so in the parameters; silence means the strict reading.
$takesStrength = (Test-Property $Context.Parameters 'acceptAuthenticationStrength') -and $Context.Parameters.acceptAuthenticationStrength -eq $true
$takesBlock = (Test-Property $Context.Parameters 'acceptBlock') -and $Context.Parameters.acceptBlock -eq $true
Get-CaVerdict $Evidence -Wanted 'requires MFA at medium and high sign-in risk, every time' -Purpose 'conditions.signInRiskLevels' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # Unlike its neighbours the rule does not forbid exclusions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    (Get-CaRiskGaps $Policy 'signInRiskLevels' 'medium', 'high')
    (Get-CaNarrowingGaps $Policy -Except 'signInRiskLevels')
    if ($takesBlock -and -not (Get-CaBlockGaps $Policy).Count) { return }
    (Get-CaGrantGaps $Policy -Wanted 'mfa' -Strength $($takesStrength ? { param($s) Test-CaStrengthIsMfa $s } : $null) -Words 'the control MFA')
    (Get-CaFrequencyGaps $Policy)
}
