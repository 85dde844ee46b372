# Requests of a source, from its declaration, in the dialect of its service.

function New-SourceRequests {
    param($Declaration)
    switch ($Declaration['service']) {
        'graph' {
            $queries = $Declaration['queries'] ?? @(, $Declaration['query'])
            foreach ($query in $queries) { New-GraphRequest $Declaration $Declaration['path'] $query }
        }
        { $_ -in 'exchange', 'compliance' } { New-CmdletRequest $Declaration $engine.services[$Declaration['service']] }
        'teams' { New-PlainRequest $Declaration "/Skype.Policy/configurations/$($Declaration['configuration'])" }
        'fabric' { New-PlainRequest $Declaration $Declaration['path'] }
        'sharepoint' { New-SharePointRequest $Declaration '0' }
    }
}

function New-ObjectRequest {
    param($Declaration, [string]$Id)
    $path = [regex]::Replace($Declaration['path'], '\{[A-Za-z]+\}', [uri]::EscapeDataString($Id).Replace('$', '$$'))
    New-GraphRequest $Declaration $path $Declaration['query']
}

function New-GraphRequest {
    param($Declaration, [string]$Path, $Query)
    $service = $engine.services['graph']
    $relative = $Path + (ConvertTo-QueryText $Query)
    $batch = $Declaration['batch']
    @{
        service = 'graph'; api = $Declaration['api']; method = 'GET'; path = $relative; url = "$($service.baseUrl)/$($Declaration['api'])$relative"
        lane = $Declaration['lane'] ?? 'graph'; group = $batch ? "$($Declaration['api'])/$batch" : $null
        headers = @{ Accept = 'application/json' }; body = $null; batchUrl = "$($service.baseUrl)/$($Declaration['api'])/`$batch"
    }
}

function ConvertTo-QueryText {
    param($Query)
    if ($null -eq $Query -or -not $Query.Count) { return '' }
    $pairs = foreach ($name in $Query.Keys) {
        # Everything escaped, then the characters that are harmless in a query made readable again.
        $value = [uri]::EscapeDataString([string]$Query[$name]).Replace('%2C', ',').Replace('%27', "'").Replace('%28', '(').Replace('%29', ')').Replace('%2F', '/').Replace('%3A', ':').Replace('%24', '$').Replace('%3D', '=')
        "$name=$value"
    }
    '?' + (@($pairs) -join '&')
}

# Exchange and compliance run one cmdlet per request.
function New-CmdletRequest {
    param($Declaration, $Service)
    $root = "$($Service.baseUrl)/adminapi/beta/$($engine.job.tenant.id)"
    $url = "$root/InvokeCommand"
    if ($Declaration['select']) { $url += '?$select=' + (@($Declaration['select']) -join ',') }
    $body = [ordered]@{ CmdletInput = [ordered]@{ CmdletName = $Declaration['cmdlet']; Parameters = $Declaration['parameters'] ?? @{} } }
    # A cmdlet whose answers nobody has seen yet gets one try, when a place is free, and not much time.
    $extra = $Declaration['outsideContract'] -eq $true
    @{
        spare = $extra; timeoutMs = $extra ? 15000 : 0
        service = $Service.name; method = 'POST'; url = $url; path = $null; lane = $Service.name; batchUrl = "$root/`$batch"; part = $body
        group = $Declaration['batch'] -and -not $extra -and $Service.name -eq 'exchange' ? "exchange/$($Declaration['batch'])" : $null
        body = ConvertTo-JsonText $body
        headers = [ordered]@{
            'Accept' = 'application/json'; 'Content-Type' = 'application/json'; 'X-ResponseFormat' = 'json'; 'X-CmdletName' = $Declaration['cmdlet']
            'X-AnchorMailbox' = $Service.anchor; 'Prefer' = 'odata.maxpagesize=1000'
        }
    }
}

function New-PlainRequest {
    param($Declaration, [string]$Path)
    $service = $engine.services[$Declaration['service']]
    @{
        service = $service.name; method = 'GET'; url = "$($service.baseUrl)$Path"; path = $null; lane = $service.name; group = $null
        headers = @{ Accept = 'application/json' }; body = $null
    }
}

function New-SharePointRequest {
    param($Declaration, [string]$StartIndex)
    $service = $engine.services['sharepoint']
    $body = if ($Declaration['csom']) { $Declaration['csom'].Replace('{startIndex}', [Security.SecurityElement]::Escape($StartIndex)) }
    $headers = @{ Accept = 'application/json;odata=verbose' }
    if ($body) { $headers['Content-Type'] = 'text/xml' }
    @{
        service = 'sharepoint'; method = $Declaration['method']; url = "$($service.baseUrl)$($Declaration['path'])"; path = $null
        lane = 'sharepoint'; group = $null; headers = $headers; body = $body
    }
}
