param($Evidence, $Context)
Get-CaVerdict $Evidence -Wanted 'keeps the sessions of all administrator roles short and not persistent' `
    -Purpose 'sessionControls.signInFrequency', 'sessionControls.persistentBrowser' -Gaps {
    param($Policy)
    (Get-CaRoleGaps $Policy $caAdminRoles)
    # Unlike its neighbours the rule does not forbid exclusions among the resources, so these are told for review.
    (Get-CaResourceGaps $Policy -MayExclude)
    (Get-CaNarrowingGaps $Policy)
    (Get-CaFrequencyGaps $Policy -AtMostHours 4)
    (Get-CaPersistenceGaps $Policy)
}
