# Comparing what a tenant trusts with what the operator said it may trust. The operator need not say anything: then
# there is nothing to compare with, and the rule itself decides.

# Domains are compared without the marks people write around them: '@Contoso.com', 'contoso.com.'.
function Get-UnlistedDomains {
    param([Parameter(Position = 0)][AllowEmptyCollection()][string[]]$Found, [Parameter(Position = 1)]$Approved)
    if ($null -eq $Approved) { return , @() }
    $plain = @($Approved.ForEach({ $_.Trim().TrimStart('@').TrimEnd('.') }))
    , @($Found.Where({ $_.Trim().TrimStart('@').TrimEnd('.') -notin $plain }))
}

# A choice that the benchmark line makes for a control. Absent: the choice that the check makes by itself.
function Read-Choice {
    param([Parameter(Position = 0)]$Context, [Parameter(Position = 1)][string]$Name, [bool]$Default)
    if (-not (Test-Property $Context.Parameters $Name)) { return $Default }
    Read-Boolean $Context.Parameters $Name -Of 'parameters'
}
