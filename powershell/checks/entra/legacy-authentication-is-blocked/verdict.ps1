param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'blocks legacy authentication of all users' -Purpose 'conditions.clientAppTypes' -Gaps {
    param($Policy)
    (Get-CaEverybodyGaps $Policy)
    # The rule allows documented exceptions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    (Get-CaLegacyClientGaps $Policy)
    (Get-CaNarrowingGaps $Policy -Except 'clientAppTypes')
    (Get-CaBlockGaps $Policy)
}
