# A source that failed: is it really that, or the licence, or the wrong host?

function Resolve-Failure {
    param($Reading, $Failure)
    $service = $Reading.declaration['service']
    if ($service -eq 'compliance' -and -not $Reading.triedElsewhere -and $Failure.state -in 'denied', 'unavailable', 'not_found' -and $engine.services['compliance'].cloud['exchangeFallback'] -and -not $Reading.internal) {
        Start-ExchangeFallback $Reading $Failure
        return
    }
    # The older way to the same object, for tenants where the first one is not there.
    if ($Reading.declaration['otherWay'] -and -not $Reading.triedElsewhere -and (Get-ProblemField $Failure.error 'status') -in 400, 404, 405, 406, 500, 501) {
        $Reading.triedElsewhere = $true
        $Reading.openUnits = 0
        New-Unit $Reading '0' (New-SharePointRequest $Reading.declaration['otherWay'] '0') $Reading.declaration['kind']
        return
    }
    # Exchange and its relatives answer a missing role, an unknown cmdlet and a missing licence with the same 403.
    if ($Failure.state -eq 'denied' -and $service -in 'exchange', 'compliance', 'teams' -and $Reading.declaration['licence'] -and (Get-ProblemField $Failure.error 'status') -ne 401) {
        Wait-HeldPlans 'Complete-LicenceDecision' @{ reading = $Reading; failure = $Failure }
        return
    }
    Complete-Reading $Reading $Failure.state $null $Failure.error
}

function Complete-LicenceDecision {
    param($Pending)
    $reading = $Pending.reading
    if ((Test-HeldPlans $engine.judgingScan.plans $reading.declaration['licence']) -eq 'missing') {
        Complete-Reading $reading 'unlicensed' $null ([ordered]@{ code = 'no_service_plan'; message = 'The service refused the read, and the tenant has no plan that includes it.'; status = 403 })
        return
    }
    Complete-Reading $reading $Pending.failure.state $null $Pending.failure.error
}

# An empty list is also what a tenant without the licence gets.
function Resolve-EmptyList { param($Reading) Wait-HeldPlans 'Complete-EmptyList' $Reading }

function Complete-EmptyList {
    param($Reading)
    if ((Test-HeldPlans $engine.judgingScan.plans $Reading.declaration['licence']) -eq 'missing') {
        Complete-Reading $Reading 'unlicensed' $null ([ordered]@{ code = 'no_service_plan'; message = 'The list is empty, and the tenant has no plan that includes what it would hold.' })
        return
    }
    Complete-Reading $Reading 'read' @() $null
}

# The compliance cmdlets may answer on Exchange's own host, in clouds where that is known to work.
function Start-ExchangeFallback {
    param($Reading, $Failure)
    $Reading.triedElsewhere = $true
    $Reading.firstFailure = $Failure
    Add-Service 'exchange'
    $Reading.openUnits = 0
    $Reading.parts.Clear()
    $request = New-CmdletRequest $Reading.declaration $engine.services['exchange']
    $request.then = 'Complete-ExchangeFallback'
    New-Unit $Reading 'exchange' $request 'collection'
}

function Complete-ExchangeFallback {
    param($Call, $Answer)
    $reading = $Call.unit.reading
    $outcome = Get-Outcome $Call $Answer
    if ($outcome.action -eq 'take') {
        $page = Read-Page $Call $Answer
        # A second page would need the same care as the first host's: a long list is not expected here.
        if (-not $page['failure'] -and -not $page['next']) {
            Send-Log 'info' "$($reading.id) was answered by the Exchange host."
            Complete-Reading $reading 'read' $page.data $null
            return
        }
    }
    Resolve-Failure $reading $reading.firstFailure
}
