# The cases of checks (cases.json): finding them, and judging one as if its sources had just been collected.

# The checks whose key is like one of the patterns: @{ key; folder }, in order.
function Find-CheckFolders {
    param([string]$Root, [string[]]$Patterns)
    $found = foreach ($area in [IO.Directory]::GetDirectories([IO.Path]::Combine($Root, 'checks')) | Sort-Object) {
        foreach ($folder in [IO.Directory]::GetDirectories($area) | Sort-Object) {
            $key = "$([IO.Path]::GetFileName($area))/$([IO.Path]::GetFileName($folder))"
            if ($Patterns.Where({ $key -like $_ })) { @{ key = $key; folder = $folder } }
        }
    }
    , @($found)
}

function Read-Cases {
    param([string]$Folder)
    $text = [IO.File]::ReadAllText([IO.Path]::Combine($Folder, 'cases.json'))
    , (ConvertFrom-JsonText $text).cases
}

function ConvertTo-SourceRecords {
    param($Sources)
    $records = @{}
    foreach ($property in $Sources.PSObject.Properties) {
        $record = $property.Value
        $records[$property.Name] = @{
            state = $record.state; error = (Test-Property $record 'error') ? $record.error : $null
            data  = if (Test-Property $record 'data') { , $record.data } else { , $null }
        }
    }
    $records
}

function New-CaseScan {
    param($Case)
    @{
        inputs    = (Test-Property $Case 'inputs') ? $Case.inputs : $null
        startedAt = [datetimeoffset]::Parse(((Test-Property $Case 'scanStartedAt') ? $Case.scanStartedAt : '2026-11-01T08:00:00Z'), [Globalization.CultureInfo]::InvariantCulture)
        tenant    = @{ id = '00000000-0000-0000-0000-000000000001'; defaultDomain = 'contoso.onmicrosoft.com' }
    }
}

function Get-CaseParameters {
    param($Case)
    (Test-Property $Case 'parameters') ? $Case.parameters : [pscustomobject]@{}
}
