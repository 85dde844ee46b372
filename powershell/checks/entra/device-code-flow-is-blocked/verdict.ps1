param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'blocks the device code flow of all users' -Purpose 'conditions.authenticationFlows.transferMethods' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # Unlike its neighbours the rule does not forbid exclusions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    (Get-CaDeviceCodeGaps $Policy)
    (Get-CaNarrowingGaps $Policy -Except 'authenticationFlows')
    (Get-CaBlockGaps $Policy)
}
