param($Evidence, $Context)
$source = 'graph/policies/authorizationPolicy'
$levels = @{
    'a0b1b346-4d3e-4e8b-98f8-753987be4970' = @{ name = 'same access as members'; limited = $false }
    '10dae51f-b6af-4016-8d66-8c2a99b929b3' = @{ name = 'limited access'; limited = $true }
    '2af84b1e-32c8-42b7-82bc-daa82404023b' = @{ name = 'own objects only'; limited = $true }
}
$role = (Read-String $Evidence.$source 'guestUserRoleId' -Of $source).Trim()
if (-not $levels.ContainsKey($role)) { Stop-UnexpectedData $source 'guestUserRoleId' 'the value is none that is known' }
$level = $levels[$role]
$finding = New-Finding -ResourceId 'authorizationPolicy' -ResourceName 'Authorization policy' -Property 'guestUserRoleId' `
    -Expected 'limited access, or own objects only' -Actual "$($level.name) ($role)" -Compliant $level.limited
if ($level.limited) { return New-Verdict pass "Guest access to the directory is restricted: $($level.name)." $finding }
New-Verdict fail 'Guests see as much of the directory as members do.' $finding
