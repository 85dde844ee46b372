# What an access review looks at and how. A definition says whom it concerns by the text of its queries.

$reviewSource = 'graph/identityGovernance/accessReviews/definitions'

function New-ReviewGap {
    param([string]$Property, $Expected, $Actual, [string]$Text)
    @{ property = $Property; expected = $Expected; actual = $Actual; text = $Text }
}

# The queries of a scope, whatever its kind (the kind need not be named): rows of @{ place; query; inactive }. Escapes are
# undone, because the same query is written with spaces, plus signs or percent signs.
function Get-ScopeQueries {
    param([Parameter(Position = 0)]$Scope, [Parameter(Position = 1)][string]$Place)
    $of = "$reviewSource $Place"
    if ($null -eq $Scope) { return , @() }
    $rows = [Collections.Generic.List[object]]::new()
    $known = $false
    if (Test-Property $Scope 'query') {
        $known = $true
        $query = Read-NullableString $Scope 'query' -Of $of
        # A scope of inactive people has the query of an ordinary one: only the time says that it leaves people out.
        $inactive = (Test-Property $Scope 'inactiveDuration') -and $null -ne $Scope.inactiveDuration
        if ($query) { $rows.Add(@{ place = $Place; query = [uri]::UnescapeDataString($query.Replace('+', ' ')); inactive = $inactive }) }
    }
    foreach ($part in 'principalScopes', 'resourceScopes') {
        if (-not (Test-Property $Scope $part)) { continue }
        $known = $true
        foreach ($inner in (Read-List $Scope $part -Of $of -NullIsEmpty)) {
            if ($null -eq $inner) { Stop-UnexpectedData $of $part 'expected scopes, found null among them' }
            $rows.AddRange((Get-ScopeQueries $inner $part))
        }
    }
    if (-not $known) { Stop-UnexpectedData $of '' 'a scope without query, principalScopes and resourceScopes is not known' }
    , $rows.ToArray()
}

function Get-ReviewQueries {
    param([Parameter(Position = 0)]$Definition)
    $scope = Get-ScopeQueries (Read-Property $Definition 'scope' -Of $reviewSource) 'scope'
    $instances = if (Test-Property $Definition 'instanceEnumerationScope') { Get-ScopeQueries $Definition.instanceEnumerationScope 'instanceEnumerationScope' } else { , @() }
    , @($scope; $instances)
}

function Test-GuestQuery {
    param([Parameter(Position = 0)][string]$Query)
    $Query -match '(?<!\bnot\s*\(?\s*)\buserType\s+eq\s+([''"])guest\1'
}

# The role (template id) that a query names, or nothing.
function Get-QueryRole {
    param([Parameter(Position = 0)][string]$Query)
    if ($Query -match '\bdirectory/roleDefinitions(?:/|\('')([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f-])') { $Matches[1].ToLowerInvariant() }
}

# Is the query all of a kind (`users`, `groups`), with no filter that leaves some out?
function Test-WholeKind {
    param([Parameter(Position = 0)]$Row, [Parameter(Position = 1)][string]$Kind)
    if ($Row.inactive) { return $false }
    $path, $options = $Row.query.Trim().Split('?', 2)
    $path -match "^(?:https://[^/]+)?/?(?:v1\.0/|beta/)?$Kind/?$" -and "$options" -notmatch '\$(?:filter|search|top|skip)'
}

function Get-ReviewStateGaps {
    param([Parameter(Position = 0)]$Definition)
    # A recurring series stays InProgress between its rounds as well.
    $status = Read-String $Definition 'status' -Of $reviewSource
    if ($status -eq 'InProgress') { return , @() }
    , @(New-ReviewGap 'status' 'InProgress' $status "it is not running ($status)")
}

# At least monthly. -Monthly: the pattern types that count as monthly; a weekly one counts up to every fourth week.
function Get-RecurrenceGaps {
    param([Parameter(Position = 0)]$Settings, [string[]]$Monthly)
    $of = "$reviewSource settings.recurrence"
    $recurrence = Read-NullableObject $Settings 'recurrence' -Of "$reviewSource settings"
    $pattern = if ($null -ne $recurrence) { Read-NullableObject $recurrence 'pattern' -Of $of } else { $null }
    $property = 'settings.recurrence.pattern'
    if ($null -eq $pattern) { return , @(New-ReviewGap $property 'weekly or monthly' 'none' 'it runs only once') }
    $type = Read-String $pattern 'type' -Of "$of.pattern"
    if ($type -eq 'unknownFutureValue') { Stop-UnexpectedData "$of.pattern" 'type' 'the value is none that is known' }
    if ($type -ne 'weekly' -and $type -notin $Monthly) { return , @(New-ReviewGap $property 'weekly or monthly' $type "its recurrence is $type") }
    $interval = Read-Integer $pattern 'interval' -Of "$of.pattern"
    if ($interval -lt 1) { Stop-UnexpectedData "$of.pattern" 'interval' 'expected at least 1' }
    if ($interval -le ($type -eq 'weekly' ? 4 : 1)) { return , @() }
    , @(New-ReviewGap $property 'at least once a month' "$type, every $interval" 'it runs less often than every month')
}

# What happens when nobody answers. A default decision that is switched off is none, whatever it is set to.
function Get-DefaultDecisionGaps {
    param([Parameter(Position = 0)]$Settings, [Parameter(Position = 1)][string]$Wanted)
    $of = "$reviewSource settings"
    $enabled = Read-Boolean $Settings 'defaultDecisionEnabled' -Of $of
    $decision = $enabled ? (Read-String $Settings 'defaultDecision' -Of $of) : 'None'
    if ($decision -eq $Wanted) { return , @() }
    $text = $Wanted -eq 'Deny' ? 'it does not remove access when nobody answers' : "it decides by itself ($decision) when nobody answers"
    , @(New-ReviewGap 'settings.defaultDecision' $Wanted ($enabled ? $decision : 'none (switched off)') $text)
}

# The settings that every review of the benchmark needs.
function Get-ReviewSettingsGaps {
    param([Parameter(Position = 0)]$Definition, [string]$Decision, [string[]]$Monthly)
    $settings = Read-Object $Definition 'settings' -Of $reviewSource
    $switches = [ordered]@{
        mailNotificationsEnabled = 'it sends no mail to reviewers'; reminderNotificationsEnabled = 'it sends no reminders'
        justificationRequiredOnApproval = 'it accepts approvals without a reason'; autoApplyDecisionsEnabled = 'it does not apply decisions by itself'
    }
    $gaps = @(
        foreach ($name in $switches.Keys) {
            if (-not (Read-Boolean $settings $name -Of "$reviewSource settings")) { New-ReviewGap "settings.$name" $true $false $switches[$name] }
        }
        (Get-RecurrenceGaps $settings -Monthly $Monthly)
        (Get-DefaultDecisionGaps $settings $Decision)
    )
    , $gaps
}

# The stages of a review with several; their reviewers and days then stand in for those of the definition.
function Read-ReviewStages {
    param([Parameter(Position = 0)]$Definition)
    if (-not (Test-Property $Definition 'stageSettings')) { return , @() }
    , (Read-List $Definition 'stageSettings' -Of $reviewSource -NullIsEmpty)
}

# Somebody else than the reviewed person decides: no reviewer at all means that people review themselves.
function Get-ReviewerGaps {
    param([Parameter(Position = 0)]$Definition)
    $stages = Read-ReviewStages $Definition
    $holders = if ($stages.Count) { $stages } else { , $Definition }
    foreach ($holder in $holders) {
        $reviewers = Read-List $holder 'reviewers' -Of $reviewSource -NullIsEmpty
        $named = $reviewers.Where({ $query = Read-NullableString $_ 'query' -Of "$reviewSource reviewers"; $query -and $query.Trim() })
        if (-not $named.Count) { return , @(New-ReviewGap 'reviewers' 'at least one' 'none (self review)' 'the administrators review themselves') }
    }
    , @()
}

function Get-DurationGaps {
    param([Parameter(Position = 0)]$Definition, [int]$AtMost)
    $stages = Read-ReviewStages $Definition
    $days = 0
    if ($stages.Count) { foreach ($stage in $stages) { $days += Read-Integer $stage 'durationInDays' -Of "$reviewSource stageSettings" } }
    else { $days = Read-Integer $Definition 'settings.instanceDurationInDays' -Of $reviewSource }
    if ($days -lt 1) { Stop-UnexpectedData $reviewSource 'settings.instanceDurationInDays' 'expected a number of days, found less than one' }
    if ($days -le $AtMost) { return , @() }
    , @(New-ReviewGap 'settings.instanceDurationInDays' "at most $AtMost" $days "a round takes $days days")
}

# The name of a review for people, and the id of its findings; each stands in for the other. They never decide a verdict.
function Get-ReviewName {
    param([Parameter(Position = 0)]$Definition)
    foreach ($name in 'displayName', 'id') { if ((Test-Property $Definition $name) -and $Definition.$name -is [string] -and $Definition.$name) { return $Definition.$name } }
    'unnamed'
}

function Get-ReviewId {
    param([Parameter(Position = 0)]$Definition)
    if ((Test-Property $Definition 'id') -and $Definition.id -is [string] -and $Definition.id) { $Definition.id } else { Get-ReviewName $Definition }
}

# -Gaps of a review that does not run are told when they can be read, and do not matter otherwise.
function Get-ReviewGaps {
    param([Parameter(Position = 0)]$Definition, [Parameter(Position = 1)][scriptblock]$Gaps)
    $state = Get-ReviewStateGaps $Definition
    $others = if ($state.Count) { try { & $Gaps $Definition } catch { @() } } else { & $Gaps $Definition }
    , @($state; $others)
}

function New-ReviewFindings {
    param([Parameter(Position = 0)]$Review)
    foreach ($gap in $Review.gaps) {
        New-Finding -ResourceId $Review.id -ResourceName $Review.name -Property $gap.property -Expected $gap.expected -Actual $gap.actual -Compliant $false
    }
}
