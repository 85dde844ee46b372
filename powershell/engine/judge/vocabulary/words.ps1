# Words that the messages of many verdicts share.

# 'a, b, c' or 'a, b, c and 4 more': a message is one sentence, the findings hold the whole list.
function Format-NameList {
    param([Parameter(Position = 0)][object[]]$Names, [int]$AtMost = 3)
    $list = @($Names)
    if ($list.Count -le $AtMost) { return $list -join ', ' }
    "$($list[0..($AtMost - 1)] -join ', ') and $($list.Count - $AtMost) more"
}

# One sentence of several statements: 'a; b' becomes 'A; b.'.
function Format-Sentence {
    param([Parameter(Position = 0)][string[]]$Statements, [string]$With = '; ')
    $text = $Statements -join $With
    "$($text.Substring(0, 1).ToUpperInvariant())$($text.Substring(1))."
}
