# Loading a vendor's module and connecting it with access tokens, never with a secret.

# A finding about the module itself, as the fields of a `failed` frame.
class TenantscopeModuleException : Exception {
    [hashtable]$Problem
    TenantscopeModuleException([hashtable]$Problem) : base($Problem.kind) { $this.Problem = $Problem }
}

function Set-ModuleEnvironment {
    param($Start)
    $folders = @(foreach ($one in $Start['modulePath']) { $one.GetValue[string]() })
    # With folders given, nothing else but PowerShell's own modules is loaded.
    if ($folders.Count) { $env:PSModulePath = (@($folders) + [IO.Path]::Combine($PSHOME, 'Modules')) -join [IO.Path]::PathSeparator }
    $proxyUrl = Get-NodeText $Start 'proxyUrl'
    if (-not $proxyUrl) { return }
    # In memory, because the address may hold a password, and variables are seen by others.
    $address = [uri]$proxyUrl
    $proxy = [Net.WebProxy]::new($address)
    if ($address.UserInfo) {
        $user, $secret = $address.UserInfo.Split(':', 2)
        $proxy.Credentials = [Net.NetworkCredential]::new([uri]::UnescapeDataString($user), [uri]::UnescapeDataString("$secret"))
    }
    [Net.Http.HttpClient]::DefaultProxy = $proxy
    [Net.WebRequest]::DefaultWebProxy = $proxy
}

# Gives the version that was loaded.
function Import-VendorModule {
    param([string]$Name, [string]$MinimumVersion)
    $found = @(Get-Module -ListAvailable -Name $Name -ErrorAction Ignore | Sort-Object -Property Version -Descending)
    if (-not $found.Count) { throw [TenantscopeModuleException]::new(@{ kind = 'module_missing'; type = ''; version = '' }) }
    $version = "$($found[0].Version)"
    if ($found[0].Version -lt [version]$MinimumVersion) { throw [TenantscopeModuleException]::new(@{ kind = 'module_too_old'; type = ''; version = $version }) }
    try { Import-Module -ModuleInfo $found[0] -Global -DisableNameChecking -WarningAction SilentlyContinue *> $null } catch {
        throw [TenantscopeModuleException]::new(@{ kind = 'module_broken'; type = (Get-ProblemType $_); version = $version })
    }
    $version
}

function Connect-VendorModule {
    param([string]$Service, $Line, [hashtable]$More)
    $tokens = @(foreach ($one in $Line['accessTokens']) { $one.GetValue[string]() })
    $organization = Get-NodeText $Line 'organization'
    $parameters = @{} + $More
    switch ($Service) {
        { $_ -in 'exchange', 'compliance' } {
            $cmdlet = $Service -eq 'exchange' ? 'Connect-ExchangeOnline' : 'Connect-IPPSSession'
            $parameters['AccessToken'] = $tokens[0]
            $parameters['Organization'] = $organization
            # Hundreds of cmdlets are made at connecting otherwise. The module's own ones (Get-EXO…) are always there.
            $parameters['CommandName'] = @(@($commands).Where({ $_ -notlike 'Get-EXO*' }))
            if (-not $parameters['CommandName'].Count) { $parameters['CommandName'] = @('Get-OrganizationConfig') }
            $parameters['ShowBanner'] = $false
            # Not in every version of the module.
            Add-KnownParameters $parameters $cmdlet @{ SkipLoadingFormatData = $true; SkipLoadingCmdletHelp = $true }
        }
        'teams' {
            $cmdlet = 'Connect-MicrosoftTeams'
            $parameters['AccessTokens'] = [string[]]$tokens   # the order counts: Graph, then Teams
        }
        'sharepoint' {
            $cmdlet = 'Connect-PnPOnline'
            $parameters['Url'] = Get-NodeText $Line 'url'
            $parameters['AccessToken'] = $tokens[0]
        }
    }
    $output = & $cmdlet @parameters 2>&1 3> $null 4> $null 5> $null 6> $null
    foreach ($one in $output) { if ($one -is [Management.Automation.ErrorRecord]) { throw $one } }
}

function Add-KnownParameters {
    param([hashtable]$Parameters, [string]$Cmdlet, [hashtable]$Wanted)
    $known = (Get-Command -Name $Cmdlet).Parameters
    foreach ($name in $Wanted.Keys) { if ($null -ne $known -and $known.ContainsKey($name)) { $Parameters[$name] = $Wanted[$name] } }
}
