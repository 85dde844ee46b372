param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'requires a managed device for registering security information' -Purpose 'conditions.applications.includeUserActions' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    (Get-CaUserActionGaps $Policy 'urn:user:registersecurityinfo')
    (Get-CaNarrowingGaps $Policy)
    (Get-CaDeviceGrantGaps $Policy)
}
