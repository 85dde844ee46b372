# JSON text to objects and back. Objects are what `ConvertFrom-Json -NoEnumerate -DateKind String` makes: text stays text, also
# where it looks like a time. PowerShell before 7.5 cannot be told to, so there the parser of .NET does it, node by node.

$jsonKeepsText = $PSVersionTable.PSVersion.Major -gt 7 -or $PSVersionTable.PSVersion.Minor -ge 5
$jsonOutput = @{ context = $null }   # made when first needed: its type comes with the cmdlets

# A list comes back whole, also one of none or of one.
function ConvertFrom-JsonText {
    param([string]$Text)
    if ($jsonKeepsText) { return ConvertFrom-Json -InputObject $Text -NoEnumerate -DateKind String }
    # As deep as the cmdlet goes.
    $document = [Text.Json.JsonDocument]::Parse($Text, [Text.Json.JsonDocumentOptions]@{ MaxDepth = 1024 })
    try { , (ConvertFrom-JsonElement $document.RootElement) } finally { $document.Dispose() }
}

# Hashtables, for the engine's own files, which hold no times.
function ConvertFrom-JsonTable {
    param([string]$Text)
    ConvertFrom-Json -InputObject $Text -AsHashtable -NoEnumerate
}

# Several such texts: one reading costs less than many. `$null` for a text that is not JSON.
function ConvertFrom-JsonTables {
    param([string[]]$Texts)
    try {
        $tables = ConvertFrom-JsonTable "[$($Texts -join ',')]"
        if ($tables.Count -eq $Texts.Count) { return , $tables }
    } catch { $null = 'One of them is not JSON: each by itself, then.' }
    , @(foreach ($text in $Texts) { try { ConvertFrom-JsonTable $text } catch { $null } })
}

# What the cmdlet does, without its way through the binding of parameters.
function ConvertTo-JsonText {
    param($Value)
    if ($null -eq $jsonOutput.context) { $jsonOutput.context = [Microsoft.PowerShell.Commands.JsonObject+ConvertToJsonContext]::new(100, $false, $true) }
    [Microsoft.PowerShell.Commands.JsonObject]::ConvertToJson($Value, [ref]$jsonOutput.context)
}

function ConvertFrom-JsonElement {
    param([Text.Json.JsonElement]$Element)
    switch ($Element.ValueKind) {
        'Object' { return ConvertFrom-JsonMembers $Element }
        'Array' {
            $items = [object[]]::new($Element.GetArrayLength())
            $index = 0
            foreach ($item in $Element.EnumerateArray()) { $items[$index++] = ConvertFrom-JsonElement $item }
            return , $items
        }
        'String' { return Get-JsonString $Element }
        'Number' { return Get-JsonNumber $Element }
        'True' { return $true }
        'False' { return $false }
    }
    $null
}

# Names that differ only by case would be one property. Of the same name twice the last one counts.
function ConvertFrom-JsonMembers {
    param([Text.Json.JsonElement]$Element)
    $object = [Management.Automation.PSObject]::new()
    $properties = $object.PSObject.Properties
    foreach ($member in $Element.EnumerateObject()) {
        $name = $member.Name
        if ($name -eq '') { throw [InvalidOperationException]::new('The JSON holds a property without a name.') }
        $value = ConvertFrom-JsonElement $member.Value
        $there = $properties[$name]
        if ($null -ne $there) {
            if ($there.Name -cne $name) { throw [InvalidOperationException]::new('The JSON holds two properties whose names differ only by case.') }
            $properties.Remove($name)
        }
        $properties.Add([Management.Automation.PSNoteProperty]::new($name, $value), $true)
    }
    $object
}

# Half of a surrogate pair is no character, but the text of an answer may hold it: the parser refuses, the cmdlet does not.
function Get-JsonString {
    param([Text.Json.JsonElement]$Element)
    try { return $Element.GetString() } catch [InvalidOperationException] { $raw = $Element.GetRawText() }
    $unescaped = [regex]::Replace($raw.Substring(1, $raw.Length - 2), '\\(u([0-9a-fA-F]{4})|.)', {
            param($match)
            if ($match.Groups[2].Success) { return [string][char][Convert]::ToInt32($match.Groups[2].Value, 16) }
            switch -CaseSensitive ($match.Groups[1].Value) { 'n' { "`n" } 'r' { "`r" } 't' { "`t" } 'b' { "`b" } 'f' { "`f" } default { $_ } }
        })
    $unescaped
}

function Get-JsonNumber {
    param([Text.Json.JsonElement]$Element)
    if ($Element.GetRawText().IndexOfAny([char[]]'.eE') -ge 0) { return $Element.GetDouble() }
    $whole = [long]0
    if ($Element.TryGetInt64([ref]$whole)) { return $whole }
    [bigint]::Parse($Element.GetRawText(), [Globalization.CultureInfo]::InvariantCulture)
}
