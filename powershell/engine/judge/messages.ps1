# What a control says when a source was not read. Customers read it: it names the service and what to do. Which source it was,
# and the service's own code, are in the error of the source.

function Get-ServiceTitle {
    param([string]$Source)
    $serviceTitles[$Source.Split('/')[0]] ?? $Source
}

function Get-StateMessage {
    param([string]$State, [string]$Source, $Problem)
    $service = Get-ServiceTitle $Source
    $detail = if ($Problem -is [string]) { $Problem } else { Get-ProblemField $Problem 'message' }
    switch ($State) {
        'denied' { return Get-DeniedMessage $service $detail $Problem }
        'not_supported' { return Get-NotSupportedMessage $service $detail $Problem }
        'unlicensed' {
            $licence = Get-ProblemField $Problem 'licence'
            if ($licence) { return "The tenant has no licence for this: it needs $(Format-Plans ("$licence" -split ' or '))." }
            return "The tenant has no licence for this, says $service."
        }
    }
    $text = switch ($State) {
        'unavailable' { "$service gave no usable answer." }
        'timeout' { "$service did not answer in time." }
        'throttled' { "$service kept asking to slow down." }
        'not_found' { "$service says that what this control looks at does not exist." }
        'not_collected' { "$Source was not read in this scan." }
        default { "The evidence of $Source is not what was expected." }
    }
    if ($detail) { "$text $detail" } else { $text }
}

function Get-DeniedMessage {
    param([string]$Service, [string]$Detail, $Problem)
    if ($Detail.StartsWith('Signing in to ')) { return $Detail }
    $permission = Get-ProblemField $Problem 'permission'
    $hint = switch (Get-ProblemField $Problem 'code') {
        'power_bi_permission' { return "$Service refuses apps that hold a Power BI permission: take it away from the app.$(if ($permission) { " It needs $permission." })" }
        'cmdlet_not_available' { ' It may also be that the tenant''s plan does not have this cmdlet.' }
        default { '' }
    }
    if ($permission) { return "$Service refused the read: the app needs $permission.$hint" }
    "The app may not read this from $Service.$(if ($Detail) { " $Detail" })"
}

function Get-NotSupportedMessage {
    param([string]$Service, [string]$Detail, $Problem)
    switch -Wildcard ("$(Get-ProblemField $Problem 'code')") {
        'certificate_needed' { return "$Service refuses apps that sign in with a secret; use a certificate." }
        'cloud_not_supported' { return "$Service has no address in this cloud that the engine knows." }
        'not_supported' { return "$Service cannot be read by an app. $Detail".TrimEnd() }
        'module_*' { return "$Service cannot be read through a PowerShell module here. $Detail".TrimEnd() }
    }
    "This kind of credential cannot read $Service.$(if ($Detail) { " $Detail" })"
}
