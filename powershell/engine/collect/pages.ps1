# From a service's envelope to evidence: the service's own values, nothing renamed, annotations gone, pages joined.
# Read-Page gives @{ data; next; failure }.

function Read-Page {
    param($Call, $Answer)
    $page = switch ($Call.service) {
        'graph' { Read-GraphPage $Call $Answer }
        { $_ -in 'exchange', 'compliance' } { Read-CmdletPage $Call $Answer }
        'teams' { Read-TeamsPage $Answer }
        'sharepoint' { Read-SharePointPage $Call $Answer }
        'fabric' { Read-FabricPage $Call $Answer }
    }
    if (-not $page['failure'] -and $Answer.annotated) { $page.data = Remove-Annotations $page.data }
    $page
}

function New-ShapeFailure {
    @{ failure = New-Failure 'unavailable' 'unexpected_shape' 'The service answered with data of an unexpected shape.' 200 }
}

# Every name with an at sign is about the data, not data; except an object's own type.
function Remove-Annotations {
    param($Value)
    if ($Value -is [array]) {
        foreach ($item in $Value) { if ($item -is [Management.Automation.PSCustomObject]) { [void](Remove-Annotations $item) } elseif ($item -is [array]) { [void](Remove-Annotations $item) } }
        return , $Value
    }
    if ($Value -isnot [Management.Automation.PSCustomObject]) { return $Value }
    $gone = [Collections.Generic.List[string]]::new()
    foreach ($property in $Value.PSObject.Properties) {
        $name = $property.Name
        if ($name.Contains('@') -and $name -ne '@odata.type') { $gone.Add($name); continue }
        $inner = $property.Value
        if ($inner -is [Management.Automation.PSCustomObject] -or $inner -is [array]) { [void](Remove-Annotations $inner) }
    }
    foreach ($name in $gone) { $Value.PSObject.Properties.Remove($name) }
    $Value
}

function Copy-WithoutEnvelope {
    param($Body)
    foreach ($name in '@odata.context', '@odata.nextLink', '@odata.count') { $Body.PSObject.Properties.Remove($name) }
    $Body
}

function Read-GraphPage {
    param($Call, $Answer)
    $body = $Answer.body
    $declaration = $Call.unit.reading.declaration
    if ($body -isnot [Management.Automation.PSCustomObject]) { return New-ShapeFailure }
    $value = $body.PSObject.Properties['value']
    if ($Call.unit.shape -eq 'collection') {
        if ($null -eq $value) {
            if ($declaration['bareObject']) { return @{ data = @(Copy-WithoutEnvelope $body) } }
            return New-ShapeFailure
        }
        # A few workloads send null for an empty list; one documents a bare object inside.
        $rows = if ($null -eq $value.Value) { @() } elseif ($value.Value -is [array]) { $value.Value } elseif ($declaration['bareObject']) { @($value.Value) } else { return New-ShapeFailure }
        $link = Get-Field $body '@odata.nextLink'
        $next = if ($link) { @{ service = 'graph'; api = $declaration['api']; method = 'GET'; path = $null; url = $link; lane = $Call.lane; group = $null; headers = $Call.headers; body = $null } }
        return @{ data = @($rows); next = $next }
    }
    if ($null -ne $value -and $value.Value -is [Management.Automation.PSCustomObject]) { $body = $value.Value }
    elseif ($null -ne $value -and $value.Value -is [array]) { return New-ShapeFailure }
    if ($declaration['inner']) {
        $inner = Get-Field $body $declaration['inner']
        if ($inner -is [Management.Automation.PSCustomObject]) { $body = $inner }
    }
    @{ data = Copy-WithoutEnvelope $body }
}

function Read-CmdletPage {
    param($Call, $Answer)
    $errors = Get-Field $Answer.body '@adminapi.errors'
    if ($errors -is [array] -and $errors.Count) { return @{ failure = New-Failure 'unavailable' 'cmdlet_error' 'The cmdlet reported errors beside its data: the answer may be incomplete.' 200 } }
    $warnings = Get-Field $Answer.body '@adminapi.warnings'
    if ($warnings -is [array] -and @($warnings).Where({ "$_" -match 'more results|ResultSize' })) {
        return @{ failure = New-Failure 'unavailable' 'truncated' 'The service cut the list short.' 200 }
    }
    $rows = Get-Field $Answer.body 'value'
    if ($rows -isnot [array]) { return New-ShapeFailure }
    $link = Get-Field $Answer.body '@odata.nextLink'
    # The same cmdlet is posted again to the link, with the same anchor.
    $next = if ($link) { @{ service = $Call.service; method = 'POST'; url = $link; path = $null; lane = $Call.lane; group = $null; headers = $Call.headers; body = $Call.body } }
    @{ data = @($rows); next = $next }
}

function Read-TeamsPage {
    param($Answer)
    $body = $Answer.body
    if ($body -is [array]) { return @{ data = @($body) } }
    $rows = Get-Field $body 'value'
    if ($rows -is [array]) { return @{ data = @($rows) } }
    if ($null -ne (Get-Field $body 'Identity')) { return @{ data = @($body) } }
    New-ShapeFailure
}

function Read-FabricPage {
    param($Call, $Answer)
    $rows = $null
    foreach ($name in $Call.unit.reading.declaration['rows']) { $list = Get-Field $Answer.body $name; if ($list -is [array]) { $rows = $list; break } }
    if ($null -eq $rows) { return New-ShapeFailure }
    $next = $null
    $link = Get-Field $Answer.body 'continuationUri'
    $token = Get-Field $Answer.body 'continuationToken'
    if (-not $link -and $token) { $link = "$($Call.unit.request.url)?continuationToken=$([uri]::EscapeDataString($token))" }
    if ($link) { $next = @{ service = 'fabric'; method = 'GET'; url = $link; path = $null; lane = 'fabric'; group = $null; headers = $Call.headers; body = $null } }
    @{ data = @($rows); next = $next }
}

function Read-SharePointPage {
    param($Call, $Answer)
    $body = $Answer.body
    if ($body -is [array]) { return Read-CsomPage $Call $body }
    $data = Get-Field $body 'd'
    if ($null -eq $data) { $data = $body }
    if ($data -isnot [Management.Automation.PSCustomObject]) { return New-ShapeFailure }
    @{ data = ConvertFrom-VerboseJson $data }
}

# Verbose JSON: lists are { __metadata, results }, links are { __deferred }.
function ConvertFrom-VerboseJson {
    param($Object)
    $flat = [ordered]@{}
    foreach ($property in $Object.PSObject.Properties) {
        $value = $property.Value
        if ($property.Name -eq '__metadata') { continue }
        if ($value -is [Management.Automation.PSCustomObject]) {
            if ($null -ne $value.PSObject.Properties['__deferred']) { continue }
            $results = $value.PSObject.Properties['results']
            $value = if ($null -ne $results -and $results.Value -is [array]) { , @(foreach ($item in $results.Value) { if ($item -is [Management.Automation.PSCustomObject]) { ConvertFrom-VerboseJson $item } else { $item } }) } else { ConvertFrom-VerboseJson $value }
        }
        $flat[$property.Name] = $value
    }
    [pscustomobject]$flat
}

# CSOM: an array of a header and (action id, result) pairs; the last object is the answer.
function Read-CsomPage {
    param($Call, $Body)
    $result = $Body[-1]
    if ($Call.unit.shape -eq 'single') {
        if ($null -eq (Get-Field $result '_ObjectType_')) { return New-ShapeFailure }
        return @{ data = ConvertFrom-CsomObject $result }
    }
    $rows = Get-Field $result '_Child_Items_'
    if ($rows -isnot [array]) { return New-ShapeFailure }
    $next = $null
    $index = Get-Field $result 'NextStartIndexFromSharePoint'
    if ($index) {
        $next = New-SharePointRequest $Call.unit.reading.declaration "$index"
        # The address stays the same, so the index is what must not come back.
        $next.url += "#$([uri]::EscapeDataString("$index"))"
    }
    @{ data = @(foreach ($row in $rows) { ConvertFrom-CsomObject $row }); next = $next }
}

function ConvertFrom-CsomObject {
    param($Object)
    $flat = [ordered]@{}
    foreach ($property in $Object.PSObject.Properties) {
        if ($property.Name -in '_ObjectType_', '_ObjectIdentity_', '_ObjectVersion_') { continue }
        $value = $property.Value
        if ($value -is [array]) { $value = @(foreach ($item in $value) { ConvertFrom-CsomText $item }) } else { $value = ConvertFrom-CsomText $value }
        $flat[$property.Name] = $value
    }
    [pscustomobject]$flat
}

function ConvertFrom-CsomText {
    param($Value)
    if ($Value -is [string] -and $Value -match '^\\?/Guid\(([0-9a-fA-F-]{36})\)\\?/$') { return $Matches[1] }
    $Value
}
