# What the mail controls read from accepted domains and from DNS: names, SPF (RFC 7208), DMARC (RFC 7489).
# Nothing is looked up here: the map of dns/txt holds what was read, also for names that records point to.

# The form in which names are compared and kept in the map: lower-case, no trailing dot, punycode.
function ConvertTo-DnsName {
    param([Parameter(Position = 0)][string]$Name)
    $trimmed = $Name.Trim().TrimEnd('.').ToLowerInvariant()
    if ($trimmed -match '[^\x00-\x7f]') {
        # Not a name that DNS could hold: compared as it is, it equals nothing.
        try { return [Globalization.IdnMapping]::new().GetAscii($trimmed).ToLowerInvariant() } catch [ArgumentException] { return $trimmed }
    }
    $trimmed
}

# The accepted domains of Exchange. A tenant has at least its initial domain, so none at all is no answer.
function Get-AcceptedDomains {
    param([Parameter(Position = 0)]$Evidence)
    $source = 'exchange/Get-AcceptedDomain'
    $rows = Get-Rows $Evidence $source
    if (-not $rows.Count) { Stop-UnexpectedData $source '' 'expected at least the initial domain, found none' }
    $domains = foreach ($row in $rows) {
        $name = ConvertTo-DnsName (Read-String $row 'DomainName' -Of $source)
        if (-not $name) { Stop-UnexpectedData $source 'DomainName' 'expected a domain name, found empty text' }
        # Only hybrid tenants set MatchSubDomains, and older answers leave it out: then the domain is only itself.
        $subdomains = (Test-Property $row 'MatchSubDomains') -and $true -eq (Read-NullableBoolean $row 'MatchSubDomains' -Of $source)
        @{ name = $name; subdomains = $subdomains; row = $row }
    }
    , @($domains)
}

# The same with what the DNS controls need to know of each: is it the initial one, does Microsoft manage it.
function Get-MailDomains {
    param([Parameter(Position = 0)]$Evidence)
    $source = 'exchange/Get-AcceptedDomain'
    $accepted = Get-AcceptedDomains $Evidence
    $domains = foreach ($domain in $accepted) {
        @{
            name        = $domain.name
            initial     = Read-Boolean $domain.row 'InitialDomain' -Of $source
            coexistence = Read-Boolean $domain.row 'IsCoexistenceDomain' -Of $source
        }
    }
    , @($domains)
}

# The TXT records of one name. The name has to be in the map: an entry that failed gives its state to the control.
function Read-TxtRecords {
    param([Parameter(Position = 0)]$Map, [Parameter(Position = 1)][string]$Name)
    $entry = Get-Entry $Map $Name -Of 'dns/txt'
    if ($entry -isnot [array]) { Stop-UnexpectedData 'dns/txt' $Name "expected a list of records, found $(Get-ValueKind $entry)" }
    foreach ($record in $entry) {
        if ($record -isnot [string]) { Stop-UnexpectedData 'dns/txt' $Name "expected records as text, found $(Get-ValueKind $record)" }
    }
    , $entry
}

# A record is SPF when its first word is v=spf1: `v=spf10` is something else.
function Read-SpfRecords {
    param([Parameter(Position = 0)]$Map, [Parameter(Position = 1)][string]$Name)
    $records = Read-TxtRecords $Map $Name
    , @($records.Where({ $_ -match '^v=spf1( |$)' }))
}

$outlookSpfNames = @{
    commercial = 'spf.protection.outlook.com'; government = 'spf.protection.office365.us'; china = 'spf.protection.partner.outlook.cn'
}

# The name whose inclusion lets Exchange Online send. The initial domain tells the cloud.
function Get-OutlookSpfName {
    param([Parameter(Position = 0)]$Domains)
    foreach ($domain in $Domains) {
        if (-not $domain.initial) { continue }
        if ($domain.name.EndsWith('.onmicrosoft.us')) { return $outlookSpfNames.government }
        if ($domain.name.EndsWith('.onmschina.cn')) { return $outlookSpfNames.china }
    }
    $outlookSpfNames.commercial
}

# The terms of an SPF record that pass the question on: @{ includes; redirect }. Only includes that mean "pass" count
# (no qualifier, or +), only those before `all` are ever reached, and redirect is void when there is an `all`.
function Get-SpfReferences {
    param([Parameter(Position = 0)][string]$Record)
    $includes = [Collections.Generic.List[string]]::new()
    $redirect = ''
    foreach ($term in $Record.Split(' ', [StringSplitOptions]::RemoveEmptyEntries)) {
        if ($term -match '^[+?~-]?all$') { return @{ includes = $includes; redirect = '' } }
        if ($term -match '^\+?include:(.+)$') { $includes.Add((ConvertTo-DnsName $Matches[1])) }
        elseif ($term -match '^redirect=(.+)$') { $redirect = ConvertTo-DnsName $Matches[1] }
    }
    # An `all` after the redirect returned above.
    @{ includes = $includes; redirect = $redirect }
}

# Does the record include the wanted name, itself or through the records it refers to? Names that were not read, or
# cannot be (macros stand for a sender's address), are added to Unread: with one of them "no" is not proven.
function Test-SpfIncludes {
    param([string]$Record, [string]$Wanted, $Map, [Collections.Generic.HashSet[string]]$Seen, [Collections.Generic.List[string]]$Unread)
    $references = Get-SpfReferences $Record
    $targets = @($references.includes; if ($references.redirect) { $references.redirect })
    if ($Wanted -in $targets) { return $true }
    foreach ($target in $targets) {
        # The name of another cloud is Microsoft's end of a chain: it leads nowhere else, so it need not be read.
        if (-not $Seen.Add($target) -or $target -in $outlookSpfNames.Values) { continue }
        if ($target.Contains('%') -or (Get-EntryState $Map $target) -eq 'not_collected') { $Unread.Add($target); continue }
        $records = Read-SpfRecords $Map $target
        # None or several: receivers report an error and the reference gives nothing.
        if ($records.Count -eq 1 -and (Test-SpfIncludes $records[0] $Wanted $Map $Seen $Unread)) { return $true }
    }
    $false
}

# A DMARC record as its tags. The version has to come first and be spelled exactly (receivers ignore others); the
# order of the rest is free. What is no tag is skipped, as receivers do; a tag given twice makes the record invalid.
function ConvertFrom-DmarcRecord {
    param([Parameter(Position = 0)][string]$Record)
    $tags = [pscustomobject]@{ valid = $true; p = $null; sp = $null; pct = $null; rua = $null; ruf = $null }
    $seen = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
    foreach ($part in $Record.Split(';')) {
        $pair = $part.Split('=', 2)
        if ($pair.Count -ne 2) { continue }
        $name = $pair[0].Trim().ToLowerInvariant()
        if (-not $seen.Add($name)) { $tags.valid = $false; continue }
        if ($name -in 'p', 'sp', 'pct', 'rua', 'ruf') { $tags.$name = $pair[1].Trim() }
    }
    $tags
}

function Read-DmarcRecords {
    param([Parameter(Position = 0)]$Map, [Parameter(Position = 1)][string]$Domain)
    $records = Read-TxtRecords $Map "_dmarc.$Domain"
    , @($records.Where({ $_ -cmatch '^[vV]\s*=\s*DMARC1\s*(;|$)' }))
}

# Is there at least one mailto address in a rua or ruf list? Sizes may follow an address (`!10m`).
function Test-MailtoList {
    param([Parameter(Position = 0)]$Value)
    if (-not $Value) { return $false }
    foreach ($uri in $Value.Split(',')) {
        if ($uri.Trim() -match '^mailto:[^@\s!]+@[^@\s!]+\.[^@\s!.]+(![0-9]+[kmgt]?)?$') { return $true }
    }
    $false
}
