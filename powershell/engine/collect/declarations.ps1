# Declarations of sources and services: JSON files under sources/, read only when a scan needs them.

# In the order they are asked: what takes longest begins first.
$serviceNames = 'compliance', 'exchange', 'graph', 'sharepoint', 'teams', 'fabric', 'dns'
$declarations = @{}

# `graph/directoryRoles/{id}/members` -> sources/graph/directoryRoles.id.members.json
function Get-DeclarationPath {
    param([string]$Root, [string]$Source)
    $service, $rest = $Source.Split('/', 2)
    if ($service -notin $serviceNames -or -not $rest) { return $null }
    $name = [regex]::Replace($rest, '[^A-Za-z0-9-]+', '.').Trim('.')
    [IO.Path]::Combine($Root, 'sources', $service, "$name.json")
}

# Reads many at once, for Read-SourceDeclaration to find.
function Read-SourceDeclarations {
    param([string]$Root, $Sources)
    $found = [Collections.Generic.List[string]]::new()
    $texts = [Collections.Generic.List[string]]::new()
    foreach ($source in $Sources) {
        if ($declarations.ContainsKey($source)) { continue }
        $declarations[$source] = $null
        $file = Get-DeclarationPath $Root $source
        if (-not $file -or -not [IO.File]::Exists($file)) { continue }
        $found.Add($source)
        $texts.Add([IO.File]::ReadAllText($file))
    }
    if (-not $found.Count) { return }
    $tables = ConvertFrom-JsonTables $texts.ToArray()
    for ($index = 0; $index -lt $found.Count; $index++) {
        $source = $found[$index]
        $declaration = $tables[$index]
        if ($declaration -isnot [Collections.IDictionary] -or $declaration['id'] -cne $source) { continue }
        # The engine reads. A declaration that asks for anything but a Get- cmdlet is refused, whoever wrote it.
        if ($declaration['cmdlet'] -and $declaration['cmdlet'] -cnotmatch '^Get-[A-Za-z0-9]+$') {
            throw [InvalidOperationException]::new("The source $source names a cmdlet that is not a Get- cmdlet.")
        }
        $declaration['service'] = $source.Split('/', 2)[0]
        $declarations[$source] = $declaration
    }
}

# A declaration as a hashtable, so that an absent field is simply not there; `$null` when there is none.
function Read-SourceDeclaration {
    param([string]$Root, [string]$Source)
    if (-not $declarations.ContainsKey($Source)) { Read-SourceDeclarations $Root @($Source) }
    $declarations[$Source]
}

function Read-ServiceDeclaration {
    param([string]$Root, [string]$Service)
    ConvertFrom-JsonTable ([IO.File]::ReadAllText([IO.Path]::Combine($Root, 'sources', $Service, 'service.json')))
}
