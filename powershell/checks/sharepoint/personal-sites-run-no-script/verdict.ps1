param($Evidence, $Context)
# The setting itself ("custom script on personal sites") can be read nowhere. What it leaves behind is the state of each
# OneDrive site: one that allows custom script disproves it, but sites that block it prove nothing, because the
# service blocks custom script again by itself and new sites may be made otherwise.
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
$seen = if ($unknown.Count) { "No OneDrive site was seen to allow custom script, but $($unknown.Count) of $($findings.Count) did not say" }
elseif ($findings.Count -eq 1) { 'Custom script is blocked on the only OneDrive site' }
else { "Custom script is blocked on all $($findings.Count) OneDrive sites" }
New-Verdict manual "$seen; whether the setting for personal sites is off as well can only be seen in the admin center." $findings -ReasonCode human_review
