# Compares the two ways of engine/json.ps1 on this PowerShell: one JSON line per text, { name, same, cmdlet, parser, types }.
# The way without the cmdlet is for versions that are too old for -DateKind; here it is forced.
param([Parameter(Mandatory)][string]$Root, [Parameter(Mandatory)][string]$Corpus)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. "$Root/engine/json.ps1"

# A value with the types of everything in it.
function Format-Typed {
    param($Value)
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [array]) { return "[$(@(foreach ($item in $Value) { Format-Typed $item }) -join ', ')]" }
    if ($Value -is [Management.Automation.PSCustomObject]) { return "{$(@(foreach ($property in $Value.PSObject.Properties) { "$($property.Name): $(Format-Typed $property.Value)" }) -join ', ')}" }
    "$($Value.GetType().Name) $([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes([string]::Format([Globalization.CultureInfo]::InvariantCulture, '{0:R}', $Value))))"
}

function Read-Typed {
    param([string]$Text, [bool]$WithCmdlet)
    $script:jsonKeepsText = $WithCmdlet
    try { $value = ConvertFrom-JsonText $Text } catch { return 'refused' }
    Format-Typed $value
}

foreach ($line in [IO.File]::ReadAllLines($Corpus)) {
    $entry = ConvertFrom-Json -InputObject $line -DateKind String
    $text = $entry.PSObject.Properties['file'] ? [IO.File]::ReadAllText($entry.file) : $entry.text
    $cmdlet = Read-Typed $text $true
    $parser = Read-Typed $text $false
    $shown = $entry.PSObject.Properties['file'] ? '' : $cmdlet
    [Console]::Out.WriteLine((ConvertTo-Json -Compress -InputObject @{ name = $entry.name; same = $cmdlet -ceq $parser; cmdlet = $shown; parser = $cmdlet -ceq $parser ? '' : $parser; length = $cmdlet.Length }))
}
