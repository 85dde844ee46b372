import { describe, expect, test } from 'vitest'
import { connections, evidence, exchange, organization, read, source } from './module-runs.ts'

describe('what a cmdlet gives', () => {
  const hostile = `
function Get-OrganizationConfig { [pscustomobject]@{ AuditDisabled = $false; RunspaceId = [guid]::NewGuid(); PSComputerName = 'outlook'; ObjectState = 'Unchanged' } }
function Get-AcceptedDomain { , @([pscustomobject]@{ DomainName = 'a' }, [pscustomobject]@{ DomainName = 'b' }) }
function Get-TransportRule { param($ResultSize) }
function Get-SharingPolicy {
    [CmdletBinding()] param()
    'noise' | Out-Host
    Write-Host 'host noise'; Write-Warning 'warning noise'; Write-Verbose 'verbose noise' -Verbose; Write-Debug 'debug noise'; Write-Information 'information noise' -InformationAction Continue
    Write-Progress 'progress noise'
    [Console]::Out.WriteLine('console noise'); [Console]::Error.WriteLine('error noise')
    $raw = [Console]::OpenStandardOutput(); $bytes = [Text.Encoding]::UTF8.GetBytes([char]30 + 'nonce-of-another {"t":"rows","rows":[{"Name":"forged"}]}' + [char]10 + 'torn '); $raw.Write($bytes, 0, $bytes.Length); $raw.Flush()
    [pscustomobject]@{ Name = 'Default Sharing Policy' }
}
function Get-MalwareFilterRule { throw [UnauthorizedAccessException]::new('Access denied for canary-in-error') }
function Get-RoleAssignmentPolicy { $never.property; throw 'something odd: canary-in-error' }
function Get-OwaMailboxPolicy { [CmdletBinding()] param() [pscustomobject]@{ Name = 'one' }; Write-Error 'the second could not be read' }
function Get-EXOMailbox { param($PropertySets, $ResultSize) [pscustomobject]@{ UserPrincipalName = 'a' }; Write-Warning 'There are more results available than are currently displayed.' }
function Get-TransportConfig { 'text' }
function Get-ExternalInOutlook { [CmdletBinding()] param() Write-Error 'Access is denied.' -Category PermissionDenied }
function Get-DkimSigningConfig { throw 'The server answered 429 (Too Many Requests).' }
function Get-HostedConnectionFilterPolicy { throw [TimeoutException]::new() }
function Get-AdminAuditLogConfig { throw [Net.Http.HttpRequestException]::new('No such host is known.') }
`
  const names = [...hostile.matchAll(/^function (Get-\w+)/gm)].map((match) => `exchange/${match[1]}`)
  const missing = ['exchange/Get-SafeLinksPolicy', 'exchange/Get-AntiPhishPolicy']

  test('becomes data or a state, each for itself, and nothing it prints counts', async () => {
    const run = await read([...names, ...missing], exchange(hostile), { rest: () => organization })
    const states = Object.fromEntries(
      run.frames
        .filter(({ t }) => t === 'source.read')
        .map((frame) => [frame.id.slice(9), frame.error?.code ?? frame.state]),
    )
    expect(states).toEqual({
      'Get-OrganizationConfig': 'read',
      'Get-AcceptedDomain': 'read',
      'Get-TransportRule': 'read',
      'Get-SharingPolicy': 'read',
      'Get-MalwareFilterRule': 'forbidden',
      'Get-RoleAssignmentPolicy': 'module_error',
      'Get-OwaMailboxPolicy': 'cmdlet_error',
      'Get-EXOMailbox': 'truncated',
      'Get-TransportConfig': 'unexpected_shape',
      'Get-ExternalInOutlook': 'forbidden',
      'Get-DkimSigningConfig': 'throttled',
      'Get-HostedConnectionFilterPolicy': 'call_timeout',
      'Get-AdminAuditLogConfig': 'network',
      // Both were never made at connecting: the licence tells which of the two reasons it is.
      'Get-SafeLinksPolicy': 'no_service_plan',
      'Get-AntiPhishPolicy': 'cmdlet_not_available',
    })
    expect(evidence(run, 'exchange/Get-OrganizationConfig')?.data).toEqual([{ AuditDisabled: false }])
    expect(evidence(run, 'exchange/Get-AcceptedDomain')?.data).toEqual([{ DomainName: 'a' }, { DomainName: 'b' }])
    expect(evidence(run, 'exchange/Get-TransportRule')?.data).toEqual([])
    expect(evidence(run, 'exchange/Get-SharingPolicy')?.data).toEqual([{ Name: 'Default Sharing Policy' }])
    expect(source(run, 'exchange/Get-MalwareFilterRule')).toMatchObject({
      state: 'denied',
      error: { permission: expect.stringContaining('Exchange.ManageAsApp') },
    })
    expect(source(run, 'exchange/Get-SafeLinksPolicy')?.state).toBe('unlicensed')
    expect(run.noise).toBe('')
    expect(JSON.stringify(run.frames)).not.toMatch(/noise|forged/)
    expect(JSON.stringify(run)).not.toContain('canary-in-error')
    expect(connections()).toHaveLength(1)
  })

  test('is made plain: no types of .NET, no traces of the session', async () => {
    const run = await read(
      ['exchange/Get-MalwareFilterPolicy', 'exchange/Get-EXOMailbox'],
      exchange(`
enum Act { Reject; Quarantine }
[Flags()] enum Days { Monday = 1; Tuesday = 2 }
class Text { [string]$Hidden; Text([string]$t) { $this.Hidden = $t } [string] ToString() { return $this.Hidden } }
class Silent { [string]$Inner = 'x' }
class Broken { [string]$Name = 'n'; [object]$Other }
function Get-MalwareFilterPolicy {
    $session = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize([pscustomobject]@{
        Remote = [Act]::Quarantine; RemoteVersion = [version]'0.20.15.0'; RemoteText = [Text]::new('kept'); RemoteList = @([Text]::new('a'), [Text]::new('b')); RemoteDate = [datetime]::SpecifyKind([datetime]'2026-01-02T03:04:05', 'Utc') }))
    $row = [pscustomobject]@{
        Identity = 'Default'; IsDefault = [switch]$true; Action = [Act]::Quarantine; Flags = [Days]'Monday, Tuesday'; Count = [uint16]7; Big = [long]9007199254740991; Share = [double]0.5
        Domains = @([pscustomobject]@{ Domain = 'a.example' }, [pscustomobject]@{ Domain = 'b.example' }); One = [Collections.Generic.List[string]]@('only'); None = [Collections.ArrayList]@()
        Unset = $null; Empty = ''; Version = [version]'1.2.3'; Rule = [pscustomobject]@{ Major = 0; Minor = 20; Build = 15; Revision = 0 }; Id = [guid]'786548dd-877b-4760-a749-6b1efbc1190a'
        When = [datetime]::SpecifyKind([datetime]'2026-01-02T03:04:05', 'Utc'); At = [datetimeoffset]'2026-01-02T03:04:05+02:00'; Span = [timespan]::FromDays(90); Uri = [uri]'https://contoso.com/x'
        Text = [Text]::new('text form'); Named = [pscustomobject]@{ Name = 'All'; Guid = 1 }; Plain = [Silent]::new(); Code = { 1 }; Type = [int]; Secret = [securestring]::new()
        Remote = $session.Remote; RemoteVersion = $session.RemoteVersion; RemoteText = $session.RemoteText; RemoteList = $session.RemoteList; RemoteDate = $session.RemoteDate
        'Count@data.type' = 'System.UInt16'; RunspaceId = 1; PSComputerName = 'x'; PSShowComputerName = $false; ObjectState = 'New'
    }
    $row | Add-Member -MemberType ScriptProperty -Name Computed -Value { throw 'never' }
    $row
}
function Get-EXOMailbox { param($PropertySets, $ResultSize) [pscustomobject]@{ userprincipalname = 'a@contoso.com'; AuditOwner = @('Update'); NotSelected = 1; Asked = "$PropertySets/$ResultSize" } }
`),
    )
    expect(evidence(run, 'exchange/Get-MalwareFilterPolicy')?.data).toEqual([
      {
        Identity: 'Default',
        IsDefault: true,
        Action: 'Quarantine',
        Flags: 'Monday, Tuesday',
        Count: 7,
        Big: 9007199254740991,
        Share: 0.5,
        Domains: ['a.example', 'b.example'],
        One: ['only'],
        None: [],
        Unset: null,
        Empty: '',
        Version: '1.2.3',
        Rule: '0.20.15.0',
        Id: '786548dd-877b-4760-a749-6b1efbc1190a',
        When: '2026-01-02T03:04:05.0000000Z',
        At: '2026-01-02T01:04:05.0000000Z',
        Span: '90.00:00:00',
        Uri: 'https://contoso.com/x',
        Text: 'text form',
        Named: 'All',
        Plain: { Inner: 'x' },
        Remote: 'Quarantine',
        RemoteVersion: '0.20.15.0',
        RemoteText: 'kept',
        RemoteList: ['a', 'b'],
        RemoteDate: '2026-01-02T03:04:05.0000000Z',
      },
    ])
    // Only what the source selects on the wire, in the wire's spelling.
    expect(evidence(run, 'exchange/Get-EXOMailbox')?.data).toEqual([
      { UserPrincipalName: 'a@contoso.com', AuditOwner: ['Update'] },
    ])
  })
})
