# Links to a next page come from the answer: a token follows one only to the host it was meant for, and not for ever.

$maximumPages = 2000
$maximumEmptyPages = 20

# What is wrong with a link, or $null.
function Get-LinkFlaw {
    param($Unit, [string]$Url, [string]$Link)
    $from = [uri]$Url
    $to = $null
    if (-not [uri]::TryCreate($Link, [UriKind]::Absolute, [ref]$to)) { return 'it is not an address' }
    if ($to.Scheme -ne 'https' -or $to.UserInfo) { return 'it is not a plain https address' }
    if ($to.Host -ne $from.Host -or $to.Port -ne $from.Port) { return 'it leads to another host' }
    if (-not $Unit.links.Add($Link)) { return 'it leads back to a page that was read already' }
    if ($Unit.pages -ge $maximumPages) { return "there are more than $maximumPages pages" }
    if ($Unit.emptyPages -ge $maximumEmptyPages) { return "$maximumEmptyPages pages in a row were empty" }
    $null
}
