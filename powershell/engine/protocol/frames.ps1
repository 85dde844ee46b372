# Frames to the host: 0x1E, the job's nonce, a space, one JSON object, LF. They go to the raw standard output, taken before
# anything else may write there; from then on whatever PowerShell prints lands on standard error.

. ([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'json.ps1'))

function Open-FrameChannel {
    $frames = @{ stream = [Console]::OpenStandardOutput(); writer = $null; mark = ''; sequence = 0; clock = [Diagnostics.Stopwatch]::StartNew() }
    $frames.writer = [IO.StreamWriter]::new($frames.stream, [Text.UTF8Encoding]::new($false), 16384)
    $frames.writer.NewLine = "`n"
    [Console]::SetOut([Console]::Error)
    $frames
}

# The cmdlets used belong to one assembly: loading it by name skips the search for modules, which costs more than it.
function Import-UtilityCmdlets {
    Import-Module -Assembly ([Reflection.Assembly]::Load('Microsoft.PowerShell.Commands.Utility')) -DisableNameChecking -Global
}

# $Fields: made for this frame alone.
function Send-Frame {
    param([string]$Type, $Fields)
    $frame = $Fields
    if ($Fields -isnot [Collections.Specialized.OrderedDictionary]) {
        $frame = [ordered]@{}
        foreach ($name in $Fields.Keys) { $frame[$name] = $Fields[$name] }
    }
    $frame.Insert(0, 't', $Type)
    $frame.Insert(1, 'seq', ++$frames.sequence)
    $frames.writer.WriteLine($frames.mark + (ConvertTo-JsonText $frame))
    $frames.writer.Flush()
}

function Get-ElapsedMs { $frames.clock.ElapsedMilliseconds }

# Log text is the engine's own: never a token, a header, a body or a whole error record.
function Send-Log {
    param([ValidateSet('debug', 'info', 'warn', 'error')][string]$Level, [string]$Message)
    Send-Frame 'log' @{ level = $Level; message = $Message }
}

# The last frame and the end of the process. An exit code proves nothing to the host; the frame does.
function Complete-Job {
    param([ValidateSet('completed', 'cancelled', 'timed_out', 'failed')][string]$Outcome, $Problem)
    Import-UtilityCmdlets
    $process = [Diagnostics.Process]::GetCurrentProcess()
    $fields = [ordered]@{
        outcome = $Outcome; ms = (Get-ElapsedMs); checks = $totals.checks; sources = $totals.sources; requests = $totals.requests
        peakMb = [Math]::Round($process.PeakWorkingSet64 / 1MB); cpuMs = [Math]::Round($process.TotalProcessorTime.TotalMilliseconds - $totals['cpuMsBefore'])
    }
    if ($null -ne $Problem) { $fields['error'] = $Problem }
    Send-Frame 'done' $fields
    Exit-Engine (@{ completed = 0; cancelled = 3; timed_out = 4; failed = 1 }[$Outcome])
}

function Exit-Engine { param([int]$Code) [Environment]::Exit($Code) }
