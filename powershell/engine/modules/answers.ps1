# What a child says, and what its words mean for the sources that it reads.

function Receive-ModuleLine {
    param($Entry)
    $reader = $Entry.reader
    if (-not [object]::ReferenceEquals($reader.child, $Entry.child)) { return }   # of a child that was ended meanwhile
    $reader.child.entry = $null
    $name = $reader.declaration['name']
    $line = if ($Entry.task.IsCompletedSuccessfully) { $Entry.task.Result }
    if ($null -eq $line) {
        Stop-ModuleService $reader (New-ModuleProblem 'unavailable' 'module_ended' "The process of the module $name ended before it had answered.")
        return
    }
    Wait-ModuleLine $reader
    $at = $line.IndexOf($reader.child.mark, [StringComparison]::Ordinal)
    if ($at -lt 0) { return }   # whatever a module prints
    try { Resolve-ModuleFrame $reader $line.Substring($at + $reader.child.mark.Length) } catch {
        $problem = $_.Exception.GetBaseException().GetType().Name
        Send-Log 'error' "The engine stumbled over the answer of the module $name ($problem at $([IO.Path]::GetFileName($_.InvocationInfo.ScriptName)):$($_.InvocationInfo.ScriptLineNumber))."
        Stop-ModuleService $reader (New-ModuleProblem 'unavailable' 'engine_error' "The engine could not read the answer of the module ($problem). Please report this.")
    }
}

function Resolve-ModuleFrame {
    param($Reader, [string]$Json)
    $frame = ConvertFrom-JsonText $Json
    $type = "$(Get-Field $frame 't')"
    $expected = @{ starting = 'imported', 'failed'; connecting = 'connected', 'failed'; reading = 'rows', 'failed' }[$Reader.phase]
    if ($type -notin $expected) { Send-Log 'warn' "A frame of the module of $($Reader.service.name) came at the wrong time: ignored."; return }
    $Reader.deadlineMs = 0
    switch ($type) {
        'imported' {
            Send-Log 'info' "$($Reader.service.name) is read through $($Reader.declaration['name']) $(Get-Field $frame 'version')."
            $Reader.phase = 'imported'
        }
        'connected' { $Reader.phase = 'connected' }
        'rows' {
            $item = $Reader.current
            $Reader.current = $null
            $Reader.phase = 'connected'
            Complete-ModuleRead $item (Get-Field $frame 'rows')
        }
        'failed' { Resolve-ModuleFailure $Reader "$(Get-Field $frame 'kind')" "$(Get-Field $frame 'type')" "$(Get-Field $frame 'version')" }
    }
}

function Complete-ModuleRead {
    param($Item, $Rows)
    if ($Item.kind -eq 'single' -and @($Rows).Count -ne 1) {
        Stop-Unit $Item.unit (New-Failure 'unavailable' 'unexpected_shape' "$($Item.call.cmdlet) gave $(@($Rows).Count) objects where one is expected.")
        return
    }
    Complete-Unit $Item.unit ($Item.kind -eq 'single' ? $Rows[0] : @($Rows))
}

function Resolve-ModuleFailure {
    param($Reader, [string]$Kind, [string]$Type, [string]$Version)
    $item = $Reader.current
    # Both at connecting and at reading: a token that has become too old gets one successor.
    if ($Kind -eq 'unauthorized' -and (Request-ModuleTokens $Reader $item)) { return }
    if ($null -eq $item) { Stop-ModuleService $Reader (Get-ModuleServiceProblem $Reader $Kind $Type $Version); return }
    $Reader.current = $null
    $Reader.phase = 'connected'
    Stop-Unit $item.unit (Get-ModuleReadFailure $item.call.cmdlet $Kind $Type)
}

function Request-ModuleTokens {
    param($Reader, $Item)
    if ($null -ne $Item ? $Item.refreshed : $Reader.reconnected) { return $false }
    if ($null -ne $Item) {
        $Item.refreshed = $true
        $Reader.queue.Insert(0, $Item)
        $Reader.current = $null
    } else { $Reader.reconnected = $true }
    foreach ($name in $Reader.tokens) { if ($engine.services[$name].token.state -eq 'ready') { Request-Token $engine.services[$name] $true } }
    $Reader.phase = 'imported'
    $true
}

# Before the first read: what is wrong with the module or its connection is wrong for all sources of the service.
function Get-ModuleServiceProblem {
    param($Reader, [string]$Kind, [string]$Type, [string]$Version)
    $module = $Reader.declaration
    $service = $Reader.service.name
    $hint = "Install it (powershell/Install-Modules.ps1 -Service $service), say where it is (modulePath), or read $service over its own interface (transport rest)."
    switch ($Kind) {
        'module_missing' { return New-ModuleProblem 'not_supported' 'module_missing' "The PowerShell module $($module['name']) is not installed where the engine looks. $hint" }
        'module_too_old' { return New-ModuleProblem 'not_supported' 'module_too_old' "The PowerShell module $($module['name']) $Version is too old: $($module['minimumVersion']) or later is needed. $hint" }
        'module_broken' { return New-ModuleProblem 'not_supported' 'module_broken' "The PowerShell module $($module['name']) $Version is installed but cannot be loaded ($Type). $hint" }
    }
    $failure = Get-ModuleReadFailure "The connection of $($module['name'])" $Kind $Type
    $failure.error['message'] = "The module could not connect to ${service}: $($failure.error['message'])"
    # The permissions of the sources are the remedy of a connection that is refused, too.
    @{ state = $failure.state; error = $failure.error }
}

# The same states as the service's own interface would lead to. The words are the engine's; of the module's only the kind of error.
function Get-ModuleReadFailure {
    param([string]$What, [string]$Kind, [string]$Type)
    $label = if ($Type) { " ($Type)" } else { '' }
    switch ($Kind) {
        'denied' { return New-Failure 'denied' 'forbidden' "$What was refused$label." 403 }
        # A role that does not allow a cmdlet and a licence that does not bring it look alike: decided like a refusal without words.
        'not_available' { return New-Failure 'denied' 'cmdlet_not_available' "$What is not available to this app." 403 }
        'unauthorized' { return New-Failure 'denied' 'unauthorized' "$What was refused, also with a new token$label." 401 }
        'unlicensed' { return New-Failure 'unlicensed' 'no_licence' "$What says that the tenant has no licence for this." }
        'throttled' { return New-Failure 'throttled' 'throttled' "$What was asked to slow down$label." }
        'timeout' { return New-Failure 'timeout' 'call_timeout' "$What did not answer in time$label." }
        'network' { return New-Failure 'unavailable' 'network' "$What had no connection$label." }
        'truncated' { return New-Failure 'unavailable' 'truncated' "$What cut the list short." }
        'partial' { return New-Failure 'unavailable' 'cmdlet_error' "$What reported errors beside its data: the answer may be incomplete$label." }
        'unexpected_shape' { return New-Failure 'unavailable' 'unexpected_shape' "$What gave data of an unexpected shape." }
    }
    New-Failure 'unavailable' 'module_error' "$What failed$label."
}
