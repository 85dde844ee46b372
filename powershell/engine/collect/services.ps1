# Services of a scan: where they are in this cloud, and what must be known before the first read.

function Add-Service {
    param([string]$Name)
    if ($engine.services.ContainsKey($Name)) { return }
    $declaration = Read-ServiceDeclaration $engine.root $Name
    foreach ($id in $declaration['lanes'].Keys) {
        $lane = $declaration['lanes'][$id]
        $engine.lanes[$id] = @{
            service = $Name; max = [int]$lane['max']; gapMs = [int]$lane['gapMs']; live = 0; nextAt = 0; lookedAt = 0
            queue = [Collections.Generic.List[object]]::new()
        }
    }
    $service = @{
        name = $Name; declaration = $declaration; cloud = $null; baseUrl = $null; scope = $null; anchor = $null; prepared = $true; preparing = $false
        waiting = [Collections.Generic.List[object]]::new(); problem = $null; noBatch = $false
        token = @{ state = 'none'; value = $null; generation = 0; askedAt = 0; claims = $null; problem = $null }
    }
    $engine.services[$Name] = $service
    if ($Name -eq 'dns') { return }
    $service.cloud = $declaration['clouds'][$engine.job.cloud]
    if ($null -eq $service.cloud) {
        $service.problem = @{ state = 'not_supported'; error = [ordered]@{ code = 'cloud_not_supported'; message = "No address of this service is known in the cloud $($engine.job.cloud)." } }
        return
    }
    if ($declaration['credentialKinds'] -and $engine.job.credentialKind -notin $declaration['credentialKinds']) {
        $service.problem = @{ state = 'not_supported'; error = [ordered]@{ code = 'certificate_needed'; message = 'The service refuses applications that sign in with a secret: use a certificate.' } }
        return
    }
    $service.scope = $service.cloud['scope']
    $service.baseUrl = $service.cloud['baseUrl']
    $service.prepared = $Name -notin 'sharepoint', 'compliance'
    $service.anchor = "$($declaration['anchor'])".Replace('{tenantId}', $engine.job.tenant.id)
    # SharePoint's scope names a host that is not known yet.
    if ($Name -eq 'sharepoint') { return }
    Request-Token $service $false
}

function Start-ServicePreparation {
    param($Service)
    if ($Service.preparing) { return }
    $Service.preparing = $true
    if ($Service.name -eq 'sharepoint') { Wait-Reading (Get-SupportingReading 'graph/sites/root') 'Set-SharePointHost' $Service; return }
    if ($engine.job.tenant.defaultDomain -match '\.onmicrosoft\.(com|us)$|\.onmschina\.cn$') { Start-RegionDiscovery $Service $engine.job.tenant.defaultDomain; return }
    Wait-Reading (Get-SupportingReading 'graph/organization') 'Set-ComplianceDomain' $Service
}

function Complete-ServicePreparation {
    param($Service, $Problem)
    $Service.prepared = $null -eq $Problem
    $Service.problem = $Problem
    $waiting = $Service.waiting.ToArray()
    $Service.waiting.Clear()
    foreach ($reading in $waiting) {
        if ($null -ne $Problem) { Complete-Reading $reading $Problem.state $null (Copy-Fields $Problem.error) } else { Start-ReadingCalls $reading }
    }
}

# The first label of the root site's host, plus -admin. Right also where SharePoint was renamed.
function Set-SharePointHost {
    param($Service, $Root)
    if ($Root.state -eq 'read') {
        $address = [uri]"$(Get-Field $Root.data 'webUrl')"
        $suffix = $Service.cloud['rootHostSuffix']
        if ($address.IsAbsoluteUri -and $address.Host -match '^([a-z0-9-]{1,63})(\..+)$' -and $Matches[2] -eq $suffix) { Set-SharePointPrefix $Service $Matches[1]; return }
        Complete-ServicePreparation $Service @{ state = 'unavailable'; error = [ordered]@{ code = 'admin_host_unknown'; message = 'The address of the root site is not one of SharePoint in this cloud.' } }
        return
    }
    if ($Root.state -eq 'denied') {
        Send-Log 'warn' 'The root site may not be read (Sites.Read.All of Microsoft Graph): the SharePoint admin host is taken from the initial domain, which is wrong for a renamed tenant.'
        if ($engine.job.tenant.defaultDomain -match '^([a-z0-9-]{1,63})\.onmicrosoft\.(com|us)$') { Set-SharePointPrefix $Service $Matches[1]; return }
        Wait-Reading (Get-SupportingReading 'graph/organization') 'Set-SharePointHostFromDomains' $Service
        return
    }
    Complete-ServicePreparation $Service @{ state = $Root.state; error = [ordered]@{ code = 'admin_host_unknown'; message = 'The SharePoint admin host is not known: the root site could not be read.' } }
}

function Set-SharePointHostFromDomains {
    param($Service, $Organization)
    $domain = Get-InitialDomain $Organization
    if ($domain -match '^([a-z0-9-]{1,63})\.') { Set-SharePointPrefix $Service $Matches[1]; return }
    Complete-ServicePreparation $Service @{ state = 'unavailable'; error = [ordered]@{ code = 'admin_host_unknown'; message = 'The SharePoint admin host is not known: neither the root site nor the domains could be read.' } }
}

function Set-SharePointPrefix {
    param($Service, [string]$Prefix)
    $Service.baseUrl = $Service.cloud['baseUrl'].Replace('{prefix}', $Prefix.ToLowerInvariant())
    $Service.scope = $Service.cloud['scope'].Replace('{prefix}', $Prefix.ToLowerInvariant())
    Request-Token $Service $false
    Complete-ServicePreparation $Service $null
}

function Get-InitialDomain {
    param($Organization)
    if ($Organization.state -ne 'read') { return $null }
    foreach ($one in $Organization.data) {
        foreach ($domain in (Get-Field $one 'verifiedDomains')) { if ((Get-Field $domain 'isInitial') -eq $true) { return Get-Field $domain 'name' } }
    }
    $null
}

function Set-ComplianceDomain {
    param($Service, $Organization)
    $domain = Get-InitialDomain $Organization
    if (-not $domain) { Send-Log 'warn' 'The initial domain is not known: compliance reads are routed by the default domain.' }
    Start-RegionDiscovery $Service ($domain ?? $engine.job.tenant.defaultDomain)
}

# The front door answers with a redirect that names the region. It is read, never followed.
function Start-RegionDiscovery {
    param($Service, [string]$Domain)
    $Service.anchor = $Service.declaration['anchor'].Replace('{initialDomain}', $Domain)
    if (-not $Service.cloud['regionalBaseUrl']) { Complete-ServicePreparation $Service $null; return }
    $path = $Service.declaration['discoveryPath'].Replace('{tenantId}', $engine.job.tenant.id)
    $reading = New-Reading 'compliance/region' @{ kind = 'single'; service = 'compliance' }
    $reading.internal = $true
    $engine.readings['compliance/region'] = $reading
    Wait-Reading $reading 'Complete-RegionDiscovery' $Service
    New-Unit $reading '0' @{
        service = 'compliance'; method = 'GET'; url = "$($Service.baseUrl)$path"; path = $null; lane = 'compliance'; group = $null; body = $null
        headers = @{ 'Accept' = 'application/json'; 'X-AnchorMailbox' = $Service.anchor }; timeoutMs = 15000; then = 'Set-ComplianceRegion'
    } 'single'
}

# Ends before the reads start (it failed, or no token came): the front door is used as it is.
function Complete-RegionDiscovery { param($Service, $Reading) if (-not $Service.prepared) { Complete-ServicePreparation $Service $null } }

function Set-ComplianceRegion {
    param($Call, $Answer)
    $service = $engine.services['compliance']
    if ($Answer.status -ge 300 -and $Answer.status -lt 400 -and $Answer.location) {
        $target = $null
        $expected = '^' + [regex]::Escape($service.cloud['redirectHost']).Replace('\{prefix}', '([a-z0-9]{2,20})') + '$'
        if ([uri]::TryCreate($Answer.location, [UriKind]::Absolute, [ref]$target) -and $target.Scheme -eq 'https' -and $target.Host -match $expected) {
            $service.baseUrl = $service.cloud['regionalBaseUrl'].Replace('{prefix}', $Matches[1])
        } else { Send-Log 'warn' 'The compliance front door sent the engine to a host that is not one of its regions: ignored.' }
    } elseif ($Answer.kind -ne 'http') { Send-Log 'warn' "The region of the compliance service was not found ($($Answer.kind)): the front door is used." }
    Complete-Unit $Call.unit ([pscustomobject]@{ baseUrl = $service.baseUrl })
}
