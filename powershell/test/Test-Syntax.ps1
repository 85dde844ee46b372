# What the static tests ask of PowerShell's own parser: one JSON line per file, { file, errors, indexed, commands }.
# indexed: element access by a constant name, which gives $null for a name that is absent.
param([Parameter(Mandatory)][string]$Root)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
foreach ($path in [IO.Directory]::GetFiles($Root, '*.ps1', 'AllDirectories')) {
    $relative = [IO.Path]::GetRelativePath($Root, $path).Replace('\', '/')
    if ($relative.StartsWith('node_modules/')) { continue }
    $tokens = $null
    $errors = $null
    $tree = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
    $indexed = @($tree.FindAll({ param($node) $node -is [Management.Automation.Language.IndexExpressionAst] -and $node.Index -is [Management.Automation.Language.StringConstantExpressionAst] }, $true))
    $commands = @($tree.FindAll({ param($node) $node -is [Management.Automation.Language.CommandAst] }, $true)).ForEach({ $_.GetCommandName() }).Where({ $_ })
    $lists = @($tree.FindAll({ param($node) $node -is [Management.Automation.Language.ArrayExpressionAst] }, $true)).Where({
            $_.SubExpression.Statements.Count -eq 1 -and $_.SubExpression.Extent.Text -match '^\s*(Get-Rows|Read-List|Read-StringList)\b' })
    $piped = @($tree.FindAll({ param($node) $node -is [Management.Automation.Language.PipelineAst] -and $node.PipelineElements.Count -gt 1 }, $true)).Where({
            $_.PipelineElements[0].Extent.Text -match '^\s*(Get-Rows|Read-List|Read-StringList)\b' })
    [Console]::Out.WriteLine((ConvertTo-Json -Compress -InputObject @{
                file = $relative; errors = @(@($errors).ForEach({ "$($_.Extent.StartLineNumber): $($_.Message)" }))
                indexed = @($indexed.ForEach({ "$($_.Extent.StartLineNumber): $($_.Extent.Text)" })); commands = @($commands | Sort-Object -Unique)
                unrolled = @(@($lists) + @($piped)).ForEach({ "$($_.Extent.StartLineNumber): $($_.Extent.Text)" })
                functions = @(@($tree.FindAll({ param($node) $node -is [Management.Automation.Language.FunctionDefinitionAst] }, $true)).ForEach({ @{ name = $_.Name; lines = $_.Extent.EndLineNumber - $_.Extent.StartLineNumber + 1 } }))
                lines = $tree.Extent.EndLineNumber
            }))
}
