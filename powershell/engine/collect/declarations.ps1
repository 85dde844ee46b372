# Declarations of sources and services: JSON files under sources/, read only when a scan needs them.

# `graph/directoryRoles/{id}/members` -> sources/graph/directoryRoles.id.members.json
function Get-DeclarationPath {
    param([string]$Root, [string]$Source)
    $service, $rest = $Source.Split('/', 2)
    if ($service -notin $serviceNames -or -not $rest) { return $null }
    $name = [regex]::Replace($rest, '[^A-Za-z0-9-]+', '.').Trim('.')
    [IO.Path]::Combine($Root, 'sources', $service, "$name.json")
}

# A declaration as a hashtable, so that an absent field is simply not there.
function Read-SourceDeclaration {
    param([string]$Root, [string]$Source)
    $file = Get-DeclarationPath $Root $Source
    if (-not $file -or -not [IO.File]::Exists($file)) { return $null }
    $declaration = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($file)) -AsHashtable
    if ($declaration['id'] -cne $Source) { return $null }
    # The engine reads. A declaration that asks for anything but a Get- cmdlet is refused, whoever wrote it.
    if ($declaration['cmdlet'] -and $declaration['cmdlet'] -cnotmatch '^Get-[A-Za-z0-9]+$') {
        throw [InvalidOperationException]::new("The source $Source names a cmdlet that is not a Get- cmdlet.")
    }
    $declaration['service'] = $Source.Split('/', 2)[0]
    $declaration
}

function Read-ServiceDeclaration {
    param([string]$Root, [string]$Service)
    ConvertFrom-Json -InputObject ([IO.File]::ReadAllText([IO.Path]::Combine($Root, 'sources', $Service, 'service.json'))) -AsHashtable
}

$serviceNames = 'graph', 'exchange', 'compliance', 'teams', 'sharepoint', 'fabric', 'dns'
