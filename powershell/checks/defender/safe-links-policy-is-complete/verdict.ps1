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

# Whom a rule reaches: @{ enabled; reaches; scope }. An axis that is null is not used; all unused means everybody.
# A narrow scope still counts (one complete policy in use is the test), but it is shown. A rule whose exceptions
# take away everything it names reaches nobody.
function Get-Reach {
    param($Rule, [string]$Of)
    $enabled = (Read-String $Rule 'State' -Of $Of) -eq 'Enabled'
    $scope = [Collections.Generic.List[string]]::new()
    $cancelled = $false
    foreach ($axis in 'RecipientDomainIs', 'SentTo', 'SentToMemberOf') {
        $named = Read-StringList $Rule $axis -Of $Of -NullIsEmpty
        if (-not $named.Count) { continue }
        $scope.Add("$axis $(Format-NameList $named)")
        $except = @()
        if (Test-Property $Rule "ExceptIf$axis") { $except = Read-StringList $Rule "ExceptIf$axis" -Of $Of -NullIsEmpty }
        if (-not $named.Where({ $_ -notin $except })) { $cancelled = $true }
    }
    @{ enabled = $enabled; reaches = $enabled -and -not $cancelled; scope = if ($scope.Count) { $scope -join ' and ' } else { 'everyone' } }
}

# 'Standard', 'Strict' or '' for a policy that belongs to no preset.
function Get-PresetName {
    param($Policy, [string]$Identity)
    if (Test-Property $Policy 'RecommendedPolicyType') {
        $type = Read-String $Policy 'RecommendedPolicyType' -Of $policySource
        return $type -in 'Standard', 'Strict' ? $type : ''
    }
    # An answer that leaves the type out still has the reserved name, followed by digits.
    $match = [regex]::Match($Identity, '^(Standard|Strict) Preset Security Policy\d*$', 'IgnoreCase')
    $match.Success ? $match.Groups[1].Value : ''
}

function Test-BuiltIn {
    param($Policy, [string]$Identity)
    if (Test-Property $Policy 'IsBuiltInProtection') { return Read-Boolean $Policy 'IsBuiltInProtection' -Of $policySource }
    $Identity -eq 'Built-In Protection Policy'
}

# The preset's own rule: it names its Safe Links policy, or is known by the preset's name.
function Test-PresetRule {
    param($Rule, [string[]]$Names, [string]$Preset)
    if (Test-Property $Rule 'SafeLinksPolicy') {
        $target = Read-NullableString $Rule 'SafeLinksPolicy' -Of $presetSource
        if ($target) { return $target -in $Names }
    }
    $Preset -and (Read-String $Rule 'Identity' -Of $presetSource) -eq "$Preset Preset Security Policy"
}

# How a complete policy reaches people: @{ reaches; how }.
function Get-Application {
    param($Policy, [string]$Identity, $Rules)
    if (Test-BuiltIn $Policy $Identity) { return @{ reaches = $true; how = 'built-in protection, everyone without another policy' } }
    $names = @($Identity; if (Test-Property $Policy 'Name') { Read-String $Policy 'Name' -Of $policySource })
    $preset = Get-PresetName $Policy $Identity
    $attached = @(
        foreach ($rule in $Rules) { if ((Read-String $rule 'SafeLinksPolicy' -Of $ruleSource) -in $names) { @{ rule = $rule; of = $ruleSource; kind = 'rule' } } }
        if (Test-Source $Evidence $presetSource) {
            $presetRules = Get-Rows $Evidence $presetSource
            foreach ($rule in $presetRules) { if (Test-PresetRule $rule $names $preset) { @{ rule = $rule; of = $presetSource; kind = 'preset' } } }
        }
    )
    $why = 'no rule'
    foreach ($one in $attached) {
        $reach = Get-Reach $one.rule $one.of
        if ($reach.reaches) { return @{ reaches = $true; how = "$($one.kind): $($reach.scope)" } }
        $why = if ($reach.enabled) { "$($one.kind) whose exceptions leave nobody" } else { "$($one.kind) is disabled" }
    }
    # Not proven to reach nobody while the rules of the presets were not read.
    @{ reaches = $false; how = $why; unproven = [bool]$preset -and -not (Test-Source $Evidence $presetSource) }
}

$policies = Get-Rows $Evidence $policySource
$rules = Get-Rows $Evidence $ruleSource
foreach ($rule in $rules) { [void](Read-String $rule 'SafeLinksPolicy' -Of $ruleSource); [void](Get-Reach $rule $ruleSource) }
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
    $application = Get-Application $policy $identity $rules
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
