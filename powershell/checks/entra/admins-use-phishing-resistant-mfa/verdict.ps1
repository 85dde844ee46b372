param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'requires phishing-resistant MFA of all administrator roles on all resources' `
    -Purpose 'grantControls', 'conditions.users.includeRoles' -Gaps {
    param($Policy)
    (Get-CaRoleGaps $Policy $caAdminRoles)
    (Get-CaResourceGaps $Policy)
    (Get-CaNarrowingGaps $Policy)
    (Get-CaGrantGaps $Policy -Wanted @() -Strength { param($s) Test-CaStrengthResistsPhishing $s } -Words 'an authentication strength that resists phishing')
}
