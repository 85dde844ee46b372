param($Evidence, $Context)
$source = 'compliance/Get-LabelPolicy'

# How many elements the named lists hold together; $null when the answer has none of these properties. A list that is null is
# not an empty one: nothing in the others makes it the one that decides.
function Measure-Lists {
    param($Policy, [string[]]$Properties)
    $count = $null
    $unset = ''
    foreach ($property in $Properties) {
        if (-not (Test-Property $Policy $property)) { continue }
        $list = Read-List $Policy $property -Of $source -NullIsEmpty
        if ($null -eq (Read-Property $Policy $property -Of $source)) { $unset = $property }
        $count = [int]$count + $list.Count
    }
    if ($unset -and -not $count) { Stop-UnexpectedData $source $unset 'expected a list, found null' }
    $count
}

# There is no "published" property: a policy of the publishing type that is on, and is neither disabled nor waiting
# for its deletion, is the publication. Where the answer shows it, a policy without a label, or for nobody, publishes nothing.
function Get-Shortcoming {
    param($Policy)
    $enabled = Read-Boolean $Policy 'Enabled' -Of $source
    $mode = Read-String $Policy 'Mode' -Of $source
    $labels = Measure-Lists $Policy @('Labels', 'ScopedLabels')
    $places = Measure-Lists $Policy @('ExchangeLocation', 'ModernGroupLocation', 'SharePointLocation', 'OneDriveLocation', 'PublicFolderLocation', 'SkypeLocation')
    if ($mode -notin 'Enforce', 'Enable') { return @{ property = 'Mode'; expected = 'Enforce'; actual = $mode } }
    if (-not $enabled) { return @{ property = 'Enabled'; expected = $true; actual = $false } }
    if ($labels -eq 0) { return @{ property = 'Labels'; expected = 'at least one label'; actual = 0 } }
    if ($places -eq 0) { return @{ property = 'ExchangeLocation'; expected = 'published to somebody'; actual = 'nobody' } }
    $null
}

$policies = Get-Rows $Evidence $source
$published = [Collections.Generic.List[object]]::new()
$others = [Collections.Generic.List[object]]::new()
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $source
    # Auto-labelling and retention label policies come from the same cmdlet: they offer no sensitivity label to anybody.
    $type = Read-String $policy 'Type' -Of $source
    $short = if ($type -ne 'PublishedSensitivityLabel') { @{ property = 'Type'; expected = 'PublishedSensitivityLabel'; actual = $type } } else { Get-Shortcoming $policy }
    if ($null -eq $short) {
        $published.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'Type' -Expected 'PublishedSensitivityLabel' -Actual $type -Compliant $true))
    } else {
        $others.Add((New-Finding -ResourceId $name -ResourceName $name -Property $short.property -Expected $short.expected -Actual $short.actual -Compliant $false))
    }
}
if ($published.Count) {
    return New-Verdict pass "Sensitivity labels are published by $(Format-NameList @(foreach ($one in $published) { $one.resourceName }))." $published
}
if ($others.Count) { return New-Verdict fail 'None of the label policies publishes sensitivity labels at present.' $others }
$none = New-Finding -ResourceId 'LabelPolicy' -ResourceName 'Label policies' -Property 'count' -Expected 'at least one published policy' -Actual 0 -Compliant $false
New-Verdict fail 'No sensitivity label is published: the tenant has no label policy.' $none
