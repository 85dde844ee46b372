param($Evidence, $Context)
$source = 'sharepoint/tenant'
# Direct is the narrower of the two, Internal is enough. None is no choice at all: links then follow the widest level allowed.
$accepted = 'Direct', 'Internal'
$actual = Read-NamedValue (Get-Single $Evidence $source) 'DefaultSharingLinkType' -Names 'None', 'Direct', 'Internal', 'AnonymousAccess' -Of $source
$finding = New-SharePointFinding 'DefaultSharingLinkType' -Expected ($accepted -join ' or ') -Actual $actual -Compliant ($actual -in $accepted)
if ($actual -in $accepted) {
    $for = if ($actual -eq 'Direct') { 'the people the sender names' } else { 'people of the organisation' }
    return New-Verdict pass "A new sharing link is for $for by default." $finding
}
if ($actual -eq 'None') { return New-Verdict fail 'No default is set for new sharing links, so they are as wide as sharing is allowed.' $finding }
New-Verdict fail 'A new sharing link works for anyone by default, without signing in.' $finding
