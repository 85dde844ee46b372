# All of the judging, beside reading.ps1, states.ps1 and checks.ps1: for whoever loads it at once. The engine takes the same
# files one at a time, while it waits for answers.

. ([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'json.ps1'))
foreach ($file in 'licences', 'judging-files') { . ([IO.Path]::Combine($PSScriptRoot, "$file.ps1")) }
foreach ($file in (Get-JudgingFiles)) { . $file }
