# What verdicts need to say about single sites of SharePoint and OneDrive (source sharepoint/sites).

# The first label of a site's host: contoso, contoso-my, contosoeur-my.
function Get-SiteHostLabel {
    param([Parameter(Position = 0)]$Site)
    $source = 'sharepoint/sites'
    $address = $null
    $text = Read-String $Site 'Url' -Of $source
    if (-not [Uri]::TryCreate($text, [UriKind]::Absolute, [ref]$address) -or $address.Scheme -notin 'https', 'http') {
        Stop-UnexpectedData $source 'Url' 'expected the address of a site'
    }
    $address.Host.Split('.')[0]
}

# The labels among these that belong to OneDrive: they end in -my. A tenant may itself be called something-my; then
# its OneDrive host, something-my-my, is in the list as well and tells the two apart.
function Get-PersonalHostLabels {
    param([Parameter(Position = 0)][string[]]$Labels)
    $distinct = @($Labels | Sort-Object -Unique)
    , @($distinct.Where({ $_ -like '*-my' -and "$_-my" -notin $distinct }))
}

# Whether custom script is blocked on a site. The name is a double negative: Enabled means blocked. Unknown means
# that the service did not say, which happens when a list of sites is asked for without details.
function Read-CustomScriptBlock {
    param([Parameter(Position = 0)]$Site)
    Read-NamedValue $Site 'DenyAddAndCustomizePages' -Names 'Unknown', 'Disabled', 'Enabled' -Of 'sharepoint/sites'
}

function New-CustomScriptFinding {
    param([Parameter(Position = 0)]$Site, [Parameter(Position = 1)][string]$State)
    $title = if ((Test-Property $Site 'Title') -and $Site.Title -is [string]) { $Site.Title.Trim() } else { '' }
    New-Finding -ResourceId $Site.Url -ResourceName $(if ($title) { $title } else { $Site.Url }) -Property 'DenyAddAndCustomizePages' `
        -Expected 'Enabled' -Actual $State -Compliant ($State -eq 'Enabled')
}
