# Lines from the host. The end of the input means that the host is gone: the process then ends at once,
# also while the engine's own thread is busy.

# -LifelineLater: until Start-Lifeline is called, only a read that is waited for notices the end.
function Open-HostLines {
    param([switch]$LifelineLater)
    $reader = [IO.StreamReader]::new([Console]::OpenStandardInput(), [Text.UTF8Encoding]::new($false))
    # [Console]::In would block in ReadLineAsync; a reader of our own gives a true task.
    @{ reader = $reader; ended = ($LifelineLater ? $null : (New-EndOfInputAction)); task = $null }
}

function Start-Lifeline {
    param($Lines)
    $Lines.ended = New-EndOfInputAction
    [void]$Lines.task.ContinueWith($Lines.ended)
}

# A compiled delegate, because a script block cannot run on a thread without a runspace:
# line => { if (line.Status == RanToCompletion && line.Result == null) Environment.Exit(70) }
function New-EndOfInputAction {
    $line = [Linq.Expressions.Expression]::Parameter([Threading.Tasks.Task[string]], 'line')
    $completed = [Linq.Expressions.Expression]::Equal(
        [Linq.Expressions.Expression]::Property($line, 'Status'),
        [Linq.Expressions.Expression]::Constant([Threading.Tasks.TaskStatus]::RanToCompletion))
    $nothing = [Linq.Expressions.Expression]::Equal(
        [Linq.Expressions.Expression]::Property($line, 'Result'), [Linq.Expressions.Expression]::Constant($null, [string]))
    $exit = [Linq.Expressions.Expression]::Call([Environment].GetMethod('Exit'), [Linq.Expressions.Expression]::Constant(70))
    $body = [Linq.Expressions.Expression]::IfThen([Linq.Expressions.Expression]::AndAlso($completed, $nothing), $exit)
    [Linq.Expressions.Expression]::Lambda([Action[Threading.Tasks.Task[string]]], $body, [Linq.Expressions.ParameterExpression[]]@($line)).Compile()
}

function Start-HostLine {
    param($Lines)
    $Lines.task = $Lines.reader.ReadLineAsync()
    if ($null -ne $Lines.ended) { [void]$Lines.task.ContinueWith($Lines.ended) }
}

# .NET's strict parser: a line may hold a token, and a cmdlet parameter may be recorded by module logging.
function ConvertFrom-HostLine {
    param([string]$Line)
    try { $node = [Text.Json.Nodes.JsonNode]::Parse($Line) } catch { return $null }
    if ($node -isnot [Text.Json.Nodes.JsonObject]) { return $null }
    , $node   # a JsonObject is enumerable: without the comma it would fall apart
}

function Get-NodeText {
    param($Node, [string]$Name)
    $value = $Node[$Name]
    if ($null -eq $value -or $value.GetValueKind() -ne [Text.Json.JsonValueKind]::String) { return $null }
    $value.GetValue[string]()
}

function Get-NodeNumber {
    param($Node, [string]$Name)
    $value = $Node[$Name]
    if ($null -eq $value -or $value.GetValueKind() -ne [Text.Json.JsonValueKind]::Number) { return $null }
    $value.GetValue[double]()
}
