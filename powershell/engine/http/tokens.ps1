# Access tokens, asked of the host per service and kept in memory only.

function Request-Token {
    param($Service, [bool]$Refresh)
    $id = ++$engine.hostRequests
    $Service.token.state = 'asked'
    $Service.token.askedAt = Get-ElapsedMs
    $engine.awaited[$id] = @{ kind = 'token'; service = $Service.name }
    Send-Frame 'token.request' ([ordered]@{ id = $id; service = $Service.name; scope = $Service.scope; refresh = $Refresh })
}

function Receive-Token {
    param($Service, $Node)
    $problem = $Node['error']
    if ($problem -is [Text.Json.Nodes.JsonObject]) {
        $state = (Get-NodeText $problem 'state') ?? 'denied'
        if ($state -notin $failedStates) { $state = 'denied' }
        Stop-Token $Service $state ((Get-NodeText $problem 'code') ?? 'sign_in_failed') ((Get-NodeText $problem 'message') ?? 'Signing in failed.')
        return
    }
    $token = Get-NodeText $Node 'accessToken'
    # Nothing else may become a header value.
    if ($token -notmatch '^[A-Za-z0-9._~+/=-]+$') { Stop-Token $Service 'unavailable' 'token_malformed' 'The host gave something that is not an access token.'; return }
    $Service.token.value = $token
    $Service.token.generation++
    $Service.token.claims = Read-TokenClaims $token
    $Service.token.state = 'ready'
}

# Every source of the service gets the same answer; calls that wait for the token end with it.
function Stop-Token {
    param($Service, [string]$State, [string]$Code, [string]$Message)
    $Service.token.state = 'failed'
    $Service.token.problem = @{ state = $State; error = [ordered]@{ code = $Code; message = "Signing in to $($serviceTitles[$Service.name]) failed: $Message" } }
}

# Claims are read to explain a refusal (kind of credential, roles), never to decide what may be read.
function Read-TokenClaims {
    param([string]$Token)
    $parts = $Token.Split('.')
    if ($parts.Count -lt 2) { return $null }
    try {
        $text = $parts[1].Replace('-', '+').Replace('_', '/')
        $text = $text.PadRight($text.Length + (4 - $text.Length % 4) % 4, '=')
        , [Text.Json.Nodes.JsonNode]::Parse([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text)))
    } catch { $null }
}

function Test-SecretToken {
    param($Service)
    if ($engine.job.credentialKind -eq 'client_secret') { return $true }
    $claims = $Service.token.claims
    if ($claims -isnot [Text.Json.Nodes.JsonObject]) { return $false }
    "$($claims['appidacr'])" -eq '1'
}

function Test-TokenHasRoles {
    param($Service)
    $claims = $Service.token.claims
    if ($claims -isnot [Text.Json.Nodes.JsonObject]) { return $false }
    $claims['roles'] -is [Text.Json.Nodes.JsonArray] -and $claims['roles'].Count -gt 0
}

# A host that does not answer must not hold the scan: its requests run out like calls do.
function Stop-OverdueHostRequests {
    $limit = $engine.job.limits.callTimeoutMs
    $now = Get-ElapsedMs
    foreach ($service in $engine.services.Values) {
        if ($service.token.state -eq 'asked' -and $now - $service.token.askedAt -gt $limit) {
            Stop-Token $service 'timeout' 'token_timeout' 'the host did not answer in time.'
        }
    }
}
