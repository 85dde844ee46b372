# What kind of error a module threw. Only the kind and the type's name leave the process: the text may hold anything.

# In this order: a refusal is often wrapped in words about the connection.
$problemPatterns = [ordered]@{
    not_available = 'CommandNotFoundException|is not recognized as (the |a )?name of a cmdlet'
    throttled     = '\b429\b|TooManyRequests|Too Many Requests|throttl|micro ?delay|server is busy'
    unauthorized  = '\b401\b|\bUnauthorized\b|InvalidAuthenticationToken|token (has|is) expired|expired token|lifetime validation failed'
    denied        = '\b403\b|\bForbidden\b|Access( is)? denied|AccessDenied|UnauthorizedAccess|Authorization_RequestDenied|not authorized|insufficient privileges|required permission|isn''t supported in this scenario|management role'
    timeout       = 'TimeoutException|OperationTimeout|TaskCanceledException|timed out'
    network       = 'SocketException|HttpRequestException|No such host|name or service not known|actively refused|SSL connection|connection (was|could not|failed)'
}

function Get-Problem {
    param([Management.Automation.ErrorRecord]$Record, [regex]$Licence)
    $own = $Record.Exception
    if ($own -is [TenantscopeReadException]) { return @{ kind = $own.Kind; type = '' } }
    $text = Get-ProblemText $Record
    $type = Get-ProblemType $Record
    if ($Licence.IsMatch($text)) { return @{ kind = 'unlicensed'; type = $type } }
    foreach ($kind in $problemPatterns.Keys) {
        if ($text -match $problemPatterns[$kind]) { return @{ kind = $kind; type = $type } }
    }
    $kind = switch ("$($Record.CategoryInfo.Category)") {
        { $_ -in 'PermissionDenied', 'SecurityError' } { 'denied' }
        'AuthenticationError' { 'unauthorized' }
        'OperationTimeout' { 'timeout' }
        'LimitsExceeded' { 'throttled' }
        'ConnectionError' { 'network' }
        default { 'other' }
    }
    @{ kind = $kind; type = $type }
}

function Get-ProblemText {
    param([Management.Automation.ErrorRecord]$Record)
    $parts = [Collections.Generic.List[string]]::new()
    $parts.Add("$($Record.FullyQualifiedErrorId)")
    if ($null -ne $Record.ErrorDetails) { $parts.Add("$($Record.ErrorDetails.Message)") }
    for ($one = $Record.Exception; $null -ne $one; $one = $one.InnerException) { $parts.Add($one.GetType().FullName); $parts.Add($one.Message) }
    $parts -join "`n"
}

# A name of ours or of .NET, never words; and the sign-in service's own code, which operators look up.
function Get-ProblemType {
    param([Management.Automation.ErrorRecord]$Record)
    $code = [regex]::Match((Get-ProblemText $Record), '\bAADSTS\d{4,7}\b')
    if ($code.Success) { return $code.Value }
    $Record.Exception.GetBaseException().GetType().Name
}
