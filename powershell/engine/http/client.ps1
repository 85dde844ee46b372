# One HttpClient for the whole scan: no redirects, proxy and extra certificate authority as the job says.

$userAgent = 'NONISV|tenantscope|tenantscope/0.1.0'
$maximumBodyBytes = 64MB

function New-HttpClient {
    param($Network)
    $handler = [Net.Http.SocketsHttpHandler]::new()
    # A redirect must never carry a token to a host that the engine did not choose.
    $handler.AllowAutoRedirect = $false
    $handler.MaxConnectionsPerServer = 64
    $handler.ConnectTimeout = [timespan]::FromSeconds(20)
    # Bodies are decompressed by hand: some error bodies claim gzip and are not.
    $handler.AutomaticDecompression = [Net.DecompressionMethods]::None
    if ($Network.proxyUrl) { $handler.Proxy = New-WebProxy $Network.proxyUrl }
    if ($Network.caFile) { $handler.SslOptions.CertificateChainPolicy = New-ChainPolicy $Network.caFile }
    $client = [Net.Http.HttpClient]::new($handler)
    $client.Timeout = [Threading.Timeout]::InfiniteTimeSpan
    $client.MaxResponseContentBufferSize = $maximumBodyBytes
    [void]$client.DefaultRequestHeaders.TryAddWithoutValidation('User-Agent', $userAgent)
    [void]$client.DefaultRequestHeaders.TryAddWithoutValidation('Accept-Encoding', 'gzip, deflate, br')
    [void]$client.DefaultRequestHeaders.TryAddWithoutValidation('Accept-Language', 'en-US')
    $client
}

function New-WebProxy {
    param([string]$Url)
    $address = [uri]$Url
    $proxy = [Net.WebProxy]::new($address)
    if ($address.UserInfo) {
        $user, $secret = $address.UserInfo.Split(':', 2)
        $proxy.Credentials = [Net.NetworkCredential]::new([uri]::UnescapeDataString($user), [uri]::UnescapeDataString("$secret"))
    }
    $proxy
}

# The system's roots plus those of the file. Nothing is switched off: chain, name and validity are checked as always.
function New-ChainPolicy {
    param([string]$CaFile)
    $policy = [Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
    $policy.TrustMode = [Security.Cryptography.X509Certificates.X509ChainTrustMode]::CustomRootTrust
    $policy.RevocationMode = [Security.Cryptography.X509Certificates.X509RevocationMode]::NoCheck
    [void]$policy.ApplicationPolicy.Add([Security.Cryptography.Oid]::new('1.3.6.1.5.5.7.3.1'))
    foreach ($location in 'LocalMachine', 'CurrentUser') {
        try {
            $store = [Security.Cryptography.X509Certificates.X509Store]::new('Root', $location)
            $store.Open('ReadOnly')
            $policy.CustomTrustStore.AddRange($store.Certificates)
            $store.Close()
        } catch { Send-Log 'debug' "The $location root store could not be read." }
    }
    $policy.CustomTrustStore.ImportFromPemFile($CaFile)
    $policy
}
