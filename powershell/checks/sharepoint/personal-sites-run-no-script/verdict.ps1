param($Evidence, $Context)
# The setting itself ("custom script on personal sites") can be read nowhere. What it leaves behind is the state of each
# OneDrive site, and that is what the rule judges by: one that allows custom script fails, all that block it pass. Where
# there is no site, or one does not say, there is nothing to judge by.
$source = 'sharepoint/sites'
$sites = Get-Rows $Evidence $source
$personal = $sites.Where({ (Read-String $_ 'Template' -Of $source) -like 'SPSPERS*' })
$findings = @(foreach ($site in $personal) {
        [void](Read-String $site 'Url' -Of $source)
        New-CustomScriptFinding $site (Read-CustomScriptBlock $site)
    })
$allowed = $findings.Where({ $_.actual -eq 'Disabled' })
if ($allowed.Count) {
    $others = $findings.Where({ $_.actual -ne 'Disabled' })
    return New-Verdict fail "Custom script is allowed on $($allowed.Count) of $($findings.Count) OneDrive site$(if ($findings.Count -gt 1) { 's' }): $(Format-NameList $allowed.ForEach({ $_.resourceName }))." @(@($allowed) + @($others))
}
if (-not $findings.Count) { return New-Verdict manual 'No OneDrive site was found, so a person has to look whether custom script is off for personal sites.' -ReasonCode human_review }
$unknown = $findings.Where({ $_.actual -eq 'Unknown' })
if ($unknown.Count) {
    return New-Verdict manual "No OneDrive site was seen to allow custom script, but $($unknown.Count) of $($findings.Count) did not say; a person has to look at the setting for personal sites." $findings -ReasonCode human_review
}
$seen = if ($findings.Count -eq 1) { 'the only OneDrive site' } else { "all $($findings.Count) OneDrive sites" }
New-Verdict pass "Custom script is blocked on $seen, as far as sites show the setting." $findings
