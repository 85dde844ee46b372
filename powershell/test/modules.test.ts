import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Frame, type HostAnswers, job, type RunningEngine, startEngine } from './host.ts'
import {
  connections,
  evidence,
  exchange,
  hash,
  limits,
  onLinux,
  organization,
  read,
  services,
  source,
  start,
  stubs,
  stubsAlone,
  token,
} from './module-runs.ts'
import type { StubModule } from './module-stubs.ts'
import { startPwsh } from './pwsh.ts'

describe('a child', () => {
  test('that hangs in a cmdlet is ended, and another one reads the rest', async () => {
    const run = await read(
      ['exchange/Get-OrganizationConfig', 'exchange/Get-AcceptedDomain', 'exchange/Get-SharingPolicy'],
      exchange(`
function Get-OrganizationConfig { [pscustomobject]@{ Name = 'first' } }
function Get-AcceptedDomain { [Threading.Thread]::Sleep(600000) }
function Get-SharingPolicy { [pscustomobject]@{ Name = 'last' } }
`),
      { overrides: { limits: { ...limits, sourceTimeoutMs: 6_000 } } },
    )
    expect(source(run, 'exchange/Get-AcceptedDomain')).toMatchObject({
      state: 'timeout',
      error: { code: 'call_timeout' },
    })
    expect(evidence(run, 'exchange/Get-OrganizationConfig')?.data).toEqual([{ Name: 'first' }])
    expect(evidence(run, 'exchange/Get-SharingPolicy')?.data).toEqual([{ Name: 'last' }])
    const [first, second] = connections()
    expect(second.processId).not.toBe(first.processId)
  })

  test.each([
    ['exits', 'exit 3'],
    ['is gone at once', '[Environment]::FailFast("gone")'],
  ])('that %s leaves what it had not read unavailable', async (_name, death) => {
    const run = await read(
      ['exchange/Get-OrganizationConfig', 'exchange/Get-AcceptedDomain', 'exchange/Get-SharingPolicy'],
      exchange(`
function Get-OrganizationConfig { [pscustomobject]@{ Name = 'first' } }
function Get-AcceptedDomain { ${death} }
function Get-SharingPolicy { [pscustomobject]@{ Name = 'last' } }
`),
    )
    expect(source(run, 'exchange/Get-OrganizationConfig')?.state).toBe('read')
    for (const id of ['exchange/Get-AcceptedDomain', 'exchange/Get-SharingPolicy'])
      expect(source(run, id)).toMatchObject({ state: 'unavailable', error: { code: 'module_ended' } })
  })
})

describe('a module that cannot be used', () => {
  const id = 'exchange/Get-OrganizationConfig'
  test.each<[string, Record<string, StubModule>, string]>([
    ['is missing', { Other: { code: '' } }, 'module_missing'],
    ['is too old', exchange('', '3.0.0'), 'module_too_old'],
    ['cannot be loaded', { ExchangeOnlineManagement: { code: 'throw "assembly conflict"' } }, 'module_broken'],
  ])('%s: said with what to do, for every source of it', async (_name, modules, code) => {
    const run = await read([id, 'exchange/Get-AcceptedDomain'], modules, { overrides: { controls: ['6.1.1'] } })
    for (const one of [id, 'exchange/Get-AcceptedDomain'])
      expect(source(run, one)).toMatchObject({
        state: 'not_supported',
        error: { code, message: expect.stringContaining('Install-Modules.ps1 -Service exchange') },
      })
    expect(run.frames.find(({ t }) => t === 'check.finished')).toMatchObject({
      status: 'error',
      message: expect.stringMatching(/cannot be read through a PowerShell module here\..*ExchangeOnlineManagement/),
    })
  })

  test.skipIf(process.platform === 'win32')('is not started where it cannot work', async () => {
    const run = await read(['compliance/Get-LabelPolicy'], {}, {})
    expect(source(run, 'compliance/Get-LabelPolicy')).toMatchObject({
      state: 'not_supported',
      error: { code: 'module_platform', message: expect.stringContaining('transport rest') },
    })
    expect(services?.requests).toEqual([])
  })

  test('takes no token in some clouds', async () => {
    const run = await read(['teams/Get-CsTeamsMeetingPolicy'], {}, { overrides: { cloud: 'gccHigh' } })
    expect(source(run, 'teams/Get-CsTeamsMeetingPolicy')).toMatchObject({
      state: 'not_supported',
      error: { code: 'module_cloud' },
    })
  })
})

describe('a connection', () => {
  const one = 'function Get-OrganizationConfig { [pscustomobject]@{ Name = 1 } }'
  const ids = ['exchange/Get-OrganizationConfig', 'exchange/Get-EXOMailbox']

  test('gets the token, the initial domain and the cmdlets of this scan, nothing else', async () => {
    await read(ids, exchange(one), {
      rest: () => organization,
      overrides: { m365Tenant: { id: '00000000-0000-0000-0000-000000000001', defaultDomain: 'contoso.com' } },
    })
    expect(connections()).toEqual([
      {
        organization: 'first.onmicrosoft.com',
        commands: ['Get-OrganizationConfig'],
        parameters: ['AccessToken', 'CommandName', 'Organization', 'ShowBanner', 'SkipLoadingFormatData'],
        token: hash(token.accessToken),
        processId: expect.any(Number),
      },
    ])
  })

  test('that the service refuses is tried once more with a new token', async () => {
    const refused = `
${one}
$connect = \${function:Connect-ExchangeOnline}
function Connect-ExchangeOnline { [CmdletBinding()] param([string]$AccessToken, [string]$Organization, [string[]]$CommandName, [switch]$ShowBanner) & $connect @PSBoundParameters; if ($AccessToken -like 'old*') { throw 'UnAuthorized' } }
`
    const asked: Frame[] = []
    const answers: HostAnswers = {
      token: (request) => {
        asked.push(request)
        return { ...token, accessToken: request.refresh ? 'new.b.c' : 'old.b.c' }
      },
    }
    const run = await read([ids[0] as string], exchange(refused), { answers })
    expect(source(run, ids[0] as string)?.state).toBe('read')
    expect(asked.map(({ refresh }) => refresh)).toEqual([false, true])
    expect(connections().map((seen) => seen.token)).toEqual([hash('old.b.c'), hash('new.b.c')])
  })

  test('that is refused for good, and a token that is, are told with the permission', async () => {
    const run = await read(
      ids,
      exchange(`
function Connect-ExchangeOnline { param($AccessToken, $Organization, $CommandName, [switch]$ShowBanner) throw "The role assigned to application 123 isn't supported in this scenario. canary-in-error" }
`),
    )
    for (const id of ids)
      expect(source(run, id)).toMatchObject({
        state: 'denied',
        error: { code: 'forbidden', permission: expect.stringContaining('Exchange.ManageAsApp') },
      })
    expect(JSON.stringify(run.frames)).not.toContain('canary-in-error')
  })

  test('that no token comes for is not made', async () => {
    const answers = { token: () => ({ error: { code: 'AADSTS7000215', message: 'refused', state: 'denied' } }) }
    const run = await read([ids[0] as string], exchange(one), { answers })
    expect(source(run, ids[0] as string)).toMatchObject({ state: 'denied', error: { code: 'AADSTS7000215' } })
    expect(existsSync(stubs?.file('connected.jsonl') ?? '')).toBe(false)
  })
})

describe('the other modules', () => {
  const seen = (fields: string) =>
    `function Write-Seen($Bound) { $seen = [ordered]@{ parameters = @($Bound.Keys | Sort-Object); ${fields} }; [IO.File]::AppendAllText([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'connected.jsonl'), (ConvertTo-Json $seen -Compress) + [char]10) }`
  const perService: HostAnswers = { token: ({ service }) => ({ ...token, accessToken: `${service}.b.c` }) }

  test('Teams gets the token of Graph and its own, in this order', async () => {
    const code = `
${seen('tokens = @($Bound.AccessTokens)')}
function Connect-MicrosoftTeams { [CmdletBinding()] param([string[]]$AccessTokens, [string]$TenantId) Write-Seen $PSBoundParameters }
function Get-CsTenantFederationConfiguration { [pscustomobject]@{ Identity = 'Global'; AllowedDomains = 'AllowAllKnownDomains'; BlockedDomains = @([pscustomobject]@{ Domain = 'x.example' }) } }
`
    const id = 'teams/Get-CsTenantFederationConfiguration'
    const run = await read([id], { MicrosoftTeams: { code } }, { answers: perService })
    expect(connections()).toEqual([{ parameters: ['AccessTokens'], tokens: ['graph.b.c', 'teams.b.c'] }])
    // Objects stay objects here, and every domain is what the wire says for it.
    expect(evidence(run, id)?.data).toEqual([
      { Identity: 'Global', AllowedDomains: {}, BlockedDomains: [{ Domain: 'x.example' }] },
    ])
  })

  const sharepoint = `
${seen('url = $Bound.Url; token = $Bound.AccessToken')}
enum Level { Disabled; ExternalUserSharingOnly }
function Connect-PnPOnline { [CmdletBinding()] param([string]$Url, [string]$AccessToken, [string]$AzureEnvironment) Write-Seen $PSBoundParameters }
function Get-PnPTenant { [pscustomobject]@{ SharingCapability = [Level]::ExternalUserSharingOnly; OneDriveSharingCapability = [Level]::Disabled } }
function Get-PnPTenantSyncClientRestriction { [pscustomobject]@{ TenantRestrictionEnabled = $true; AllowedDomainList = [Collections.Generic.List[guid]]@([guid]'786548dd-877b-4760-a749-6b1efbc1190a'); ExcludedFileExtensions = [Collections.Generic.List[string]]@() } }
function Get-PnPTenantSite { param([switch]$IncludeOneDriveSites, [switch]$Detailed) if (-not ($IncludeOneDriveSites -and $Detailed)) { throw 'more was asked for' }; $null }
`
  const sources = ['sharepoint/tenant', 'sharepoint/tenantSyncClientRestriction', 'sharepoint/sites']

  test('SharePoint gets the admin address of the root site, and its names and numbers are those of the wire', async () => {
    const run = await read(
      sources,
      { 'PnP.PowerShell': { code: sharepoint } },
      { answers: perService, rest: () => ({ body: { webUrl: 'https://fabrikam.sharepoint.com' } }) },
    )
    expect(connections()).toEqual([
      { parameters: ['AccessToken', 'Url'], url: 'https://fabrikam-admin.sharepoint.com', token: 'sharepoint.b.c' },
    ])
    expect(sources.map((id) => evidence(run, id)?.data)).toEqual([
      { SharingCapability: 1, ODBSharingCapability: 0 },
      {
        IsUnmanagedSyncClientForTenantRestricted: true,
        AllowedDomainListForSyncClient: ['786548dd-877b-4760-a749-6b1efbc1190a'],
        ExcludedFileExtensionsForSyncClient: [],
      },
      [],
    ])
  })

  test('a tenant object that comes twice, or not at all, is no tenant object', async () => {
    const twice = `${sharepoint}
function Get-PnPTenant { 1..2 | ForEach-Object { [pscustomobject]@{ SharingCapability = 1 } } }`
    const run = await read(
      ['sharepoint/tenant'],
      { 'PnP.PowerShell': { code: twice } },
      { rest: () => ({ body: { webUrl: 'https://fabrikam.sharepoint.com' } }) },
    )
    expect(source(run, 'sharepoint/tenant')).toMatchObject({
      state: 'unavailable',
      error: { code: 'unexpected_shape' },
    })
  })

  test('SharePoint without an admin address is not connected to', async () => {
    const run = await read(['sharepoint/tenant'], { 'PnP.PowerShell': { code: sharepoint } })
    expect(source(run, 'sharepoint/tenant')).toMatchObject({
      state: 'unavailable',
      error: { code: 'admin_host_unknown' },
    })
    expect(existsSync(stubs?.file('connected.jsonl') ?? '')).toBe(false)
  })

  // Where compliance has no module, the child is asked directly: it does not look where it is.
  test('compliance connects by its own cmdlet', async () => {
    const modules = await stubsAlone({
      ExchangeOnlineManagement: {
        code: `
${seen('connectionUri = $Bound.ConnectionUri; organization = $Bound.Organization')}
function Connect-IPPSSession { [CmdletBinding()] param([string]$AccessToken, [string]$Organization, [string]$ConnectionUri, [string[]]$CommandName, [switch]$ShowBanner) Write-Seen $PSBoundParameters }
function Get-LabelPolicy { [CmdletBinding()] param() Write-Warning 'labels'; [pscustomobject]@{ Name = 'p'; ExchangeLocation = [Collections.ArrayList]@([pscustomobject]@{ Name = 'All'; Type = 1 }) } }
`,
      },
    })
    const mark = '0123456789abcdef'
    const common = { names: {}, empty: {}, select: [], enums: 'names', objects: 'name' }
    const lines = [
      {
        t: 'start',
        nonce: mark,
        service: 'compliance',
        module: 'ExchangeOnlineManagement',
        minimumVersion: '3.8.0',
        modulePath: [modules.path],
        connect: { ConnectionUri: 'https://ps.example' },
        commands: ['Get-LabelPolicy'],
        licencePattern: 'nolicence',
        proxyUrl: null,
      },
      { t: 'connect', organization: 'contoso.onmicrosoft.com', url: '', accessTokens: ['a.b.c'] },
      { t: 'read', id: 'x', cmdlet: 'Get-LabelPolicy', parameters: { WarningAction: 'Ignore' }, ...common },
      { t: 'read', id: 'y', cmdlet: 'Get-ChildItem', parameters: {}, ...common },
    ]
    const child = startPwsh('engine/modules/child/Start-Child.ps1')
    let output = ''
    child.stdin.on('error', () => undefined)
    child.stdout.setEncoding('utf8')
    for (const line of lines) child.stdin.write(`${JSON.stringify(line)}\n`)
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => resolve())
      child.stdout.on('data', (text: string) => {
        output += text
        if (output.split('\n').length > lines.length) child.stdin.end()
      })
    })
    const frames = output
      .split('\n')
      .filter((text) => text.startsWith(`\u001e${mark} `))
      .map((text) => JSON.parse(text.slice(mark.length + 2)))
    expect(frames).toMatchObject([
      { t: 'imported', version: '99.0.0' },
      { t: 'connected' },
      { t: 'rows', rows: [{ Name: 'p', ExchangeLocation: ['All'] }] },
      // Not on the list of this scan: never run, whoever asks.
      { t: 'failed', kind: 'refused' },
    ])
    expect(connections()).toEqual([
      {
        parameters: ['AccessToken', 'CommandName', 'ConnectionUri', 'Organization', 'ShowBanner'],
        connectionUri: 'https://ps.example',
        organization: 'contoso.onmicrosoft.com',
      },
    ])
    expect(child.exitCode).toBe(70)
  })
})

describe.runIf(onLinux)('nothing is left and nothing is told', () => {
  const hanging = exchange(`
function Get-OrganizationConfig {
    $other = [Diagnostics.Process]::Start('sleep', '300')
    [IO.File]::WriteAllText([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'pids'), "$PID $($other.Id) $([IO.Path]::GetTempPath())")
    [Threading.Thread]::Sleep(600000)
}
`)
  const isAlive = (pid: number) => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  const gone = async (pid: number) => {
    while (isAlive(pid)) await delay(25)
  }
  async function hang(answers?: HostAnswers) {
    const engine = await start(['exchange/Get-OrganizationConfig'], hanging, answers ? { answers } : {})
    const file = stubs?.file('pids') ?? ''
    while (!existsSync(file) || !readFileSync(file, 'utf8').includes('/')) await delay(50)
    const [child, other, folder] = readFileSync(file, 'utf8').split(' ') as [string, string, string]
    return { engine, child: Number(child), other: Number(other), folder }
  }

  test.each([
    ['a cancel', (engine: RunningEngine) => engine.send({ t: 'cancel' })],
    ['the end of the host', (engine: RunningEngine) => engine.endInput()],
  ])('%s ends the child and what it started, and takes its folder away', async (_name, stop) => {
    const { engine, child, other, folder } = await hang()
    stop(engine)
    await engine.ended
    await gone(child)
    await gone(other)
    expect(existsSync(folder)).toBe(false)
  })

  test('an engine that is killed takes the child with it', async () => {
    const { engine, child, other, folder } = await hang()
    process.kill(engine.pid, 'SIGKILL')
    await gone(child)
    // What nobody was left to end and to tidy up; a runner does both.
    process.kill(other, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
    await engine.ended
  })

  test('no token is in arguments, environment, files or output', async () => {
    const canary = 'canary1.canary2.canary3'
    const { engine, child, folder } = await hang({ token: () => ({ ...token, accessToken: canary }) })
    expect(connections()[0].token).toBe(hash(canary))
    for (const pid of [engine.pid, child])
      for (const what of ['cmdline', 'environ'])
        expect(readFileSync(`/proc/${pid}/${what}`, 'latin1'), `${pid} ${what}`).not.toContain('canary')
    for (const place of [folder, stubs?.path ?? ''])
      for (const entry of readdirSync(place, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) expect(readFileSync(`${entry.parentPath}/${entry.name}`, 'latin1')).not.toContain('canary')
    engine.send({ t: 'cancel' })
    const run = await engine.ended
    expect(JSON.stringify(run)).not.toContain('canary')
  })
})

test.each([
  ['an unknown service', { transport: { graph: 'module' } }],
  ['an unknown way', { transport: { exchange: 'soap' } }],
  ['no object', { transport: 'module' }],
  ['a relative folder', { modulePath: ['modules'] }],
])('a job with %s is refused', async (_name, overrides) => {
  const run = await startEngine(job(overrides)).ended
  expect(run.frames.at(-1)).toMatchObject({ t: 'done', outcome: 'failed', error: { code: 'job_malformed' } })
})
