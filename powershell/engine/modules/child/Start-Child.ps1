# One module in a process of its own, told what to do by the engine: lines on standard input, frames on standard output.
# It connects with the access tokens it is given, runs Get- cmdlets of its list, and ends with the end of its input.

$global:ProgressPreference = 'SilentlyContinue'
$global:InformationPreference = 'SilentlyContinue'
$global:VerbosePreference = 'SilentlyContinue'
$global:DebugPreference = 'SilentlyContinue'

# In a scope of its own: `-File` runs in the global one, from which a module would inherit a stricter way than its authors know.
& {
    Set-StrictMode -Version Latest
    $ErrorActionPreference = 'Stop'
    $engineFolder = [IO.Path]::GetDirectoryName([IO.Path]::GetDirectoryName($PSScriptRoot))
    foreach ($file in 'frames', 'host-lines') { . "$engineFolder/protocol/$file.ps1" }
    foreach ($file in 'connect', 'read', 'plain', 'problems') { . "$PSScriptRoot/$file.ps1" }

    $frames = Open-FrameChannel
    $hostLines = Open-HostLines
    Start-HostLine $hostLines
    Import-UtilityCmdlets

    # The next line. The read after it begins at once: its end ends the process, also while a cmdlet is busy.
    function Read-EngineLine {
        $line = $hostLines.task.GetAwaiter().GetResult()
        if ($null -eq $line) { [Environment]::Exit(70) }
        Start-HostLine $hostLines
        , (ConvertFrom-HostLine $line)
    }

    function Send-Failed { param($Problem) Send-Frame 'failed' $Problem }

    $start = Read-EngineLine
    if ($null -eq $start -or (Get-NodeText $start 't') -ne 'start') { [Environment]::Exit(64) }
    $frames.mark = [string][char]30 + (Get-NodeText $start 'nonce') + ' '
    $service = Get-NodeText $start 'service'
    $commands = @(foreach ($one in $start['commands']) { $one.GetValue[string]() })
    $licence = [regex]::new((Get-NodeText $start 'licencePattern'), 'IgnoreCase')
    $connectParameters = ConvertFrom-Json -InputObject $start['connect'].ToJsonString() -AsHashtable

    try {
        Set-ModuleEnvironment $start
        $version = Import-VendorModule (Get-NodeText $start 'module') (Get-NodeText $start 'minimumVersion')
        Send-Frame 'imported' @{ version = $version }
    } catch [TenantscopeModuleException] { Send-Failed $_.Exception.Problem } catch {
        Send-Failed @{ kind = 'module_broken'; type = (Get-ProblemType $_); version = '' }
    }

    while ($true) {
        $line = Read-EngineLine
        switch (Get-NodeText $line 't') {
            'connect' {
                try {
                    Connect-VendorModule $service $line $connectParameters
                    Send-Frame 'connected' @{}
                } catch { Send-Failed (Get-Problem $_ $licence) }
            }
            'read' {
                try { Send-Frame 'rows' @{ rows = @(Read-VendorCmdlet $line) } } catch { Send-Failed (Get-Problem $_ $licence) }
            }
        }
    }
}
