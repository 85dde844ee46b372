# From a module's objects to the values that the service's own interface gives: nothing of the session, no .NET types.

$sessionNames = 'RunspaceId', 'PSComputerName', 'PSShowComputerName', 'PSSourceJobInstanceId', 'ObjectState'
$deepest = 8
# Stands for a value that is no data (code, types, secrets): its property is left out.
$nothing = [object]::new()

# $Style: enums names|numbers · objects text|name|object (what a nested object becomes) · names (module name -> wire name)
# · empty (property -> the word for what the wire writes as an empty object) · select (only these properties; [] for all)
function ConvertTo-PlainRow {
    param($Row, $Style)
    $plain = [ordered]@{}
    if ($Style.select.Count) {
        foreach ($name in $Style.select) {
            $property = $Row.PSObject.Properties[$name]
            if ($null -ne $property) { Add-PlainProperty $plain $name $property $Style }
        }
        return $plain
    }
    foreach ($property in (Get-DataProperties $Row)) {
        Add-PlainProperty $plain ($Style.names[$property.Name] ?? $property.Name) $property $Style
    }
    $plain
}

function Get-DataProperties {
    param($Object)
    foreach ($property in $Object.PSObject.Properties) {
        if ($property.MemberType -notin 'NoteProperty', 'Property' -or $property.Name -in $sessionNames) { continue }
        # Names with an at sign are about the data; except an object's own type.
        if ($property.Name.Contains('@') -and $property.Name -ne '@odata.type') { continue }
        $property
    }
}

# A property whose getter throws was not read: it stays absent, and a verdict that needs it says so.
function Add-PlainProperty {
    param($Plain, [string]$Name, $Property, $Style)
    try { $value = $Property.Value } catch { return }
    $word = $Style.empty[$Name]
    $result = if ($word -and (Test-EmptyWord $value $word)) { [ordered]@{} } else { ConvertTo-Plain $value $Style 1 }
    if (-not [object]::ReferenceEquals($result, $nothing)) { $Plain[$Name] = $result }
}

# The word is the value's text or the name of its type.
function Test-EmptyWord {
    param($Value, [string]$Word)
    if ($null -eq $Value) { return $false }
    if ("$($Value.PSObject.BaseObject)" -eq $Word) { return $true }
    foreach ($type in $Value.PSObject.TypeNames) { if ($type.Split('.')[-1] -eq $Word) { return $true } }
    $false
}

function ConvertTo-Plain {
    param($Value, $Style, [int]$Depth)
    if ($null -eq $Value) { return $null }
    $base = $Value.PSObject.BaseObject
    if ($base -is [enum]) { return $Style.enums -eq 'numbers' ? [Convert]::ToInt64($base) : $base.ToString() }
    # Over a remote session an enum arrives as its number, with its type's name and its text beside it.
    if ($base -is [ValueType] -and $Style.enums -ne 'numbers' -and $Value.PSObject.TypeNames -match '(^|\.)System\.Enum$') { return $Value.ToString() }
    if ($base -is [string] -or $base -is [bool]) { return $base }
    if ($base -is [ValueType]) { return ConvertFrom-SimpleValue $base }
    if ($base -is [uri]) { return $base.OriginalString }
    if ($base -is [version] -or $base -is [Net.IPAddress] -or $base -is [Globalization.CultureInfo] -or $base -is [Net.Mail.MailAddress] -or $base -is [Management.Automation.SemanticVersion]) { return $base.ToString() }
    if ($base -is [Reflection.MemberInfo] -or $base -is [scriptblock] -or $base -is [Delegate] -or $base -is [securestring] -or $base -is [pscredential]) { return $nothing }
    if ($base -is [byte[]]) { return [Convert]::ToBase64String($base) }
    if ($base -is [Collections.IDictionary]) { return ConvertFrom-Dictionary $base $Style $Depth }
    if ($base -is [Collections.IEnumerable]) {
        $items = [Collections.Generic.List[object]]::new()
        if ($Depth -lt $deepest) {
            foreach ($item in $base) {
                $plain = ConvertTo-Plain $item $Style ($Depth + 1)
                if (-not [object]::ReferenceEquals($plain, $nothing)) { $items.Add($plain) }
            }
        }
        return , $items.ToArray()
    }
    ConvertFrom-NestedObject $Value $Style $Depth
}

function ConvertFrom-SimpleValue {
    param($Base)
    switch ($Base) {
        { $_ -is [datetime] } {
            $utc = $_.Kind -eq 'Local' ? $_.ToUniversalTime() : [datetime]::SpecifyKind($_, 'Utc')
            return $utc.ToString('o', [Globalization.CultureInfo]::InvariantCulture)
        }
        { $_ -is [datetimeoffset] } { return $_.UtcDateTime.ToString('o', [Globalization.CultureInfo]::InvariantCulture) }
        { $_ -is [switch] } { return $_.IsPresent }
        { $_ -is [double] -or $_ -is [single] } { if ([double]::IsFinite($_)) { return $_ } else { return $_.ToString([Globalization.CultureInfo]::InvariantCulture) } }
        { $_ -is [int] -or $_ -is [long] -or $_ -is [decimal] -or $_ -is [byte] -or $_ -is [sbyte] -or $_ -is [int16] -or $_ -is [uint16] -or $_ -is [uint32] -or $_ -is [uint64] } { return $_ }
    }
    $Base.ToString()   # Guid, TimeSpan, char and structures of a module: their text
}

function ConvertFrom-Dictionary {
    param($Dictionary, $Style, [int]$Depth)
    $plain = [ordered]@{}
    if ($Depth -ge $deepest) { return $plain }
    foreach ($key in @($Dictionary.Keys)) {
        $value = ConvertTo-Plain $Dictionary[$key] $Style ($Depth + 1)
        if (-not [object]::ReferenceEquals($value, $nothing)) { $plain["$key"] = $value }
    }
    $plain
}

function ConvertFrom-NestedObject {
    param($Value, $Style, [int]$Depth)
    if ($Style.objects -ne 'object') {
        $text = Get-ObjectText $Value $Style
        if ($null -ne $text) { return $text }
    }
    $plain = [ordered]@{}
    if ($Depth -ge $deepest) { return $plain }
    foreach ($property in (Get-DataProperties $Value)) {
        try { $inner = ConvertTo-Plain $property.Value $Style ($Depth + 1) } catch { continue }
        if (-not [object]::ReferenceEquals($inner, $nothing)) { $plain[$property.Name] = $inner }
    }
    $plain
}

# The text that the wire has in place of an object: a domain, a version, a name, or the object's own text. `$null` when it has none.
function Get-ObjectText {
    param($Value, $Style)
    $properties = $Value.PSObject.Properties
    if ($null -ne $properties['Domain'] -and $properties['Domain'].Value -is [string]) { return [string]$properties['Domain'].Value }
    if ($null -ne $properties['Major'] -and $null -ne $properties['Minor']) {
        $parts = foreach ($name in 'Major', 'Minor', 'Build', 'Revision') { $part = $properties[$name]; if ($null -ne $part -and $part.Value -is [ValueType] -and $part.Value -ge 0) { $part.Value } }
        return $parts -join '.'
    }
    $name = $properties['Name']
    $named = $null -ne $name -and $name.Value -is [string] -and $name.Value
    if ($named -and $Style.objects -eq 'name') { return [string]$name.Value }
    $text = $Value.ToString()
    $types = @($Value.PSObject.TypeNames).ForEach({ $_ -replace '^Deserialized\.', '' })
    if ($text -and $text -notlike '@{*' -and $text -notin $types) { return [string]$text }
    if ($named) { return [string]$name.Value }
    $null
}
