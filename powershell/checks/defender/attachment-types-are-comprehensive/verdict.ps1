param($Evidence, $Context)
$policySource = 'exchange/Get-MalwareFilterPolicy'
$ruleSource = 'exchange/Get-MalwareFilterRule'
$presetSource = 'exchange/Get-EOPProtectionPolicyRule'
$fewest = 120
# The 184 kinds of file that a comprehensive filter knows.
$reference = @'
    7z a3x ace ade adp ani app appinstaller applescript application appref-ms appx appxbundle arj asd asx bas bat bgi bz2 cab chm cmd
    com cpl crt cs csh daa dbf dcr deb desktopthemepackfile dex diagcab dif dir dll dmg doc docm dot dotm elf eml exe fxp gadget gz
    hlp hta htc htm html hwpx ics img inf ins iqy iso isp jar jnlp js jse kext ksh lha lib library-ms lnk lzh macho mam mda mdb mde
    mdt mdw mdz mht mhtml mof msc msi msix msp msrcincident mst ocx odt ops oxps pcd pif plg pot potm ppa ppam ppkg pps ppsm ppt pptm
    prf prg ps1 ps11 ps11xml ps1xml ps2 ps2xml psc1 psc2 pub py pyc pyo pyw pyz pyzw rar reg rev rtf scf scpt scr sct
    searchconnector-ms service settingcontent-ms sh shb shs shtm shtml sldm slk so spl stm svg swf sys tar theme themepack timer uif
    url uue vb vbe vbs vhd vhdx vxd wbk website wim wiz ws wsc wsf wsh xla xlam xlc xll xlm xls xlsb xlsm xlt xltm xlw xnk xps xsl xz
    z
'@.Split([char[]]" `r`n", [StringSplitOptions]::RemoveEmptyEntries)

# Extensions as they are compared: lower-case, no leading dot, each once.
function Get-Extensions {
    param([string[]]$Values)
    $set = [Collections.Generic.HashSet[string]]::new()
    foreach ($value in $Values) { $name = $value.Trim().TrimStart('*').TrimStart('.').ToLowerInvariant(); if ($name) { [void]$set.Add($name) } }
    , $set
}

$exceptions = Get-Extensions (Read-InputList $Context 'extensionExceptions')
$ratio = Read-InputNumber $Context 'passRatio' 0.9 -Minimum 0 -Maximum 1
$wanted = @($reference.Where({ -not $exceptions.Contains($_) }))

# Who uses a policy: @{ active; how; unproven }.
function Get-Use {
    param($Policy, $Rules)
    if (Test-DefaultPolicy $Policy -Of $policySource -Name 'Default') { return @{ active = $true; how = 'default policy'; unproven = $false } }
    $names = Get-PolicyNames $Policy -Of $policySource
    $preset = Get-PresetName $Policy -Of $policySource
    $states = @(
        foreach ($rule in $Rules) { if ((Read-String $rule 'MalwareFilterPolicy' -Of $ruleSource) -in $names) { Read-String $rule 'State' -Of $ruleSource } }
        if ($preset -and (Test-Source $Evidence $presetSource)) {
            $presetRules = Get-Rows $Evidence $presetSource
            foreach ($rule in $presetRules) { if (Test-PresetRule $rule -Of $presetSource -Property 'MalwareFilterPolicy' -Names $names -Preset $preset) { Read-String $rule 'State' -Of $presetSource } }
        }
    )
    if ('Enabled' -in $states) { return @{ active = $true; how = 'an enabled rule'; unproven = $false } }
    # Not proven to be out of use while the rules of the presets were not read.
    @{ active = $false; how = $states.Count ? 'its rule is disabled' : 'no rule'; unproven = [bool]$preset -and -not (Test-Source $Evidence $presetSource) }
}

# What is wrong with a policy, as @{ property; expected; actual } rows. What is done with a matching file is not judged.
function Get-Problems {
    param($Policy)
    $on = Read-Boolean $Policy 'EnableFileFilter' -Of $policySource
    $types = Get-Extensions (Read-StringList $Policy 'FileTypes' -Of $policySource)
    $missing = @($wanted.Where({ -not $types.Contains($_) }))
    $share = $wanted.Count ? ($wanted.Count - $missing.Count) / $wanted.Count : 1
    if (-not $on) { @{ property = 'EnableFileFilter'; expected = $true; actual = $false } }
    if ($types.Count -le $fewest) { @{ property = 'FileTypes'; expected = "more than $fewest extensions"; actual = $types.Count } }
    # A hair of tolerance for the division, not for the policy.
    if ($share + 1e-9 -lt $ratio) {
        @{ property = 'FileTypes'; expected = "at least $([Math]::Round($ratio * 100, 1)) percent of the $($wanted.Count) reference extensions"; actual = "$($missing.Count) missing: $($missing -join ', ')" }
    }
}

$policies = Get-Rows $Evidence $policySource
if (-not $policies.Count) { Stop-UnexpectedData $policySource '' 'expected at least the default policy, found none' }
$rules = Get-Rows $Evidence $ruleSource
foreach ($rule in $rules) { [void](Read-String $rule 'MalwareFilterPolicy' -Of $ruleSource); [void](Read-String $rule 'State' -Of $ruleSource) }
$good = [Collections.Generic.List[object]]::new()
$lacking = [Collections.Generic.List[object]]::new()
$idle = [Collections.Generic.List[string]]::new()
$unproven = $false
foreach ($policy in $policies) {
    $name = (Get-PolicyNames $policy -Of $policySource)[0]
    $problems = @(Get-Problems $policy)
    $use = Get-Use $policy $rules
    foreach ($problem in $problems) { $lacking.Add((New-Finding -ResourceId $name -ResourceName $name -Property $problem.property -Expected $problem.expected -Actual $problem.actual -Compliant $false)) }
    if ($problems.Count) { continue }
    $finding = New-Finding -ResourceId $name -ResourceName $name -Property 'applied by' -Expected 'the default policy, or an enabled rule' -Actual $use.how -Compliant $use.active
    if ($use.active) { $good.Add($finding); continue }
    $lacking.Add($finding)
    if ($use.unproven) { $unproven = $true }
    $idle.Add($name)
}
# One comprehensive policy in use is the test.
if ($good.Count) { return New-Verdict pass "The attachment filter of the malware policy $(Format-NameList @(foreach ($one in $good) { $one.resourceName })) covers a comprehensive list of file types." $good }
if ($unproven) { Stop-Unread $presetSource }
if ($idle.Count) { return New-Verdict fail "The malware policy $(Format-NameList $idle) filters a comprehensive list of file types, but is not in use." $lacking }
New-Verdict fail 'No malware policy in use filters a comprehensive list of file types.' $lacking
