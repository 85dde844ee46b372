# The service plans of the tenant in this scan: read once, when the first reading or check asks for them, and told to nobody
# but the judging. Where they cannot be read, nothing is concluded from them.

# $Action: name of a function that takes ($Argument). Called at once when the plans are known, or known to stay unknown.
function Wait-HeldPlans {
    param([string]$Action, $Argument)
    Wait-Reading (Get-SupportingReading $subscriptionSource) 'Receive-Subscriptions' @{ action = $Action; argument = $Argument }
}

function Receive-Subscriptions {
    param($Waiter, $Subscriptions)
    if ($null -eq $engine.judgingScan.plans -and $Subscriptions.state -eq 'read') { $engine.judgingScan.plans = Read-SubscribedPlans $Subscriptions.data }
    if ($null -ne $engine.judgingScan.plans) { & $Waiter.action $Waiter.argument; return }
    Wait-Reading (Get-SupportingReading 'graph/organization') 'Receive-Organization' $Waiter
}

function Receive-Organization {
    param($Waiter, $Organization)
    if ($null -eq $engine.judgingScan.plans -and $Organization.state -eq 'read') { $engine.judgingScan.plans = Read-AssignedPlans $Organization.data }
    & $Waiter.action $Waiter.argument
}

# Checks that need a licence are judged when the plans are known, whatever came of asking.
function Start-HeldPlans {
    foreach ($check in $engine.plan.checks.Values) { if ($check.licence.Count) { Wait-HeldPlans 'Complete-HeldPlans' $null; return } }
}

function Complete-HeldPlans { param($Nothing) $engine.settled.Enqueue($heldPlansMark) }
