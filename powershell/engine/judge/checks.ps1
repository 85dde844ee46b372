# Loading a check: check.json becomes requirements, verdict.ps1 a script block.

# A list of requirements: each has the sources that answer it (one, or the alternatives of `anyOf`).
function Get-CheckRequirements {
    param($Declared)
    $requirements = [Collections.Generic.List[object]]::new()
    foreach ($one in $Declared) {
        if ($one -is [string]) { $requirements.Add(@{ sources = @($one); notFound = 'error'; entries = 'all'; optional = $false }); continue }
        $sources = @(foreach ($other in $one['anyOf'] ?? @($one)) { $other -is [string] ? $other : $other['source'] })
        if ($sources -contains $null) { throw [IO.InvalidDataException]::new('A source of the check has no name.') }
        $requirements.Add(@{ sources = $sources; notFound = $one['notFound'] ?? 'error'; entries = $one['entries'] ?? 'all'; optional = $true -eq $one['optional'] })
    }
    , $requirements.ToArray()
}

function Get-CheckFolder {
    param([string]$Root, [string]$Key)
    [IO.Path]::Combine($Root, 'checks', $Key.Replace('/', [IO.Path]::DirectorySeparatorChar))
}

# $Table: check.json as a hashtable.
function ConvertTo-Check {
    param([string]$Root, [string]$Key, $Table)
    if ($Table -isnot [Collections.IDictionary] -or $Table['sources'] -isnot [array]) { throw [IO.InvalidDataException]::new('check.json is not JSON with a list of sources.') }
    $requirements = Get-CheckRequirements $Table['sources']
    $sources = [Collections.Generic.List[string]]::new()
    foreach ($requirement in $requirements) { foreach ($source in $requirement.sources) { if (-not $sources.Contains($source)) { $sources.Add($source) } } }
    @{
        key = $Key; requirements = $requirements; sources = $sources.ToArray(); inputs = @($Table['inputs'] ?? @()); licence = @($Table['licence'] ?? @())
        verdictFile = [IO.Path]::Combine((Get-CheckFolder $Root $Key), 'verdict.ps1'); verdict = $null
    }
}

# Many checks at once: key -> the check, or the words of why it cannot be loaded.
function Read-Checks {
    param([string]$Root, [string[]]$Keys)
    $checks = @{}
    $found = [Collections.Generic.List[string]]::new()
    $texts = [Collections.Generic.List[string]]::new()
    foreach ($key in $Keys) {
        $folder = Get-CheckFolder $Root $key
        $file = [IO.Path]::Combine($folder, 'check.json')
        if (-not [IO.File]::Exists($file)) { $checks[$key] = "The check $key has no check.json."; continue }
        if (-not [IO.File]::Exists([IO.Path]::Combine($folder, 'verdict.ps1'))) { $checks[$key] = 'verdict.ps1 is missing.'; continue }
        $found.Add($key)
        $texts.Add([IO.File]::ReadAllText($file))
    }
    if (-not $found.Count) { return $checks }
    $tables = ConvertFrom-JsonTables $texts.ToArray()
    for ($index = 0; $index -lt $found.Count; $index++) {
        $key = $found[$index]
        $checks[$key] = try { ConvertTo-Check $Root $key $tables[$index] } catch { $_.Exception.GetBaseException().Message }
    }
    $checks
}

function Read-Check {
    param([string]$Root, [string]$Key)
    $check = (Read-Checks $Root @($Key))[$Key]
    if ($check -is [string]) { throw [IO.InvalidDataException]::new($check) }
    $check
}

function Get-VerdictBlock {
    param($Check)
    # Create, not `& file`: a script block inherits strict mode and costs no command look-up.
    if ($null -eq $Check.verdict) { $Check.verdict = [scriptblock]::Create([IO.File]::ReadAllText($Check.verdictFile)) }
    $Check.verdict
}
