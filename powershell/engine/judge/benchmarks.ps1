# Benchmarks: which check answers which control.

function Read-Benchmark {
    param([string]$Root, [string]$Id, [string]$Version)
    # The name becomes part of a path: nothing but the characters of our own names.
    if ($Id -notmatch '^[a-z0-9-]{1,64}$' -or $Version -notmatch '^[0-9][0-9.]{0,15}$') { return $null }
    $file = [IO.Path]::Combine($Root, 'benchmarks', "$Id-$Version.json")
    if (-not [IO.File]::Exists($file)) { return $null }
    ConvertFrom-JsonText ([IO.File]::ReadAllText($file))
}

# The lines of the controls asked for, in that order; -Unknown gets the ids that the benchmark does not have.
function Select-Controls {
    param($Benchmark, [string[]]$Ids, [Collections.Generic.List[string]]$Unknown)
    $lines = @{}
    foreach ($control in $Benchmark.controls) { $lines[$control.id] = $control }
    $selected = [Collections.Generic.List[object]]::new()
    foreach ($id in $Ids) { if ($lines.ContainsKey($id)) { $selected.Add($lines[$id]) } else { $Unknown.Add($id) } }
    , $selected.ToArray()
}
