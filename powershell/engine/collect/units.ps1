# A unit is one list or one object of a source, with all its pages. A plain source has one (or one per query),
# a per-object source has one per object.

function New-Unit {
    param($Reading, [string]$Key, $Request, [string]$Shape)
    $unit = @{
        reading = $Reading; key = $Key; shape = $Shape; request = $Request; rows = [Collections.Generic.List[object]]::new()
        links = [Collections.Generic.HashSet[string]]::new(); pages = 0; emptyPages = 0; restarted = $false; repeated = $false; ended = $false; index = ''
    }
    if ($Request.url) { [void]$unit.links.Add($Request.url) }
    $Reading.openUnits++
    Add-Call $unit $Request
}

function Restart-Unit {
    param($Unit)
    $Unit.restarted = $true
    $Unit.rows.Clear(); $Unit.links.Clear()
    $Unit.pages = 0; $Unit.emptyPages = 0
    Add-Call $Unit $Unit.request
}

# A usable answer: one page of a list, or the object.
function Add-Answer {
    param($Call, $Answer)
    $unit = $Call.unit
    if ($unit.reading.state) { return }   # given up already
    $page = Read-Page $Call $Answer
    if ($page['failure']) { Stop-Unit $unit $page.failure $Call; return }
    if ($unit.shape -eq 'single') { Complete-Unit $unit $page.data; return }
    $unit.pages++
    $unit.emptyPages = $page.data.Count ? 0 : $unit.emptyPages + 1
    $unit.rows.AddRange([object[]]$page.data)
    if (-not $page['next']) { Complete-Unit $unit $unit.rows.ToArray(); return }
    $next = $page.next
    $flaw = Get-LinkFlaw $unit $Call.url $next.url
    if ($flaw) {
        Stop-Unit $unit (New-Failure 'unavailable' 'paging_broken' "The list could not be read to its end: the link to the next page is refused, because $flaw.") $Call
        return
    }
    Add-Call $unit $next
}

function Complete-Unit {
    param($Unit, $Data)
    $reading = $Unit.reading
    if ($reading.state -or $Unit.ended) { return }
    $Unit.ended = $true
    $reading.openUnits--
    if ($reading.declaration['kind'] -eq 'perObject') { Complete-Entry $reading $Unit.key $Data } else { $reading.parts[$Unit.key] = $Data }
    Test-ReadingDone $reading
}

# A unit that cannot be read. For one object of many only its entry fails; otherwise the source does.
function Stop-Unit {
    param($Unit, $Failure, $Call)
    $reading = $Unit.reading
    if ($reading.state -or $Unit.ended) { return }
    $isEntry = $reading.declaration['kind'] -eq 'perObject' -and $null -ne $Call
    if (-not $isEntry) { Resolve-Failure $reading $Failure; return }
    $Unit.ended = $true
    $reading.openUnits--
    Complete-Entry $reading $Unit.key ([pscustomobject]@{ state = $Failure.state; error = [pscustomobject](Add-Remedy $reading $Failure.state $Failure.error) })
    Test-ReadingDone $reading
}
