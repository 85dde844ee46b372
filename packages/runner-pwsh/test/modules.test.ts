import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Runner } from '@tenantscope/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pwshRunner } from '../src/index.ts'
import { eventually } from './processes.ts'
import { collect, isRunning, job } from './running.ts'

// The engine itself with a module that only bears the vendor's name. Needs PowerShell: without it these tests are skipped.
const probe = pwshRunner()
const { ok: hasPowerShell } = await probe.health()
await probe.close()

const code = `
function Connect-ExchangeOnline { [CmdletBinding()] param([string]$AccessToken, [string]$Organization, [string[]]$CommandName, [switch]$ShowBanner) Write-Warning "token $AccessToken" }
function Get-OrganizationConfig { [pscustomobject]@{ AuditDisabled = $false; RunspaceId = [guid]::NewGuid() } }
function Get-AcceptedDomain { [IO.File]::WriteAllText([IO.Path]::Combine([IO.Path]::GetDirectoryName($PSScriptRoot), 'pid'), "$PID."); [Threading.Thread]::Sleep(600000) }
`

describe.skipIf(!hasPowerShell)('a runner with the module transport', { timeout: 60_000 }, () => {
  let folder = ''
  let runner: Runner

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tenantscope-modules-'))
    const module = path.join(folder, 'ExchangeOnlineManagement')
    await mkdir(module)
    await writeFile(path.join(module, 'ExchangeOnlineManagement.psm1'), code)
    await writeFile(
      path.join(module, 'ExchangeOnlineManagement.psd1'),
      "@{ RootModule = 'ExchangeOnlineManagement.psm1'; ModuleVersion = '3.9.2' }",
    )
    runner = pwshRunner({ transport: { exchange: 'module' }, modulePath: [folder] })
  })
  afterEach(async () => {
    await runner.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test('judges what the module read', async () => {
    const { events, error } = await collect(runner, { job: job({ controlIds: ['6.1.1'] }) })
    expect(error).toBeNull()
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'check.finished', controlId: '6.1.1', status: 'pass' }),
    )
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'evidence',
        sourceId: 'exchange/Get-OrganizationConfig',
        data: [{ AuditDisabled: false }],
      }),
    )
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'completed' })
    expect(JSON.stringify(events)).not.toContain('synthetic-token')
  })

  test.runIf(process.platform === 'linux')('leaves no child behind when a scan is aborted', async () => {
    const abort = new AbortController()
    const file = path.join(folder, 'pid')
    const run = collect(runner, {
      job: job({ controlIds: [], sources: ['exchange/Get-AcceptedDomain'] }),
      signal: abort.signal,
    })
    await eventually(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('.'))
    const child = Number.parseInt(readFileSync(file, 'utf8'), 10)
    expect(await isRunning(child)).toBe(true)
    abort.abort()
    await run
    expect(await isRunning(child)).toBe(false)
  })
})
