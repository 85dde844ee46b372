param($Evidence, $Context)
$source = 'graph/directoryRoles(roleTemplateId)/members'
$globalAdministrator = '62e90394-69f5-4237-9190-012177145e10'
$found = New-MemberSet
Add-Members $Evidence (Get-Rows $Evidence $source) $source $found
# Nobody at all in Global Administrator is no tenant one can administer: the list was not read properly, or everybody
# is only eligible through PIM, which this list does not show.
if (-not $found.users.Count -and -not $found.servicePrincipals.Count) {
    Stop-UnexpectedData $source '' 'expected at least one member of Global Administrator, found none'
}

# People are counted once, however many ways lead to the role. A service principal is not a person who could help out.
$count = $found.users.Count
$enough = $count -ge 2 -and $count -le 4
$findings = @(
    New-Finding -ResourceId $globalAdministrator -ResourceName 'Global Administrator' -Property 'number of users' -Expected '2 to 4' -Actual $count -Compliant $enough
    # The holders are told for the one who has to choose among them: it is their number that is wrong, not one of them.
    foreach ($id in $found.users.Keys) {
        New-Finding -ResourceId $id -ResourceName (Get-PrincipalName $found.users[$id] $id) -Property 'role' -Expected 'for information' -Actual 'Global Administrator' -Compliant $true
    }
    foreach ($id in $found.servicePrincipals.Keys) {
        New-Finding -ResourceId $id -ResourceName (Get-PrincipalName $found.servicePrincipals[$id] $id) -Property 'role' -Expected 'for information' -Actual 'Global Administrator (service principal, not counted)' -Compliant $true
    }
)
if ($enough) { return New-Verdict pass "$count users hold Global Administrator." $findings }
if (-not $count) { return New-Verdict fail 'No user holds Global Administrator, only service principals do; two to four people should.' $findings }
if ($count -eq 1) { return New-Verdict fail 'Only one user holds Global Administrator; two to four should, so that nobody is locked out when that account fails.' $findings }
New-Verdict fail "$count users hold Global Administrator; at most four should." $findings
