param($Evidence, $Context)
# The application id of Microsoft Intune Enrollment, the same in every tenant that has it.
$enrolment = 'd4ebce55-015a-49b5-a083-c84d1797ae8c'
Get-CaVerdict $Evidence -Wanted 'asks for MFA every time a device is enrolled in Intune' -Purpose 'conditions.applications.includeApplications' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # The rule wants the application by itself. A policy for all resources would cover it in substance, and could lose it
    # by an exclusion without anybody thinking of the enrolment.
    (Get-CaApplicationGaps $Policy $enrolment 'Microsoft Intune Enrollment')
    (Get-CaNarrowingGaps $Policy)
    (Get-CaGrantGaps $Policy -Wanted 'mfa' -Strength { param($s) Test-CaStrengthIsMfa $s } -Words 'MFA')
    (Get-CaFrequencyGaps $Policy)
}
