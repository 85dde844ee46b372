param($Evidence, $Context)
$policySource = 'exchange/Get-SafeAttachmentPolicy'
$ruleSource = 'exchange/Get-SafeAttachmentRule'
$presetSource = 'exchange/Get-ATPProtectionPolicyRule'
$domainSource = 'exchange/Get-AcceptedDomain'
$settings = [ordered]@{ Enable = $true; Action = 'Block'; QuarantineTag = 'AdminOnlyAccessPolicy' }

# The rows of one policy, everything read: Dynamic Delivery, Replace and Allow are not Block.
function Get-SettingRows {
    param($Policy)
    foreach ($property in $settings.Keys) {
        $actual = $property -eq 'Enable' ? (Read-Boolean $Policy $property -Of $policySource) : (Read-String $Policy $property -Of $policySource)
        @{ property = $property; actual = $actual; compliant = $actual -eq $settings.$property }
    }
}

function Find-Policy {
    param($Policies, [string]$Name, [string]$Of)
    $found = @($Policies.Where({ $Name -in (Get-PolicyNames $_ -Of $policySource) }))
    if ($found.Count -ne 1) { Stop-UnexpectedData $Of 'SafeAttachmentPolicy' 'the rule names a policy that is not in the list of policies' }
    $found[0]
}

# The policy of an enabled preset: its rule names it, or it is known by its kind.
function Find-PresetPolicy {
    param($Policies, $Rule, [string]$Preset)
    $target = (Test-Property $Rule 'SafeAttachmentPolicy') ? (Read-NullableString $Rule 'SafeAttachmentPolicy' -Of $presetSource) : $null
    if ($target) { return Find-Policy $Policies $target $presetSource }
    $found = @($Policies.Where({ (Get-PresetName $_ -Of $policySource) -eq $Preset }))
    if ($found.Count -ne 1) { Stop-UnexpectedData $presetSource 'SafeAttachmentPolicy' 'the policy of the preset is not in the list of policies' }
    $found[0]
}

# The policies in use in the order in which the service takes them: strict preset, standard preset, custom rules by
# priority. Built-in protection, for whom none of them reaches, is added by the caller. @{ policy; kind; reach }.
function Get-Applications {
    param($Policies)
    # Empty before a preset is switched on for the first time.
    $presets = Get-Rows $Evidence $presetSource
    foreach ($preset in 'Strict', 'Standard') {
        foreach ($rule in $presets.Where({ (Read-String $_ 'Identity' -Of $presetSource) -eq "$preset Preset Security Policy" })) {
            $reach = Get-RuleReach $rule -Of $presetSource -ScopeOptional
            if ($reach.reaches) { @{ policy = (Find-PresetPolicy $Policies $rule $preset); kind = "$($preset.ToLowerInvariant()) preset"; reach = $reach } }
        }
    }
    $ordered = Get-OrderedRules (Get-Rows $Evidence $ruleSource) -Of $ruleSource -Property 'SafeAttachmentPolicy'
    foreach ($one in $ordered) {
        $reach = Get-RuleReach $one.rule -Of $ruleSource -ScopeOptional
        if ($reach.reaches) { @{ policy = (Find-Policy $Policies $one.policy $ruleSource); kind = "custom rule, priority $($one.priority)"; reach = $reach } }
    }
}

# Does nobody remain for a rule, because rules before it took all of its domains?
function Test-Shadowed {
    param($Reach, [string[]]$Taken)
    if ($Reach.domains.Count -and -not $Reach.domains.Where({ (ConvertTo-DnsName $_) -notin $Taken })) { return $true }
    $Reach.addresses.Count -and -not $Reach.addresses.Where({ -not $_.Contains('@') -or (ConvertTo-DnsName $_.Split('@')[-1]) -notin $Taken })
}

$policies = Get-Rows $Evidence $policySource
# Read with a licence, an empty list means that nothing is protected (even the built-in policy is gone).
if (-not $policies.Count) {
    $none = New-Finding -ResourceId 'SafeAttachmentPolicy' -ResourceName 'Safe Attachments policies' -Property 'count' -Expected 'at least one blocking policy' -Actual 0 -Compliant $false
    return New-Verdict fail 'There is no Safe Attachments policy.' $none
}
foreach ($policy in $policies) { [void](Get-PolicyNames $policy -Of $policySource); [void]@(Get-SettingRows $policy) }
$findings = [Collections.Generic.List[object]]::new()
$bad = [Collections.Generic.List[string]]::new()
$good = [Collections.Generic.List[string]]::new()

# Adds the rows of a policy in use, with the people it reaches.
function Add-Judgement {
    param($Policy, [string]$Kind, [string]$Scope)
    $name = (Get-PolicyNames $Policy -Of $policySource)[0]
    $rows = @(Get-SettingRows $Policy)
    $short = @($rows.Where({ -not $_.compliant }))
    $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'applies to' -Expected 'coverage, for information' -Actual "$Scope ($Kind)" -Compliant $true))
    foreach ($row in $rows) { $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property $row.property -Expected $settings[$row.property] -Actual $row.actual -Compliant $row.compliant)) }
    if ($short.Count) { $bad.Add("$name ($($short.ForEach({ "$($_.property) is $('' -eq "$($_.actual)" ? 'empty' : $_.actual)" }) -join ', '); for $Scope)") } else { $good.Add($name) }
}

# A policy for a part of the people is no proof for the tenant: down the order, every policy is judged that is the first
# one for somebody, until nobody is left.
$taken = [Collections.Generic.List[string]]::new()
$everyone = $false
# The first rule, down the order, whose recipients the answer does not tell: what comes after it may be for nobody.
$untold = $null
foreach ($one in @(Get-Applications $policies)) {
    if ($everyone -or (Test-Shadowed $one.reach $taken)) {
        $name = (Get-PolicyNames $one.policy -Of $policySource)[0]
        $findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property 'applies to' -Expected 'coverage, for information' -Actual "nobody: other policies come first ($($one.kind))" -Compliant $true))
        continue
    }
    Add-Judgement $one.policy $one.kind $one.reach.scope
    if ($one.reach.untold.Count -and $null -eq $untold) { $untold = @{ of = $one.kind -like '*preset' ? $presetSource : $ruleSource; axis = $one.reach.untold[0]; bad = $bad.Count } }
    if ($one.reach.everyone) { $everyone = $true }
    elseif ($one.reach.named.Count -eq 1 -and $one.reach.domains.Count -and -not $one.reach.except.Count) {
        foreach ($domain in $one.reach.domains) { $taken.Add((ConvertTo-DnsName $domain)) }
    }
}
$left = @()
if (-not $everyone -and $taken.Count -and (Test-Source $Evidence $domainSource)) {
    $left = @((Get-AcceptedDomains $Evidence).ForEach({ $_.name }).Where({ $_ -notin $taken }))
    if (-not $left.Count) { $everyone = $true }
}
$unproven = $false
if (-not $everyone) {
    $rest = $findings.Count ? 'everyone else' : 'everyone'
    $builtIn = @($policies.Where({ Test-BuiltInPolicy $_ -Of $policySource }))
    $sound = -not $bad.Count
    if ($builtIn.Count) {
        foreach ($policy in $builtIn) { Add-Judgement $policy 'built-in protection' $rest }
        # Rules that name whole domains may leave nobody for it: only the list of domains could tell.
        $unproven = $sound -and $bad.Count -gt 0 -and $taken.Count -gt 0 -and -not (Test-Source $Evidence $domainSource)
    }
    # Without built-in protection, and with rules that name whole domains, the domains may be all there are.
    elseif ($taken.Count -and -not $left.Count) { $unproven = $true }
    # A rule whose recipients are not told may be for everybody.
    elseif ($null -ne $untold) { $everyone = $true }
    else {
        $who = $left.Count ? "the domains $(Format-NameList $left)" : $rest
        $findings.Add((New-Finding -ResourceId 'SafeAttachmentPolicy' -ResourceName 'Safe Attachments policies' -Property 'applies to' -Expected 'a policy for everyone' -Actual "no policy for $who" -Compliant $false))
        $bad.Add("no policy for $who")
    }
}
# What falls short only after such a rule falls short for somebody, or for nobody at all.
if ($null -ne $untold -and -not $untold.bad -and $bad.Count) { Stop-UnexpectedData $untold.of $untold.axis 'the property is absent, and a policy that comes later falls short for whom the rule does not reach' }
if ($bad.Count -and -not $unproven) { return New-Verdict fail "Safe Attachments does not block malicious files for everyone: $(Format-NameList $bad)." $findings }
if ($unproven) {
    return New-Verdict manual "Look whether the domains $(Format-NameList $taken) are all domains that receive mail: built-in protection, which would cover the rest, $($bad.Count ? 'does not block' : 'was not among the policies')." $findings -ReasonCode human_review
}
New-Verdict pass "Safe Attachments blocks malicious files and keeps them for administrators: $(Format-NameList $good)." $findings
