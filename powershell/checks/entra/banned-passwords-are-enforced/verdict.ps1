param($Evidence, $Context)
$about = @{ ResourceId = 'passwordRuleSettings'; ResourceName = 'Password protection' }
$rules = Find-PasswordRules $Evidence
if ($null -eq $rules) {
    $none = New-Finding @about -Property 'settings' -Expected 'own banned words enforced' -Actual 'none saved' -Compliant $false
    return New-Verdict fail "The organisation bans no words of its own in passwords: $noPasswordRules." $none
}
$enforced = Read-PasswordRuleSwitch $rules 'EnableBannedPasswordCheck'
# Words are separated by tabs. How many there are is told, never which: the list would help whoever guesses.
$words = @((Read-PasswordRule $rules 'BannedPasswordList' -NullIsEmpty).Split("`t").Trim().Where({ $_ }) | Sort-Object -Unique).Count
$counted = "$words word$(if ($words -ne 1) { 's' })"
$findings = @(
    New-Finding @about -Property 'EnableBannedPasswordCheck' -Expected $true -Actual $enforced -Compliant $enforced
    New-Finding @about -Property 'BannedPasswordList' -Expected 'at least one word' -Actual $counted -Compliant ($words -gt 0)
)
if ($enforced -and $words) { return New-Verdict pass "The tenant refuses passwords made from $counted of its own." $findings }
if ($enforced) { return New-Verdict fail 'The tenant enforces its own list of banned words, but the list is empty.' $findings }
New-Verdict fail "The tenant does not enforce a list of banned words of its own$(if ($words) { ", although it has one with $counted" })." $findings
