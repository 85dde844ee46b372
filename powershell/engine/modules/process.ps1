# The child processes of modules. Nothing secret is in their arguments or environment; they end with the engine, whatever ends it.

function Start-ModuleChild {
    param($Reader)
    $module = $Reader.declaration
    $child = @{
        process = $null; entry = $null; mark = [string][char]30; nonce = [Convert]::ToHexString([Security.Cryptography.RandomNumberGenerator]::GetBytes(16))
        folder = [IO.Path]::Combine([IO.Path]::GetTempPath(), "tenantscope-module-$([guid]::NewGuid().ToString('N'))"); onExit = $null
    }
    $child.mark += "$($child.nonce) "
    [void][IO.Directory]::CreateDirectory($child.folder)
    if (-not $IsWindows) { [IO.File]::SetUnixFileMode($child.folder, [IO.UnixFileMode]'UserRead, UserWrite, UserExecute') }
    $Reader.child = $child
    $child.process = [Diagnostics.Process]::Start((New-ModuleStartInfo $child.folder))
    $child.onExit = New-ExitHandler $child.process $child.folder
    [AppDomain]::CurrentDomain.add_ProcessExit($child.onExit)
    $Reader.phase = 'starting'
    $Reader.deadlineMs = (Get-ElapsedMs) + [Math]::Max($moduleStartMs, $engine.job.limits.sourceTimeoutMs)
    $start = [ordered]@{
        t = 'start'; nonce = $child.nonce; service = $Reader.service.name; module = $module['name']; minimumVersion = $module['minimumVersion']
        modulePath = @($engine.job.modulePath); connect = $module['clouds'][$engine.job.cloud]; commands = @(Get-ModuleCommands $Reader.service.name)
        licencePattern = $licenceMarkers.ToString(); proxyUrl = $engine.job.network.proxyUrl
    }
    Send-ModuleLine $Reader (ConvertTo-Json -InputObject $start -Compress -Depth 10)
    Wait-ModuleLine $Reader
}

# Cmdlets that the plan of this scan needs: the only ones that the child will run.
function Get-ModuleCommands {
    param([string]$Service)
    $names = [Collections.Generic.List[string]]::new()
    foreach ($declaration in $engine.plan.sources.Values) {
        if ($null -eq $declaration -or $declaration['service'] -ne $Service -or $declaration['notSupported']) { continue }
        $call = Get-ModuleCall $declaration
        if ($null -ne $call -and -not $names.Contains($call.cmdlet)) { $names.Add($call.cmdlet) }
    }
    $names.ToArray()
}

# The engine's own PowerShell once more. `dotnet pwsh.dll` is started as such: a shim of a .NET tool would outlive its end.
function New-ModuleStartInfo {
    param([string]$Folder)
    $info = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
    if ([IO.Path]::GetFileNameWithoutExtension([Environment]::ProcessPath) -eq 'dotnet') { $info.ArgumentList.Add([IO.Path]::Combine($PSHOME, 'pwsh.dll')) }
    foreach ($argument in '-NoProfile', '-NonInteractive', '-File', [IO.Path]::Combine($PSScriptRoot, 'child', 'Start-Child.ps1')) { $info.ArgumentList.Add($argument) }
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardInput = $true
    $info.RedirectStandardOutput = $true   # standard error stays the engine's: nobody reads it, so nobody may wait for it
    $info.StandardInputEncoding = [Text.UTF8Encoding]::new($false)
    $info.StandardOutputEncoding = [Text.UTF8Encoding]::new($false)
    $info.WorkingDirectory = $Folder
    foreach ($name in 'TMPDIR', 'TEMP', 'TMP') { $info.Environment[$name] = $Folder }
    # Modules that would call home, or look for newer versions of themselves.
    $info.Environment['PNPPOWERSHELL_UPDATECHECK'] = 'false'
    $info.Environment['PNPPOWERSHELL_DISABLETELEMETRY'] = 'true'
    if ($engine.job.network.caFile -and -not $info.Environment['SSL_CERT_FILE']) { $info.Environment['SSL_CERT_FILE'] = $engine.job.network.caFile }
    $info
}

# Environment.Exit ends the engine from any thread (cancelled, done, host gone): the child's whole tree goes first, then its folder.
# Compiled, because a script block cannot run on a thread without a runspace.
function New-ExitHandler {
    param([Diagnostics.Process]$Process, [string]$Folder)
    $whole = [Linq.Expressions.Expression]::Constant($true)
    $target = [Linq.Expressions.Expression]::Constant($Process)
    $steps = @(
        [Linq.Expressions.Expression]::Call($target, [Diagnostics.Process].GetMethod('Kill', [type[]]@([bool])), $whole)
        [Linq.Expressions.Expression]::Block([void], [Linq.Expressions.Expression]::Call($target, [Diagnostics.Process].GetMethod('WaitForExit', [type[]]@([int])), [Linq.Expressions.Expression]::Constant(1000)))
        [Linq.Expressions.Expression]::Call([IO.Directory].GetMethod('Delete', [type[]]@([string], [bool])), [Linq.Expressions.Expression]::Constant($Folder), $whole)
    )
    $safe = foreach ($step in $steps) { [Linq.Expressions.Expression]::TryCatch($step, [Linq.Expressions.Expression]::Catch([Exception], [Linq.Expressions.Expression]::Empty())) }
    $parameters = [Linq.Expressions.ParameterExpression[]]@([Linq.Expressions.Expression]::Parameter([object], 'sender'), [Linq.Expressions.Expression]::Parameter([EventArgs], 'arguments'))
    [Linq.Expressions.Expression]::Lambda([EventHandler], [Linq.Expressions.Expression]::Block([Linq.Expressions.Expression[]]$safe), $parameters).Compile()
}

# Safe to call again, and when nothing was started.
function Stop-ModuleChild {
    param($Reader)
    $Reader.phase = 'idle'
    $Reader.deadlineMs = 0
    $child = $Reader.child
    if ($null -eq $child) { return }
    $Reader.child = $null
    if ($null -ne $child.entry) { [void]$engine.live.Remove($child.entry) }
    if ($null -eq $child.process) { [IO.Directory]::Delete($child.folder, $true); return }   # it could not be started
    $child.onExit.Invoke($null, $null)
    [AppDomain]::CurrentDomain.remove_ProcessExit($child.onExit)
}

# A child that has gone is noticed by the end of its output, not here.
function Send-ModuleLine {
    param($Reader, [string]$Line)
    try {
        $Reader.child.process.StandardInput.Write($Line + "`n")
        $Reader.child.process.StandardInput.Flush()
    } catch [IO.IOException] { Send-Log 'debug' "A line to the module of $($Reader.service.name) was not taken." }
}

# The next line of the child becomes one more task of the loop.
function Wait-ModuleLine {
    param($Reader)
    $Reader.child.entry = @{
        task = $Reader.child.process.StandardOutput.ReadLineAsync(); receive = 'Receive-ModuleLine'; reader = $Reader; child = $Reader.child; calls = @()
        cancellation = [Threading.CancellationTokenSource]::new()
    }
    $engine.live.Add($Reader.child.entry)
}
