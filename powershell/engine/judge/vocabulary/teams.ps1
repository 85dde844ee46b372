# What verdicts need to say about policies of Teams: one Global policy for everybody, others for chosen people.

# The policies of one type. The service has two forms of the same answer: the list, and the Global policy alone as an object.
function Get-TeamsPolicies {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source)
    if ((Get-SourceData $Evidence $Source) -is [Management.Automation.PSCustomObject]) { return , @(Get-Single $Evidence $Source) }
    , (Get-Rows $Evidence $Source)
}

# The Global policy. It always exists: a list without it is an incomplete answer, not a tenant without rules.
# -Unnamed: an answer that was asked for Global alone and leaves the name out is accepted, as long as it is the only one.
function Get-GlobalPolicy {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source, [switch]$Unnamed)
    $rows = Get-TeamsPolicies $Evidence $Source
    if ($Unnamed -and $rows.Count -eq 1 -and -not (Test-Property $rows[0] 'Identity')) { return $rows[0] }
    $global = $rows.Where({ (Read-String $_ 'Identity' -Of $Source) -eq 'Global' })
    if ($global.Count -ne 1) { Stop-UnexpectedData $Source '[Identity=Global]' "expected exactly one Global policy, found $($global.Count)" }
    $global[0]
}

# Templates of the vendor are in every tenant and are nobody's decision. Only the service says which they are; its
# module leaves the mark out, and then they count as policies like any other.
function Test-TeamsTemplate {
    param([Parameter(Position = 0)]$Policy)
    ((Test-Property $Policy 'Key.AuthorityId.Class') -and $Policy.Key.AuthorityId.Class -eq 'Host') -or
    ((Test-Property $Policy 'ConfigMetadata.Authority') -and $Policy.ConfigMetadata.Authority -eq 'Host')
}

# Controls score the Global policy. Another policy that is looser does not change the verdict, but the reader should
# know of it: ' (2 other policies are looser for the people they are given to: A, B)', or nothing.
function Format-LooserPolicies {
    param([Parameter(Position = 0)]$Evidence, [Parameter(Position = 1)][string]$Source, [string]$Property, [object[]]$Accepted)
    $names = [Collections.Generic.List[string]]::new()
    $rows = Get-TeamsPolicies $Evidence $Source
    foreach ($policy in $rows) {
        if (-not (Test-Property $policy 'Identity') -or $policy.Identity -eq 'Global' -or (Test-TeamsTemplate $policy) -or -not (Test-Property $policy $Property)) { continue }
        $value = Read-Property $policy $Property
        # Only a value of the kind that is expected says that the policy is looser.
        if ($null -eq $value -or $value.GetType() -ne $Accepted[0].GetType() -or $value -in $Accepted) { continue }
        $names.Add(($policy.Identity -replace '^Tag:', ''))
    }
    if (-not $names.Count) { return '' }
    $words = if ($names.Count -eq 1) { 'other policy is looser for the people it is given to' } else { 'other policies are looser for the people they are given to' }
    " ($($names.Count) $($words): $(Format-NameList $names))"
}

# Whether a switch of the Global policy has the wanted value, as a whole verdict.
function Get-GlobalSwitchVerdict {
    param($Evidence, [string]$Source, [string]$Property, [bool]$Wanted, [string]$PolicyName, [string]$Pass, [string]$Fail, [switch]$Unnamed)
    $actual = Read-Boolean (Get-GlobalPolicy $Evidence $Source -Unnamed:$Unnamed) $Property -Of $Source
    $finding = New-Finding -ResourceId 'Global' -ResourceName $PolicyName -Property $Property `
        -Expected $Wanted -Actual $actual -Compliant ($actual -eq $Wanted)
    if ($actual -ne $Wanted) { return New-Verdict fail "$Fail." $finding }
    New-Verdict pass "$Pass$(Format-LooserPolicies $Evidence $Source -Property $Property -Accepted $Wanted)." $finding
}

# The domains that the organisation federates with: @{ open; domains; text }. The service answers {} for "every
# domain" and { AllowedDomain: [...] } for a list; its module writes AllowAllKnownDomains for the first, and
# remoting may leave nothing but text. An empty list is a list: it lets nobody in. domains is $null when only the
# kind of the list is known.
function Read-FederationDomains {
    param([Parameter(Position = 0)]$Tenant, [Parameter(Position = 1)][string]$Source)
    $path = 'AllowedDomains'
    $value = Read-Property $Tenant $path -Of $Source
    if ($value -is [string]) {
        if ($value -match '\bAllowAllKnownDomains\b') { return @{ open = $true; domains = @(); text = 'every domain' } }
        $named = @([regex]::Matches($value, '(?i)\bDomain=([^\s,;{}]+)').ForEach({ $_.Groups[1].Value }))
        if ($named.Count) { return @{ open = $false; domains = $named; text = $named -join ', ' } }
        if ($value -match '\bAllowList\b') { return @{ open = $false; domains = $null; text = 'a list of domains' } }
        Stop-UnexpectedData $Source $path 'expected a list of domains or AllowAllKnownDomains, found other text'
    }
    if ($value -isnot [Management.Automation.PSCustomObject]) { Stop-UnexpectedData $Source $path "expected an object, found $(Get-ValueKind $value)" }
    # AllowList is how the same list is written; it may hold the list or the object with the list.
    if (Test-Property $value 'AllowList') {
        $path = 'AllowedDomains.AllowList'
        if ($value.AllowList -is [Management.Automation.PSCustomObject] -and (Test-Property $value.AllowList 'AllowedDomain')) { $value = $value.AllowList; $path += '.AllowedDomain' }
        else { $value = [pscustomobject]@{ AllowedDomain = $value.AllowList } }
    } else {
        foreach ($property in $value.PSObject.Properties) {
            if ($property.Name -notin 'AllowedDomain', 'AllowAllKnownDomains') { Stop-UnexpectedData $Source "$path.$($property.Name)" 'expected AllowedDomain or nothing' }
        }
        if (-not (Test-Property $value 'AllowedDomain')) { return @{ open = $true; domains = @(); text = 'every domain' } }
        $path = 'AllowedDomains.AllowedDomain'
    }
    $domains = Read-DomainEntries $value.AllowedDomain $path $Source
    @{ open = $false; domains = $domains; text = if ($domains.Count) { $domains -join ', ' } else { 'an empty list: no domain' } }
}

# Entries are { Domain: 'x' } or plain text; a single one may come without its list.
function Read-DomainEntries {
    param($Entries, [string]$Path, [string]$Source)
    if ($null -eq $Entries) { Stop-UnexpectedData $Source $Path 'expected a list of domains, found null' }
    $domains = foreach ($entry in @($Entries)) {
        $domain = if ($entry -is [string]) { $entry } else { Read-String $entry 'Domain' -Of "$Source $Path" }
        if (-not $domain.Trim()) { Stop-UnexpectedData $Source $Path 'expected a domain, found empty text' }
        $domain.Trim()
    }
    , @($domains)
}
