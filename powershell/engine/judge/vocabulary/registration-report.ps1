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

# The ids of accounts that are switched off, when graph/users was read. The report leaves them out, but a day late.
function Get-DisabledAccountIds {
    param([Parameter(Position = 0)]$Evidence)
    $disabled = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    if (Test-Source $Evidence 'graph/users') {
        foreach ($user in (Get-Rows $Evidence 'graph/users')) {
            if ((Read-NullableBoolean $user 'accountEnabled' -Of 'graph/users') -eq $false) { [void]$disabled.Add((Read-String $user 'id' -Of 'graph/users')) }
        }
    }
    , $disabled
}
