# From settled sources to the status of one control. The verdict runs only when every source it needs was
# read; otherwise the state of the sources is the answer. Unread data never becomes pass or fail.

# Sources whose data is a map, object id -> value, in which single entries may have failed.
function Test-PerObjectSource {
    param([string]$Source)
    $Source.Contains('{') -or $Source -eq 'dns/txt'
}

function Get-FailedEntryStates {
    param($Data)
    $states = [Collections.Generic.List[object]]::new()
    if ($Data -is [Management.Automation.PSCustomObject]) {
        foreach ($property in $Data.PSObject.Properties) {
            if (Test-FailedEntry $property.Value) {
                $states.Add(@{ state = $property.Value.state; entry = $property.Name; error = (Get-ProblemField $property.Value 'error') })
            }
        }
    }
    , $states
}

function Get-SourceState {
    param($Sources, [string]$Source)
    $record = $Sources[$Source]
    if ($null -eq $record) { return 'not_collected' }
    $state = $record.state
    if ($state -ne 'read') { return $state -in $failedStates ? $state : 'unexpected_data' }
    # Read without data is nothing read: an empty collection is an array, an empty object an object, and a map is always one.
    if ($null -eq $record.data) { return 'unexpected_data' }
    $record.data -is [Management.Automation.PSCustomObject] -or -not (Test-PerObjectSource $Source) ? 'read' : 'unexpected_data'
}

# What one requirement says when it is not met: @{ state; source; error; failedEntry }. $null when it is met.
function Get-UnmetRequirement {
    param($Requirement, $Sources)
    $worst = $null
    foreach ($source in $Requirement.sources) {
        $state = Get-SourceState $Sources $source
        $unmet = $null
        if ($state -ne 'read') {
            if ($state -eq 'not_found' -and $Requirement.notFound -eq 'empty') { return $null }
            $unmet = @{ state = $state; source = $source; error = (Get-ProblemField $Sources[$source] 'error'); failedEntry = $false }
        } elseif ($Requirement.entries -eq 'all' -and (Test-PerObjectSource $source)) { $unmet = Get-WorstEntry $source $Sources[$source].data }
        if ($null -eq $unmet) { return $null }
        if ($null -eq $worst -or $stateOrder.IndexOf($unmet.state) -lt $stateOrder.IndexOf($worst.state)) { $worst = $unmet }
    }
    $worst
}

# The failed entry of a map that says most, in the shape of an unmet requirement; $null when none failed.
function Get-WorstEntry {
    param([string]$Source, $Data)
    $failed = Get-FailedEntryStates $Data
    if (-not $failed.Count) { return $null }
    $state = Get-WorstState @(foreach ($entry in $failed) { $entry.state })
    foreach ($entry in $failed) { if ($entry.state -eq $state) { return @{ state = $state; source = $Source; error = $entry.error; failedEntry = $true } } }
}

function New-UnreadResult {
    param($Unmet, $Requirement)
    $answer = $statusOfState[$Unmet.state]
    $status = $answer.status
    if ($Unmet.state -eq 'not_found' -and $Requirement.notFound -eq 'not_applicable') { $status = 'not_applicable' }
    # One object of many that could not be read: the rest was, so the control is neither unlicensed nor not run.
    if ($Unmet.failedEntry) { $status = 'error' }
    @{
        status = $status; reasonCode = $answer.reasonCode; findings = @(); findingsTotal = 0
        message = Get-StateMessage $Unmet.state $Unmet.source $Unmet.error
    }
}

function New-UnlicensedResult {
    param($Check)
    $answer = $statusOfState.unlicensed
    @{
        status = $answer.status; reasonCode = $answer.reasonCode; findings = @(); findingsTotal = 0
        message = "The tenant has no licence for this: it needs $(Format-Plans $Check.licence)."
    }
}

function New-UnexpectedResult {
    param([string]$Message)
    @{ status = 'error'; reasonCode = 'unexpected_data'; message = $Message; findings = @(); findingsTotal = 0 }
}

function New-VerdictEvidence {
    param($Check, $Sources)
    $evidence = [Management.Automation.PSObject]::new()
    $properties = $evidence.PSObject.Properties
    foreach ($requirement in $Check.requirements) {
        foreach ($source in $requirement.sources) {
            $state = Get-SourceState $Sources $source
            if ($state -ne 'read' -and -not ($state -eq 'not_found' -and $requirement.notFound -eq 'empty')) { continue }
            if ($null -ne $properties[$source]) { continue }
            $properties.Add([Management.Automation.PSNoteProperty]::new($source, ($state -eq 'read' ? $Sources[$source].data : $null)), $true)
        }
    }
    $evidence
}

# $Scan: @{ inputs; startedAt; tenant = @{ id; defaultDomain }; plans (as licences.ps1 gives them, when others than those of the evidence) }, $Parameters: the object of the benchmark line.
function New-VerdictContext {
    param($Check, $Scan, $Parameters)
    $inputs = [Management.Automation.PSObject]::new()
    foreach ($name in $Check.inputs) {
        $given = $null -eq $Scan.inputs ? $null : $Scan.inputs.PSObject.Properties[$name]
        $value = if ($null -eq $given) { , $null } else { , $given.Value }
        $inputs.PSObject.Properties.Add([Management.Automation.PSNoteProperty]::new($name, $value))
    }
    # A verdict only reads it: one object for all.
    if (-not $Scan['shownTenant']) { $Scan['shownTenant'] = [pscustomobject]@{ Id = $Scan.tenant.id; DefaultDomain = $Scan.tenant.defaultDomain } }
    [pscustomobject]@{ Inputs = $inputs; ScanStartedAt = $Scan.startedAt; Parameters = $Parameters; Tenant = $Scan['shownTenant'] }
}

# The unread source or entry that a verdict stopped for (Stop-Unread), in the shape of an unmet requirement; or $null.
function Get-ThrownUnread {
    param($ErrorRecord, $Check, $Sources)
    $exception = $ErrorRecord.Exception
    while ($null -ne $exception -and -not $exception.Data.Contains('unreadSource')) { $exception = $exception.InnerException }
    if ($null -eq $exception) { return $null }
    $source = $exception.Data['unreadSource']
    if ($source -notin $Check.sources) { return $null }
    $state = Get-SourceState $Sources $source
    if ($state -ne 'read') {
        $record = $Sources.ContainsKey($source) ? $Sources[$source] : $null
        return @{ state = $state; source = $source; error = (Get-ProblemField $record 'error'); failedEntry = $false }
    }
    $entry = (Get-FailedEntryStates $Sources[$source].data).Where({ $_.entry -eq $exception.Data['unreadEntry'] }, 'First')
    if ($entry.Count) { @{ state = $entry[0].state; source = $source; error = $entry[0].error; failedEntry = $true } }
}

# Why a verdict threw, without a value of the evidence: our own errors carry words, PowerShell's own only a name.
function Get-ThrownProblem {
    param($ErrorRecord)
    $exception = $ErrorRecord.Exception
    while ($null -ne $exception) {
        if ($exception.Data.Contains('problem')) { return $exception.Message }
        $exception = $exception.InnerException
    }
    $line = $ErrorRecord.InvocationInfo.ScriptLineNumber
    if ($ErrorRecord.FullyQualifiedErrorId -eq 'PropertyNotFoundStrict') {
        $name = [regex]::Match($ErrorRecord.Exception.Message, "'([^']{1,200})'").Groups[1].Value
        return "the property $name is absent (line $line of the verdict)"
    }
    "the verdict stopped: $($ErrorRecord.FullyQualifiedErrorId.Split(',')[0]) (line $line of the verdict)"
}

function Test-Finding {
    param($Finding)
    $Finding -is [Collections.IDictionary] -and $Finding.Contains('resourceId') -and $Finding.Contains('resourceName') -and $Finding.Contains('property') -and
    $Finding.Contains('expected') -and $Finding.Contains('actual') -and $Finding['compliant'] -is [bool]
}

# What is wrong with the shape of a verdict, or $null.
function Get-VerdictFlaw {
    param([object[]]$Output)
    if ($Output.Count -ne 1) { return "it gave $($Output.Count) objects instead of one" }
    $verdict = $Output[0]
    if ($verdict -isnot [hashtable]) { return 'it is not a verdict' }
    foreach ($name in 'status', 'message', 'findings', 'reasonCode') { if (-not $verdict.ContainsKey($name)) { return "$name is missing" } }
    if ($verdict['status'] -notin 'pass', 'fail', 'manual', 'not_applicable') { return 'its status is none of pass, fail, manual, not_applicable' }
    if ([string]::IsNullOrWhiteSpace($verdict['message'])) { return 'its message is empty' }
    $reasons = $reasonsOfStatus[$verdict['status']]
    if ($reasons -and $verdict['reasonCode'] -notin $reasons) { return "a verdict $($verdict['status']) needs a known reason" }
    foreach ($finding in $verdict['findings']) { if (-not (Test-Finding $finding)) { return 'a finding is malformed' } }
    $null
}

# $Sources: hashtable, source id -> @{ state; data; error }.
function Get-ControlResult {
    param($Check, $Sources, $Scan, $Parameters)
    $worst = $null
    foreach ($requirement in $Check.requirements) {
        $unmet = Get-UnmetRequirement $requirement $Sources
        # What an optional source answered must still make sense.
        if ($null -eq $unmet -or ($requirement.optional -and $unmet.state -ne 'unexpected_data')) { continue }
        $rank = $stateOrder.IndexOf($unmet.state)
        if ($null -eq $worst -or $rank -lt $worst.rank) { $worst = @{ rank = $rank; unmet = $unmet; requirement = $requirement } }
    }
    if ($null -ne $worst) { return New-UnreadResult $worst.unmet $worst.requirement }
    # A service answers also tenants that have no use of what it answers: only their plans tell.
    if ($Check.licence.Count -and (Test-HeldPlans ($Scan['plans'] ?? (Get-DocumentPlans $Sources)) $Check.licence) -eq 'missing') { return New-UnlicensedResult $Check }
    try {
        $evidence = New-VerdictEvidence $Check $Sources
        $context = New-VerdictContext $Check $Scan $Parameters
        $output = @(& (Get-VerdictBlock $Check) $evidence $context)
    } catch {
        $unread = Get-ThrownUnread $_ $Check $Sources
        if ($null -ne $unread) { return New-UnreadResult $unread @{ notFound = 'error' } }
        return New-UnexpectedResult "The evidence is not what the check expects: $(Get-ThrownProblem $_)."
    }
    $flaw = Get-VerdictFlaw $output
    if ($flaw) { return New-UnexpectedResult "The verdict of $($Check.key) is not valid: $flaw." }
    $verdict = $output[0]
    $findings = @($verdict['findings'])
    @{
        status = $verdict['status']; message = $verdict['message']; findingsTotal = $findings.Count
        reasonCode = $reasonsOfStatus.ContainsKey($verdict['status']) ? $verdict['reasonCode'] : $null
        findings = @($findings.Count -gt $maximumFindings ? $findings[0..($maximumFindings - 1)] : $findings)
    }
}
