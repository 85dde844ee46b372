param($Evidence, $Context)
$source = 'teams/Get-CsTeamsClientConfiguration'
# There is one configuration for everybody, so an answer need not name it.
$configuration = Get-GlobalPolicy $Evidence $source -Unnamed
# An operator may write a provider as its setting or as its name: AllowGoogleDrive, GoogleDrive, "Google Drive". Nothing
# given is the same as none approved.
$given = Read-InputList $Context 'approvedTeamsStorageProviders'
$approved = @(if ($null -ne $given) { $given.ForEach({ $_ -replace '\s', '' -replace '^Allow', '' }) })
$providers = [ordered]@{ AllowDropBox = 'Dropbox'; AllowBox = 'Box'; AllowGoogleDrive = 'Google Drive'; AllowShareFile = 'Citrix ShareFile'; AllowEgnyte = 'Egnyte' }
$findings = @(foreach ($property in $providers.Keys) {
        $on = Read-Boolean $configuration $property -Of $source
        $isApproved = $property.Substring('Allow'.Length) -in $approved -or ($providers[$property] -replace '\s', '') -in $approved
        New-Finding -ResourceId 'Global' -ResourceName $providers[$property] -Property $property `
            -Expected $(if ($isApproved) { 'any, as the provider was approved' } else { $false }) -Actual $on -Compliant ($isApproved -or -not $on)
    })
$wrong = $findings.Where({ -not $_.compliant })
if ($wrong.Count) { return New-Verdict fail "Teams offers storage providers that were not approved: $(Format-NameList $wrong.ForEach({ $_.resourceName }) -AtMost 5)." $findings }
$used = $findings.Where({ $_.actual })
if ($used.Count) { return New-Verdict pass "Teams offers only storage providers that were approved: $(Format-NameList $used.ForEach({ $_.resourceName }) -AtMost 5)." $findings }
New-Verdict pass 'Teams offers no storage provider of a third party.' $findings
