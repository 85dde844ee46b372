# The report on which methods people registered (source graph/reports/authenticationMethods/userRegistrationDetails).

$registrationSource = 'graph/reports/authenticationMethods/userRegistrationDetails'

# The rows of members. Very old accounts have no user type and are members; a kind we do not know is nobody's guess.
function Get-RegisteredMembers {
    param([Parameter(Position = 0)]$Evidence)
    $rows = Get-Rows $Evidence $registrationSource
    $members = $rows.Where({
            $type = Read-NullableString $_ 'userType' -Of $registrationSource
            if ($null -ne $type -and $type -notin 'member', 'guest') { Stop-UnexpectedData $registrationSource 'userType' 'the value is none that is known' }
            $type -ne 'guest' })
    , @($members)
}

# A member of the report by id, or by the sign-in name where the row has none.
function Get-RegisteredId {
    param([Parameter(Position = 0)]$Member)
    if (Test-Property $Member 'id') { Read-String $Member 'id' -Of $registrationSource } else { Read-String $Member 'userPrincipalName' -Of $registrationSource }
}

# The ids and sign-in names of accounts that are switched off, when graph/users was read. The report leaves them out, but
# a day late.
function Get-DisabledAccounts {
    param([Parameter(Position = 0)]$Evidence)
    $disabled = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    if (Test-Source $Evidence 'graph/users') {
        $users = Get-Rows $Evidence 'graph/users'
        # A tenant without accounts has nobody in the report either: then they were not shown.
        if (-not $users.Count) { Stop-UnexpectedData 'graph/users' '' 'expected at least one account, found none' }
        foreach ($user in $users) {
            if ((Read-NullableBoolean $user 'accountEnabled' -Of 'graph/users') -ne $false) { continue }
            foreach ($name in 'id', 'userPrincipalName') { if ((Test-Property $user $name) -and $user.$name -is [string]) { [void]$disabled.Add($user.$name) } }
        }
    }
    , $disabled
}
