# Protection policies of mail (malware, spam, phishing, Safe Links, Safe Attachments). A policy holds the settings; its
# rule says whom it reaches, whether it is on and in which order. The default policy needs no rule; presets have their own.

$recipientAxes = 'RecipientDomainIs', 'SentTo', 'SentToMemberOf'

# The names under which a rule may refer to a policy; the first is the key to show.
function Get-PolicyNames {
    param([Parameter(Position = 0)]$Policy, [string]$Of, [string]$Key = 'Identity')
    $other = $Key -eq 'Identity' ? 'Name' : 'Identity'
    , @(
        Read-String $Policy $Key -Of $Of
        if (Test-Property $Policy $other) { Read-String $Policy $other -Of $Of }
    )
}

# Is it the policy for everybody whom no other one reaches? An answer that leaves the flag out still has the reserved name.
function Test-DefaultPolicy {
    param([Parameter(Position = 0)]$Policy, [string]$Of, [string]$Name, [string]$Flag = 'IsDefault', [string]$Key = 'Identity')
    if (Test-Property $Policy $Flag) { return Read-Boolean $Policy $Flag -Of $Of }
    $Name -in (Get-PolicyNames $Policy -Of $Of -Key $Key)
}

# The one default policy of a list: by its flag, else by its reserved name. A tenant without one was not read properly.
function Get-DefaultPolicy {
    param([Parameter(Position = 0)]$Policies, [string]$Of, [string]$Name, [string]$Flag = 'IsDefault', [string]$Key = 'Identity')
    $found = @($Policies.Where({ Test-DefaultPolicy $_ -Of $Of -Name $Name -Flag $Flag -Key $Key }))
    if (-not $found.Count) { $found = @($Policies.Where({ $Name -in (Get-PolicyNames $_ -Of $Of -Key $Key) })) }
    if ($found.Count -ne 1) { Stop-UnexpectedData $Of $Flag "expected exactly one default policy, found $($found.Count)" }
    $found[0]
}

# The policies of a source that is asked for one policy by its name, and therefore may answer that one as an object.
function Get-NamedPolicies {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    if ((Get-SourceData $Evidence $Source) -is [Management.Automation.PSCustomObject]) { return , @(Get-Single $Evidence $Source) }
    , (Get-Rows $Evidence $Source)
}

# The default connection filter: @{ policy; name }. Only this one is in force: the service applies no other. An answer that
# holds nothing else may leave its name out.
function Get-ConnectionFilter {
    param([Parameter(Position = 0)]$Evidence)
    $source = 'exchange/Get-HostedConnectionFilterPolicy'
    $policies = Get-NamedPolicies $Evidence $source
    $only = $policies.Count -eq 1 ? $policies[0] : $null
    if ($null -ne $only -and -not @('Identity', 'Name', 'IsDefault').Where({ Test-Property $only $_ }).Count) { return @{ policy = $only; name = 'Default' } }
    $policy = Get-DefaultPolicy $policies -Of $source -Name 'Default'
    @{ policy = $policy; name = (Get-PolicyNames $policy -Of $source)[0] }
}

# Whom a rule reaches. An axis that is null is not used; all unused means everybody. Axes narrow each other. A rule whose
# exceptions take away everything it names reaches nobody.
# @{ enabled; reaches; everyone; named; except; domains; addresses; emptyOnly; scope }: named and except are maps from axis
# to entries, domains and addresses what two of the axes name. emptyOnly: an axis is given but holds nobody, and no other
# one names anybody. scope is text to show. -ScopeOptional: an axis may be absent, where the control does not stand on it;
# untold names the absent ones. Absent is not null: nobody knows whom such a rule reaches, so it is never "everyone".
function Get-RuleReach {
    param([Parameter(Position = 0)]$Rule, [string]$Of, [switch]$ScopeOptional)
    $reach = @{ enabled = (Read-String $Rule 'State' -Of $Of) -eq 'Enabled'; named = [ordered]@{}; except = [ordered]@{}; domains = @(); addresses = @(); untold = @() }
    $cancelled = $false
    $emptyAxis = $false
    foreach ($axis in $recipientAxes) {
        if ($ScopeOptional -and -not (Test-Property $Rule $axis)) { $reach.untold += $axis; continue }
        $given = Read-StringList $Rule $axis -Of $Of -NullIsEmpty
        $named = @($given.Where({ $_.Trim() }))
        $except = @()
        if (Test-Property $Rule "ExceptIf$axis") { $except = @((Read-StringList $Rule "ExceptIf$axis" -Of $Of -NullIsEmpty).Where({ $_.Trim() })) }
        if ($except.Count) { $reach.except[$axis] = $except }
        if ($named.Count) {
            $reach.named[$axis] = $named
            if ($axis -eq 'RecipientDomainIs') { $reach.domains = $named } elseif ($axis -eq 'SentTo') { $reach.addresses = $named }
            if (-not $named.Where({ $_ -notin $except })) { $cancelled = $true }
        } elseif ($null -ne (Read-Property $Rule $axis -Of $Of)) { $emptyAxis = $true }
    }
    $reach.emptyOnly = $emptyAxis -and -not $reach.named.Count
    $reach.reaches = $reach.enabled -and -not $cancelled
    $reach.everyone = $reach.reaches -and -not $reach.named.Count -and -not $reach.except.Count -and -not $emptyAxis -and -not $reach.untold.Count
    $text = $reach.named.Count ? ($reach.named.Keys.ForEach({ "$_ $(Format-NameList $reach.named[$_])" }) -join ' and ') : $reach.emptyOnly ? 'everyone (the lists are empty)' : $reach.untold.Count ? 'recipients that the answer does not tell' : 'everyone'
    if ($reach.except.Count) { $text = "$text, except $($reach.except.Keys.ForEach({ "$_ $(Format-NameList $reach.except[$_])" }) -join ', ')" }
    $reach.scope = $text
    $reach
}

# 'Standard', 'Strict' or '' for a policy that belongs to no preset.
function Get-PresetName {
    param([Parameter(Position = 0)]$Policy, [string]$Of, [string]$Key = 'Identity')
    if (Test-Property $Policy 'RecommendedPolicyType') {
        $type = Read-String $Policy 'RecommendedPolicyType' -Of $Of
        return $type -in 'Standard', 'Strict' ? $type : ''
    }
    # An answer that leaves the type out still has the reserved name, followed by digits.
    $match = [regex]::Match((Read-String $Policy $Key -Of $Of), '^(Standard|Strict) Preset Security Policy\d*$', 'IgnoreCase')
    $match.Success ? $match.Groups[1].Value : ''
}

function Test-BuiltInPolicy {
    param([Parameter(Position = 0)]$Policy, [string]$Of)
    if (Test-Property $Policy 'IsBuiltInProtection') { return Read-Boolean $Policy 'IsBuiltInProtection' -Of $Of }
    'Built-In Protection Policy' -in (Get-PolicyNames $Policy -Of $Of)
}

# Is this the rule of the preset that a policy belongs to? It names the policy, or is known by the preset's name.
function Test-PresetRule {
    param([Parameter(Position = 0)]$Rule, [string]$Of, [string]$Property, [string[]]$Names, [string]$Preset)
    if ($Property -and (Test-Property $Rule $Property)) {
        $target = Read-NullableString $Rule $Property -Of $Of
        if ($target) { return $target -in $Names }
    }
    $Preset -and (Read-String $Rule 'Identity' -Of $Of) -eq "$Preset Preset Security Policy"
}

# The enabled rules of a list, in their order: @{ rule; policy; priority }. 0 is first.
function Get-OrderedRules {
    param([Parameter(Position = 0)]$Rules, [string]$Of, [string]$Property)
    $read = foreach ($rule in $Rules) {
        $one = @{ rule = $rule; policy = (Read-String $rule $Property -Of $Of); priority = (Read-Integer $rule 'Priority' -Of $Of) }
        if ((Read-String $rule 'State' -Of $Of) -eq 'Enabled') { $one }
    }
    , @(@($read).Where({ $null -ne $_ }) | Sort-Object { $_.priority } -Stable)
}

# The policies whose enabled rule comes first: @{ policies; lost }. More than one only when rules share that priority. lost: such
# a rule names a policy that is not among those read.
function Get-FirstPolicies {
    param([Parameter(Position = 0)]$Evidence, $Policies, [string]$PolicySource, [string]$RuleSource, [string]$Property)
    $ordered = Get-OrderedRules (Get-Rows $Evidence $RuleSource) -Of $RuleSource -Property $Property
    $first = @{ policies = @(); lost = $false }
    foreach ($rule in $ordered) {
        if ($rule.priority -ne $ordered[0].priority) { break }
        $policy = @($Policies.Where({ $rule.policy -in (Get-PolicyNames $_ -Of $PolicySource) }))
        if ($policy.Count -eq 1) { $first.policies += $policy[0] } else { $first.lost = $true }
    }
    $first
}

# For controls that ask something of the default policy and of the custom policy whose enabled rule comes first. -Read is
# a script block that gives the rows of one policy: @{ property; expected; actual; compliant }; it reads every policy.
# Gives @{ findings; bad; unclear }: names. Unclear are custom policies that fall short while their order was not read:
# nobody knows whether they come first. The remaining policies are only shown.
function Get-PolicyReview {
    param([Parameter(Position = 0)]$Evidence, [string]$PolicySource, [string]$RuleSource, [string]$RuleProperty, [scriptblock]$Read)
    $policies = Get-Rows $Evidence $PolicySource
    $default = Get-DefaultPolicy $policies -Of $PolicySource -Name 'Default'
    # Present means that it was read, also when what was read is not a list: then it stops here.
    $ordered = $null -ne $Evidence.PSObject.Properties[$RuleSource]
    $first = @{ policies = @(); lost = $false }
    if ($ordered) { $first = Get-FirstPolicies $Evidence -Policies $policies -PolicySource $PolicySource -RuleSource $RuleSource -Property $RuleProperty }
    $review = @{ findings = [Collections.Generic.List[object]]::new(); bad = [Collections.Generic.List[string]]::new(); unclear = [Collections.Generic.List[string]]::new() }
    foreach ($policy in $policies) {
        $name = (Get-PolicyNames $policy -Of $PolicySource)[0]
        # Presets are no custom policies and cannot be edited.
        $custom = -not (Get-PresetName $policy -Of $PolicySource)
        $judged = $policy -eq $default -or $policy -in $first.policies
        $maybe = -not $judged -and -not $ordered -and $custom
        $rows = @(& $Read $policy)
        foreach ($row in $rows) {
            $expected = $judged -or $maybe ? $row.expected : "$($row.expected) (shown only: no enabled rule that comes first)"
            $compliant = $row.compliant -or -not ($judged -or $maybe)
            $review.findings.Add((New-Finding -ResourceId $name -ResourceName $name -Property $row.property -Expected $expected -Actual $row.actual -Compliant $compliant))
        }
        if (-not $rows.Where({ -not $_.compliant })) { continue }
        if ($judged) { $review.bad.Add($name) } elseif ($maybe) { $review.unclear.Add($name) }
    }
    # A policy that falls short decides, whatever the one that was not read says; without one nothing is proven.
    if ($first.lost -and -not $review.bad.Count) { Stop-UnexpectedData $RuleSource $RuleProperty 'the rule names a policy that is not in the list of policies' }
    $review
}
