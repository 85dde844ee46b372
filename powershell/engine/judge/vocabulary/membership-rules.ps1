# What the membership rule of a dynamic group says, without guessing at its layout: spaces, casing, either kind of
# quotes, an optional hyphen before an operator, and any further clauses.

# The words of a rule. Text in quotes is one word and keeps its quotes, so that nothing inside it reads as a clause.
function Split-MembershipRule {
    param([Parameter(Position = 0)][string]$Rule)
    $words = [regex]::Matches($Rule, '"(?:`.|[^"`])*"|''(?:`.|[^''`])*''|[()\[\],]|[^\s()\[\],"'']+')
    , [string[]]@($words.ForEach({ $_.Value }))
}

# Does the rule equate user.userType with Guest? A clause under a negation says the opposite.
function Test-RuleCollectsGuests {
    param([Parameter(Position = 0)][string]$Rule)
    $words = Split-MembershipRule $Rule
    $outer = [Collections.Generic.Stack[bool]]::new()
    $negated = $false   # of the bracket we are in
    $next = $false      # a "not" that waits for its clause
    for ($at = 0; $at -lt $words.Count; $at++) {
        $word = $words[$at]
        if ($word -eq '(') { $outer.Push($negated); $negated = $negated -xor $next; $next = $false }
        elseif ($word -eq ')') { if ($outer.Count) { $negated = $outer.Pop() } }
        elseif ($word -in '-not', 'not') { $next = -not $next }
        elseif ($word -in '-and', 'and', '-or', 'or') { $next = $false }
        elseif ($word -eq 'user.userType') {
            $operator = $at + 1 -lt $words.Count ? $words[$at + 1].TrimStart('-') : ''
            $value = $at + 2 -lt $words.Count ? $words[$at + 2] : ''
            # -in with a list that holds nothing but Guest is the same comparison.
            if ($operator -in 'in', 'notIn' -and $value -eq '[' -and $at + 4 -lt $words.Count -and $words[$at + 4] -eq ']') { $value = $words[$at + 3] }
            $guest = $value.Length -gt 2 -and $value[0] -in '"', "'" -and $value.Substring(1, $value.Length - 2).Trim() -eq 'Guest'
            $opposite = $negated -xor $next
            if ($guest -and (($operator -in 'eq', 'in' -and -not $opposite) -or ($operator -in 'ne', 'notIn' -and $opposite))) { return $true }
            $next = $false
        }
    }
    $false
}
