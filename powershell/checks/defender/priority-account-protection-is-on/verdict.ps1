param($Evidence, $Context)
$settingSource = 'exchange/Get-EmailTenantSettings'
$alertSource = 'compliance/Get-ProtectionAlert'
$tag = 'Priority account'

# The tags of recipients that an alert is limited to: null, a list, or one text that may hold several.
function Read-RecipientTags {
    param($Alert)
    $value = Read-Property $Alert 'RecipientTags' -Of $alertSource
    $texts = if ($value -is [string]) { , @($value) } else { Read-StringList $Alert 'RecipientTags' -Of $alertSource -NullIsEmpty }
    , @($texts.ForEach({ $_.Split(',') }).ForEach({ $_.Trim() }).Where({ $_ }))
}

# What one alert for priority accounts lacks, as @{ property; expected; actual } rows.
function Get-Problems {
    param($Alert)
    $disabled = Read-Boolean $Alert 'Disabled' -Of $alertSource
    $severity = Read-String $Alert 'Severity' -Of $alertSource
    $filter = Read-NullableString $Alert 'Filter' -Of $alertSource
    $mails = Read-Boolean $Alert 'NotificationEnabled' -Of $alertSource
    $recipients = @((Read-StringList $Alert 'NotifyUser' -Of $alertSource).Where({ $_.Trim() }))
    if ($disabled) { @{ property = 'Disabled'; expected = $false; actual = $true } }
    if ($severity -ne 'High') { @{ property = 'Severity'; expected = 'High'; actual = $severity } }
    # The direction is a part of the condition text. Without it the alert is none for inbound mail.
    if ($filter -notmatch 'Mail\.Direction\s+-(eq|like)\s+[''"]?Inbound\b') { @{ property = 'Filter'; expected = "contains Mail.Direction -eq 'Inbound'"; actual = $filter } }
    if (-not $mails) { @{ property = 'NotificationEnabled'; expected = $true; actual = $false } }
    if (-not $recipients.Count) { @{ property = 'NotifyUser'; expected = 'at least one recipient'; actual = $recipients } }
}

$on = Read-Boolean (Get-Single $Evidence $settingSource) 'EnablePriorityAccountProtection' -Of $settingSource
$findings = [Collections.Generic.List[object]]::new()
$findings.Add((New-Finding -ResourceId 'EmailTenantSettings' -ResourceName 'Email tenant settings' -Property 'EnablePriorityAccountProtection' -Expected $true -Actual $on -Compliant $on))
$alerts = Get-Rows $Evidence $alertSource
# Every tenant has the alerts of the system: none at all means that they were not shown.
if (-not $alerts.Count) { Stop-UnexpectedData $alertSource '' 'expected at least the alert policies of the system, found none' }
# A mailbox name or a preset tells nothing: what counts is the tag.
$tagged = $alerts.Where({ $tag -in (Read-RecipientTags $_) })
$missing = [Collections.Generic.List[string]]::new()
foreach ($threat in ([ordered]@{ Phish = 'phishing'; Malware = 'malware' }).GetEnumerator()) {
    $rows = [Collections.Generic.List[object]]::new()
    $sound = @(
        foreach ($alert in $tagged) {
            if ((Read-String $alert 'ThreatType' -Of $alertSource) -ne $threat.Key) { continue }
            # Some names of the system end in a space of no width.
            $name = (Read-String $alert 'Name' -Of $alertSource).Trim([char[]]"$([char]0x200b) ")
            $problems = @(Get-Problems $alert)
            foreach ($problem in $problems) { $rows.Add((New-Finding -ResourceId $name -ResourceName $name -Property $problem.property -Expected $problem.expected -Actual $problem.actual -Compliant $false)) }
            if (-not $problems.Count) { New-Finding -ResourceId $name -ResourceName $name -Property 'ThreatType' -Expected $threat.Key -Actual $threat.Key -Compliant $true }
        }
    )
    # One alert that has everything is enough for its threat.
    if ($sound.Count) { foreach ($one in $sound) { $findings.Add($one) }; continue }
    $missing.Add($threat.Value)
    if (-not $rows.Count) { $rows.Add((New-Finding -ResourceId "alert: $($threat.Value)" -ResourceName "Alert policy for $($threat.Value) to priority accounts" -Property 'ThreatType' -Expected "$($threat.Key), for recipients with the tag $tag" -Actual $null -Compliant $false)) }
    foreach ($row in $rows) { $findings.Add($row) }
}
$problems = @(
    if (-not $on) { 'protection of priority accounts is off' }
    if ($missing.Count) { "no working alert tells of $($missing -join ' or ') sent to priority accounts" }
)
if ($problems.Count) {
    return New-Verdict fail (Format-Sentence $problems -With ' and ') $findings
}
New-Verdict pass 'Priority accounts are protected, and phishing and malware sent to them raises an alert; see in the portal that the right people carry the tag.' $findings
