param($Evidence, $Context)
$policySource = 'exchange/Get-AntiPhishPolicy'
$ruleSource = 'exchange/Get-AntiPhishRule'
$presetSource = 'exchange/Get-ATPProtectionPolicyRule'
$switches = 'Enabled', 'EnableTargetedUserProtection', 'EnableOrganizationDomainsProtection', 'EnableMailboxIntelligence', 'EnableMailboxIntelligenceProtection',
    'EnableSpoofIntelligence', 'EnableFirstContactSafetyTips', 'EnableSimilarUsersSafetyTips', 'EnableSimilarDomainsSafetyTips', 'EnableUnusualCharactersSafetyTips', 'HonorDmarcPolicy'
$actions = 'TargetedUserProtectionAction', 'TargetedDomainProtectionAction', 'MailboxIntelligenceProtectionAction'
# Impersonation protection belongs to Defender for Office 365. Without it a service may leave these out altogether.
$impersonation = @('EnableTargetedUserProtection', 'TargetedUsersToProtect', 'EnableOrganizationDomainsProtection', 'EnableMailboxIntelligenceProtection'; $actions)

# The settings of one policy that are not as they should be, as findings. Every one is read, also after the first deviation.
function Get-Deviations {
    param($Policy, [string]$Name)
    $rows = @(
        foreach ($property in $switches) { $actual = Read-Boolean $Policy $property -Of $policySource; @{ property = $property; expected = $true; actual = $actual; good = $actual } }
        foreach ($property in $actions) { $actual = Read-String $Policy $property -Of $policySource; @{ property = $property; expected = 'Quarantine'; actual = $actual; good = $actual -eq 'Quarantine' } }
        # 1 standard to 4 most aggressive.
        $level = Read-Integer $Policy 'PhishThresholdLevel' -Of $policySource
        @{ property = 'PhishThresholdLevel'; expected = 'at least 3'; actual = $level; good = $level -ge 3 }
        $users = @((Read-StringList $Policy 'TargetedUsersToProtect' -Of $policySource).Where({ $_.Trim() }))
        @{ property = 'TargetedUsersToProtect'; expected = 'at least one user'; actual = $users.Count; good = $users.Count -gt 0 }
    )
    foreach ($row in $rows) { if (-not $row.good) { New-Finding -ResourceId $Name -ResourceName $Name -Property $row.property -Expected $row.expected -Actual $row.actual -Compliant $false } }
}

# How a strong policy reaches people: @{ reaches; how; unproven }. Coverage is shown, not scored.
function Get-Application {
    param($Policy, $Rules)
    if (Test-DefaultPolicy $Policy -Of $policySource -Name 'Office365 AntiPhish Default' -Key 'Name') { return @{ reaches = $true; how = 'default policy, everyone without another policy'; unproven = $false } }
    $names = Get-PolicyNames $Policy -Of $policySource -Key 'Name'
    $preset = Get-PresetName $Policy -Of $policySource -Key 'Name'
    $attached = @(
        foreach ($rule in $Rules) { if ((Read-String $rule 'AntiPhishPolicy' -Of $ruleSource) -in $names) { @{ rule = $rule; of = $ruleSource; kind = 'rule' } } }
        if ($preset -and (Test-Source $Evidence $presetSource)) {
            $presetRules = Get-Rows $Evidence $presetSource
            foreach ($rule in $presetRules) { if (Test-PresetRule $rule -Of $presetSource -Names $names -Preset $preset) { @{ rule = $rule; of = $presetSource; kind = 'preset' } } }
        }
    )
    $why = 'no rule'
    foreach ($one in $attached) {
        # A preset that is on counts, whether or not the answer tells its recipients.
        $reach = Get-RuleReach $one.rule -Of $one.of -ScopeOptional:($one.kind -eq 'preset')
        # A scope that is null reads as everyone; lists that are given and empty name nobody.
        if ($reach.reaches -and -not $reach.emptyOnly) { return @{ reaches = $true; how = "$($one.kind): $($reach.scope)"; unproven = $false } }
        $why = if (-not $reach.enabled) { "$($one.kind) is disabled" } elseif ($reach.emptyOnly) { "$($one.kind) that names nobody" } else { "$($one.kind) whose exceptions leave nobody" }
    }
    # Not proven to reach nobody while the rules of the presets were not read.
    @{ reaches = $false; how = $why; unproven = [bool]$preset -and -not (Test-Source $Evidence $presetSource) }
}

$policies = Get-Rows $Evidence $policySource
$rules = Get-Rows $Evidence $ruleSource
if (-not $policies.Count) { Stop-UnexpectedData $policySource '' 'expected at least the default policy, found none' }
foreach ($rule in $rules) { [void](Read-String $rule 'AntiPhishPolicy' -Of $ruleSource); [void](Get-RuleReach $rule -Of $ruleSource) }
# No policy has any of these: the state of the Defender source tells whether that is for want of a licence.
$known = $policies.Where({ $policy = $_; $impersonation.Where({ Test-Property $policy $_ }) })
if (-not $known.Count -and -not (Test-Source $Evidence $presetSource)) { Stop-Unread $presetSource }
$working = [Collections.Generic.List[object]]::new()
$lacking = [Collections.Generic.List[object]]::new()
$idle = [Collections.Generic.List[string]]::new()
$unproven = $false
foreach ($policy in $policies) {
    $name = Read-String $policy 'Name' -Of $policySource
    $deviations = @(Get-Deviations $policy $name)
    if ($deviations.Count) { foreach ($deviation in $deviations) { $lacking.Add($deviation) }; continue }
    $application = Get-Application $policy $rules
    $finding = New-Finding -ResourceId $name -ResourceName $name -Property 'applied by' -Expected 'an enabled rule, an enabled preset, or the default policy' -Actual $application.how -Compliant $application.reaches
    if ($application.reaches) { $working.Add($finding); continue }
    if ($application.unproven) { $unproven = $true }
    $idle.Add($name)
    $lacking.Add($finding)
}
if ($working.Count) {
    $first = $working[0]
    return New-Verdict pass "The anti-phishing policy $($first.resourceName) has all protections and is in use ($($first.actual))." $working
}
if ($unproven) { Stop-Unread $presetSource }
if ($idle.Count) { return New-Verdict fail "The anti-phishing policy $(Format-NameList $idle) has all protections, but applies to nobody." $lacking }
New-Verdict fail 'No anti-phishing policy has all protections switched on.' $lacking
