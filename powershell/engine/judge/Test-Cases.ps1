#Requires -Version 7.4
# Runs the cases of every check and writes one JSON line per case to stdout:
# { check, case, ok, expected, actual }. -Check limits it: `entra/*`, or one key; also several with commas.
# -Root: the folder that holds checks/, by default the one this engine belongs to.
param([string]$Check = '*', [string]$Root)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$out = [IO.StreamWriter]::new([Console]::OpenStandardOutput(), [Text.UTF8Encoding]::new($false))
$out.NewLine = "`n"
[Console]::SetOut([Console]::Error)
if (-not $Root) { $Root = [IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..')) }
foreach ($file in 'reading', 'states', 'checks', 'judging', 'cases') { . "$PSScriptRoot/$file.ps1" }

function Test-Expectation {
    param($Expect, $Result)
    if ($Result.status -ne $Expect.status) { return $false }
    if ((Test-Property $Expect 'reasonCode') -and $Result.reasonCode -ne $Expect.reasonCode) { return $false }
    if ((Test-Property $Expect 'messageContains') -and -not $Result.message.Contains($Expect.messageContains, [StringComparison]::OrdinalIgnoreCase)) { return $false }
    if (Test-Property $Expect 'nonCompliant') {
        $actual = @(@($Result.findings).Where({ -not $_.compliant }).ForEach({ $_.resourceId }) | Sort-Object -Unique)
        $wanted = @($Expect.nonCompliant | Sort-Object -Unique)
        if (($actual -join "`n") -ne ($wanted -join "`n")) { return $false }
    }
    $true
}

function Invoke-Case {
    param($Loaded, $Case)
    $result = Get-ControlResult $Loaded (ConvertTo-SourceRecords $Case.sources) (New-CaseScan $Case) (Get-CaseParameters $Case)
    $actual = [ordered]@{
        status = $result.status; reasonCode = $result.reasonCode; message = $result.message
        nonCompliant = @(@($result.findings).Where({ -not $_.compliant }).ForEach({ $_.resourceId }))
    }
    [ordered]@{ check = $Loaded.key; case = $Case.name; ok = (Test-Expectation $Case.expect $result); expected = $Case.expect; actual = $actual }
}

$failed = 0
foreach ($found in (Find-CheckFolders $Root $Check.Split(','))) {
    $key = $found.key
    try {
        $loaded = Read-Check $Root $key
        $cases = Read-Cases $found.folder
    } catch {
        $failed++
        $out.WriteLine((ConvertTo-Json -InputObject ([ordered]@{ check = $key; case = '(loading the check)'; ok = $false; expected = $null; actual = @{ message = $_.Exception.Message } }) -Compress))
        continue
    }
    foreach ($case in $cases) {
        $line = try { Invoke-Case $loaded $case } catch { [ordered]@{ check = $key; case = $case.name; ok = $false; expected = $case.expect; actual = @{ message = "the case itself is malformed: $($_.Exception.Message)" } } }
        if (-not $line.ok) { $failed++ }
        $out.WriteLine((ConvertTo-Json -InputObject $line -Compress -Depth 20))
    }
}
$out.Flush()
exit ($failed ? 1 : 0)
