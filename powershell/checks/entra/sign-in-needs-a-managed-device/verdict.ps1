param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'requires a managed device of all users on all resources' -Purpose 'grantControls' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # Unlike its neighbours the rule does not forbid exclusions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    (Get-CaNarrowingGaps $Policy)
    # A compliant device alone is enough: the hybrid-joined one is allowed beside it, not asked for.
    (Get-CaDeviceGrantGaps $Policy)
}
