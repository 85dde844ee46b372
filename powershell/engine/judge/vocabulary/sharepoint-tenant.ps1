# How the sharing level of SharePoint and OneDrive is written: a number by SharePoint's own API, a name by its
# modules, the same name in camelCase by Graph. The numbers are not ordered by strictness, so verdicts see names.

function Read-SharingCapability {
    param([Parameter(Position = 0)]$Object, [Parameter(Position = 1)][string]$Path, [string]$Of = 'evidence')
    $names = 'Disabled', 'ExternalUserSharingOnly', 'ExternalUserAndGuestSharing', 'ExistingExternalUserSharingOnly'
    $value = Read-Property $Object $Path -Of $Of
    if (($value -is [long] -or $value -is [int]) -and $value -ge 0 -and $value -lt $names.Count) { return $names[$value] }
    if ($value -is [string]) { foreach ($name in $names) { if ($name -eq $value) { return $name } } }
    # Also Graph's unknownFutureValue: a level nobody has described is neither allowed nor forbidden.
    Stop-UnexpectedData $Of $Path "expected a known sharing level, found $(Get-ValueKind $value) that is none"
}
