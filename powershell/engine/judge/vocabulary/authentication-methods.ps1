# Whom a setting of the authentication methods policy reaches.

# Do these targets hold everybody? Groups beside everybody add nothing.
function Test-TargetsEverybody {
    param([Parameter(Position = 0)]$Targets, [string]$Of)
    $everybody = $false
    foreach ($target in $Targets) { if ((Read-String $target 'id' -Of $Of) -eq 'all_users') { $everybody = $true } }
    $everybody
}

# The ids of targets that somebody is behind: the zero id is how the service writes "nobody".
function Get-TargetIds {
    param([Parameter(Position = 0)]$Targets, [string]$Of)
    $ids = @(foreach ($target in $Targets) { Read-String $target 'id' -Of $Of })
    , [string[]]@($ids.Where({ $_ -ne '00000000-0000-0000-0000-000000000000' }))
}

# The same for a finding.
function Format-TargetIds {
    param([Parameter(Position = 0)]$Targets, [string]$Of)
    $ids = Get-TargetIds $Targets -Of $Of
    if (-not $ids.Count) { return 'none' }
    Format-NameList $ids -AtMost 5
}
