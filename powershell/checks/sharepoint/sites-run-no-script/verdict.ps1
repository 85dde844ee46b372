param($Evidence, $Context)
$source = 'sharepoint/sites'
$sites = Get-Rows $Evidence $source
$labels = [string[]]@(foreach ($site in $sites) { Get-SiteHostLabel $site })
$personal = Get-PersonalHostLabels $labels
$findings = [Collections.Generic.List[object]]::new()
for ($index = 0; $index -lt $sites.Count; $index++) {
    if ($labels[$index] -in $personal) { continue }
    $findings.Add((New-CustomScriptFinding $sites[$index] (Read-CustomScriptBlock $sites[$index])))
}
# The root site is always there. A list without any site of SharePoint is an incomplete answer.
if (-not $findings.Count) { Stop-UnexpectedData $source '' 'expected at least the root site, found no site outside OneDrive' }
$allowed = $findings.Where({ $_.actual -eq 'Disabled' })
$unknown = $findings.Where({ $_.actual -eq 'Unknown' })
if ($allowed.Count) {
    return New-Verdict fail "Custom script is allowed on $($allowed.Count) of $($findings.Count) site$(if ($findings.Count -gt 1) { 's' }): $(Format-NameList $allowed.ForEach({ $_.resourceName }))." @($findings.Where({ -not $_.compliant }) + $findings.Where({ $_.compliant }))
}
# Unknown is not a state of the site: the service did not say. It can hide an allowed script as well as a blocked one.
if ($unknown.Count) { Stop-UnexpectedData $source 'DenyAddAndCustomizePages' "$($unknown.Count) of $($findings.Count) sites were read without saying whether custom script is blocked" }
New-Verdict pass "Custom script is blocked on $(if ($findings.Count -eq 1) { 'the only SharePoint site' } else { "all $($findings.Count) SharePoint sites" })." $findings
