# The files of the judging in the order they are loaded: the words that several verdicts share, one file per topic, come first.

function Get-JudgingFiles {
    [IO.Directory]::GetFiles([IO.Path]::Combine($PSScriptRoot, 'vocabulary'), '*.ps1')
    [IO.Path]::Combine($PSScriptRoot, 'messages.ps1')
    [IO.Path]::Combine($PSScriptRoot, 'results.ps1')
}
