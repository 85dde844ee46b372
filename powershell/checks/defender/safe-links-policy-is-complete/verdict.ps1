param($Evidence, $Context)
$policySource = 'exchange/Get-SafeLinksPolicy'
$ruleSource = 'exchange/Get-SafeLinksRule'
$presetSource = 'exchange/Get-ATPProtectionPolicyRule'
$settings = [ordered]@{
    EnableSafeLinksForEmail = $true; EnableSafeLinksForTeams = $true; EnableSafeLinksForOffice = $true; TrackClicks = $true; ScanUrls = $true
    EnableForInternalSenders = $true; DeliverMessageAfterScan = $true; AllowClickThrough = $false; DisableUrlRewrite = $false
}

# The settings of one policy that are not as they should be, as findings. Every one is read, also after the first
# deviation: a policy with a missing property is not a policy we understand.
function Get-Deviations {
    param($Policy, [string]$Name)
    foreach ($property in $settings.Keys) {
        $wanted = [bool]$settings.$property
        $actual = Read-Boolean $Policy $property -Of $policySource
        if ($actual -ne $wanted) { New-Finding -ResourceId $Name -ResourceName $Name -Property $property -Expected $wanted -Actual $actual -Compliant $false }
    }
}

# How a complete policy reaches people: @{ reaches; how }. A narrow scope still counts (one complete policy in use is the
# test), but it is shown.
function Get-Application {
    param($Policy, $Rules)
    if (Test-BuiltInPolicy $Policy -Of $policySource) { return @{ reaches = $true; how = 'built-in protection, everyone without another policy' } }
    $names = Get-PolicyNames $Policy -Of $policySource
    $preset = Get-PresetName $Policy -Of $policySource
    $attached = @(
        foreach ($rule in $Rules) { if ((Read-String $rule 'SafeLinksPolicy' -Of $ruleSource) -in $names) { @{ rule = $rule; of = $ruleSource; kind = 'rule' } } }
        if (Test-Source $Evidence $presetSource) {
            $presetRules = Get-Rows $Evidence $presetSource
            foreach ($rule in $presetRules) { if (Test-PresetRule $rule -Of $presetSource -Property 'SafeLinksPolicy' -Names $names -Preset $preset) { @{ rule = $rule; of = $presetSource; kind = 'preset' } } }
        }
    )
    $why = 'no rule'
    foreach ($one in $attached) {
        # A preset that is on counts, whether or not the answer tells its recipients.
        $reach = Get-RuleReach $one.rule -Of $one.of -ScopeOptional:($one.kind -eq 'preset')
        if ($reach.reaches) { return @{ reaches = $true; how = "$($one.kind): $($reach.scope)" } }
        $why = if ($reach.enabled) { "$($one.kind) whose exceptions leave nobody" } else { "$($one.kind) is disabled" }
    }
    # Not proven to reach nobody while the rules of the presets were not read.
    @{ reaches = $false; how = $why; unproven = [bool]$preset -and -not (Test-Source $Evidence $presetSource) }
}

$policies = Get-Rows $Evidence $policySource
$rules = Get-Rows $Evidence $ruleSource
foreach ($rule in $rules) { [void](Read-String $rule 'SafeLinksPolicy' -Of $ruleSource); [void](Get-RuleReach $rule -Of $ruleSource) }
# Read with a licence, an empty list means that nothing is protected (even the built-in policy is gone).
if (-not $policies.Count) {
    $none = New-Finding -ResourceId 'SafeLinksPolicy' -ResourceName 'Safe Links policies' -Property 'count' -Expected 'at least one complete policy' -Actual 0 -Compliant $false
    return New-Verdict fail 'There is no Safe Links policy.' $none
}
$working = [Collections.Generic.List[object]]::new()
$lacking = [Collections.Generic.List[object]]::new()
$idle = [Collections.Generic.List[string]]::new()
$unproven = $false
foreach ($policy in $policies) {
    $identity = Read-String $policy 'Identity' -Of $policySource
    $deviations = @(Get-Deviations $policy $identity)
    if ($deviations.Count) { foreach ($deviation in $deviations) { $lacking.Add($deviation) }; continue }
    $application = Get-Application $policy $rules
    $expected = 'an enabled rule, an enabled preset, or built-in protection'
    $finding = New-Finding -ResourceId $identity -ResourceName $identity -Property 'applied by' -Expected $expected -Actual $application.how -Compliant $application.reaches
    if ($application.reaches) { $working.Add($finding); continue }
    if ($application.unproven) { $unproven = $true }
    $idle.Add($identity)
    $lacking.Add($finding)
}
if ($working.Count) {
    $first = $working[0]
    return New-Verdict pass "The Safe Links policy $($first.resourceName) is complete and in use ($($first.actual))." $working
}
if ($unproven) { Stop-Unread $presetSource }
if ($idle.Count) { return New-Verdict fail "The complete Safe Links policy $(Format-NameList $idle) applies to nobody." $lacking }
New-Verdict fail 'No Safe Links policy has all protections switched on.' $lacking
