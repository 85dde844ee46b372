# TXT records, asked of the host by name. The map holds every name that was looked up, also those that a record pointed to.

$maximumFollowed = 10      # names an SPF record may lead to, as RFC 7208 limits look-ups
$maximumDnsRequests = 8    # at once: public resolvers count by address
# Microsoft's own SPF names say what they say in every tenant: nothing to learn by asking.
$microsoftSpf = '(^|\.)(spf\.protection\.outlook\.com|spf\.protection\.office365\.us|spf\.protection\.partner\.outlook\.cn)$'
$microsoftDomains = '(^|\.)(onmicrosoft\.com|onmicrosoft\.us|onmschina\.cn)$'

function Start-DnsReading {
    param($Reading)
    $Reading.waitingNames = [Collections.Generic.Queue[object]]::new()
    $Reading.askedNames = 0
    $origins = @($Reading.declaration['from']).Where({ $engine.plan.sources.Contains($_) })
    $Reading.openOrigins = $origins.Count
    foreach ($id in $origins) { Wait-Reading $engine.readings[$id] 'Add-DomainNames' $Reading }
}

# The first origin that was read gives the names; only when none was, the reading fails with the worst of them.
function Add-DomainNames {
    param($Reading, $Origin)
    if ($Reading.state) { return }
    $Reading.openOrigins--
    if ($Origin.state -ne 'read') { $Reading.failedOrigins.Add($Origin) } elseif (-not $Reading.known.Count) {
        $field = $Origin.id -eq 'graph/domains' ? 'id' : 'DomainName'
        foreach ($row in $Origin.data) { Add-Domain $Reading (Get-Field $row $field) }
    }
    if ($Reading.openOrigins -eq 0 -and -not $Reading.known.Count -and $Reading.failedOrigins.Count) {
        $state = Get-WorstState $Reading.failedOrigins.ToArray().ForEach({ $_.state })
        Complete-Reading $Reading $state $null (Copy-Problem $Reading.failedOrigins.Where({ $_.state -eq $state }, 'First')[0])
        return
    }
    Send-DnsRequests $Reading
    Test-ReadingDone $Reading
}

function ConvertTo-DnsName {
    param($Name)
    if ($Name -isnot [string]) { return $null }
    $text = $Name.Trim().TrimEnd('.').ToLowerInvariant()
    if ($text -match '[^\x00-\x7f]') { try { $text = [Globalization.IdnMapping]::new().GetAscii($text) } catch { return $null } }
    if ($text.Length -gt 253 -or $text -notmatch '^[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?$' -or $text.Contains('..')) { return $null }
    $text
}

function Add-Domain {
    param($Reading, $Domain)
    $name = ConvertTo-DnsName $Domain
    if (-not $name) { return }
    Add-DnsName $Reading $name @{ purpose = 'spf'; left = @{ count = $maximumFollowed } }
    Add-DnsName $Reading "_dmarc.$name" @{ purpose = 'dmarc'; domain = $name }
}

function Add-DnsName {
    param($Reading, [string]$Name, $Use)
    if (-not $Reading.known.Add($Name)) { return }
    $Reading.openUnits++
    $Reading.waitingNames.Enqueue(@{ reading = $Reading; name = $Name; use = $Use; tries = 0; askedAt = 0 })
}

function Send-DnsRequests {
    param($Reading)
    while ($Reading.askedNames -lt $maximumDnsRequests -and $Reading.waitingNames.Count) {
        $question = $Reading.waitingNames.Dequeue()
        $Reading.askedNames++
        $Reading.requests++
        $question.tries++
        $question.askedAt = Get-ElapsedMs
        if ($null -eq $Reading.firstSentMs) { $Reading.firstSentMs = $question.askedAt }
        $id = ++$engine.hostRequests
        $engine.awaited[$id] = @{ kind = 'dns'; question = $question }
        Send-Frame 'dns.request' ([ordered]@{ id = $id; name = $question.name })
    }
}

function Receive-DnsAnswer {
    param($Question, $Node)
    $reading = $Question.reading
    if ($reading.state) { return }
    $reading.askedNames--
    $records = if ($null -ne $Node) { ConvertTo-TxtRecords $Node['records'] }
    $problem = if ($null -eq $Node) { @{ code = 'ETIMEOUT' } } elseif ($null -eq $records) { @{ code = (Get-DnsCode $Node) } }
    if ($null -ne $problem) {
        if ($Question.tries -lt 2) { $reading.waitingNames.Enqueue($Question) } else {
            $state = $problem.code -match 'TIMEOUT' ? 'timeout' : 'unavailable'
            $reading.openUnits--
            Add-Entry $reading $Question.name ([pscustomobject]@{ state = $state; error = [pscustomobject]@{ code = $problem.code; message = 'The name could not be looked up.' } })
        }
    } else {
        $reading.openUnits--
        Add-Entry $reading $Question.name $records
        Add-FollowedNames $reading $Question $records
    }
    Send-DnsRequests $reading
    Test-ReadingDone $reading
}

function Get-DnsCode {
    param($Node)
    $problem = $Node['error']
    $code = if ($problem -is [Text.Json.Nodes.JsonObject]) { Get-NodeText $problem 'code' }
    if ($code -match '^[A-Z_]{1,40}$') { $code } else { 'ESERVFAIL' }
}

# Chunks of one record are joined with nothing between them.
function ConvertTo-TxtRecords {
    param($Node)
    if ($Node -isnot [Text.Json.Nodes.JsonArray]) { return $null }
    $records = [Collections.Generic.List[string]]::new()
    foreach ($record in $Node) {
        if ($record -is [Text.Json.Nodes.JsonArray]) { $records.Add((@(foreach ($chunk in $record) { $chunk.GetValue[string]() }) -join '')) } else { $records.Add($record.GetValue[string]()) }
    }
    , $records.ToArray()
}

function Add-FollowedNames {
    param($Reading, $Question, [string[]]$Records)
    if ($Question.use.purpose -eq 'dmarc') {
        if (@($Records).Where({ $_ -match '^\s*v\s*=\s*DMARC1\b' })) { return }
        Add-ParentPolicy $Reading $Question.use.domain
        return
    }
    foreach ($record in $Records) {
        if ($record -notmatch '^v=spf1( |$)') { continue }
        $terms = $record.Split(' ', [StringSplitOptions]::RemoveEmptyEntries)
        $targets = @(foreach ($term in $terms) { if ($term -match '^[+?~-]?include:([^\s%]+)$') { $Matches[1] } })
        $redirect = @(foreach ($term in $terms) { if ($term -match '^redirect=([^\s%]+)$') { $Matches[1] } })
        # A record that names Microsoft itself has said what the check looks for; its other includes need no look-up.
        $follow = if ($targets.Where({ $_ -match $microsoftSpf })) { $redirect } else { $targets + $redirect }
        foreach ($target in $follow) {
            $name = ConvertTo-DnsName $target
            if (-not $name -or $name -match $microsoftSpf -or $Question.use.left.count -le 0) { continue }
            $Question.use.left.count--
            Add-DnsName $Reading $name $Question.use
        }
    }
}

# A subdomain without a policy of its own is under its parent's: ask upwards, to the last name with two labels.
function Add-ParentPolicy {
    param($Reading, [string]$Domain)
    $parent = $Domain.Substring($Domain.IndexOf('.') + 1)
    if (-not $parent.Contains('.') -or $parent -match $microsoftDomains) { return }
    Add-DnsName $Reading "_dmarc.$parent" @{ purpose = 'dmarc'; domain = $parent }
}

function Stop-OverdueLookups {
    $limit = $engine.job.limits.callTimeoutMs
    $now = Get-ElapsedMs
    foreach ($id in @($engine.awaited.Keys)) {
        $awaited = $engine.awaited[$id]
        if ($awaited.kind -eq 'dns' -and $now - $awaited.question.askedAt -gt $limit) {
            $engine.awaited.Remove($id)
            Receive-DnsAnswer $awaited.question $null
        }
    }
}
