# Loading a check: check.json becomes requirements, verdict.ps1 a script block.

# A list of requirements: each has the sources that answer it (one, or the alternatives of `anyOf`).
function Get-CheckRequirements {
    param($Check)
    $requirements = [Collections.Generic.List[object]]::new()
    foreach ($declared in $Check.sources) {
        if ($declared -is [string]) { $requirements.Add(@{ sources = @($declared); notFound = 'error'; entries = 'all'; optional = $false }); continue }
        $sources = @(if (Test-Property $declared 'anyOf') { foreach ($one in $declared.anyOf) { $one -is [string] ? $one : $one.source } } else { $declared.source })
        $requirements.Add(@{
                sources  = $sources
                notFound = (Test-Property $declared 'notFound') ? $declared.notFound : 'error'
                entries  = (Test-Property $declared 'entries') ? $declared.entries : 'all'
                optional = (Test-Property $declared 'optional') -and $true -eq $declared.optional
            })
    }
    , $requirements.ToArray()
}

function Read-Check {
    param([string]$Root, [string]$Key)
    $folder = [IO.Path]::Combine($Root, 'checks', $Key.Replace('/', [IO.Path]::DirectorySeparatorChar))
    $file = [IO.Path]::Combine($folder, 'check.json')
    if (-not [IO.File]::Exists($file)) { throw [IO.FileNotFoundException]::new("The check $Key has no check.json.") }
    $check = ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($file)) -NoEnumerate -DateKind String
    $requirements = Get-CheckRequirements $check
    $distinct = [Collections.Generic.HashSet[string]]::new([StringComparer]::Ordinal)
    foreach ($requirement in $requirements) { foreach ($source in $requirement.sources) { [void]$distinct.Add($source) } }
    @{
        key = $Key; requirements = $requirements; sources = @($distinct)
        inputs = @(if (Test-Property $check 'inputs') { $check.inputs })
        licence = @(if (Test-Property $check 'licence') { $check.licence })
        verdictFile = [IO.Path]::Combine($folder, 'verdict.ps1'); verdict = $null
    }
}

function Get-VerdictBlock {
    param($Check)
    # Create, not `& file`: a script block inherits strict mode and costs no command look-up.
    if ($null -eq $Check.verdict) { $Check.verdict = [scriptblock]::Create([IO.File]::ReadAllText($Check.verdictFile)) }
    $Check.verdict
}
