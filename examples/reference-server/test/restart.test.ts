import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freshTenant, type Simulator, startSimulator } from '@tenantscope/m365-simulator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mountPath, startServer } from '../src/server.ts'
import { readSettings } from '../src/settings.ts'
import { call, withCertificate } from './platform.ts'
import { ended, enginePids, isAlive, resultsOf, statusOf } from './scans.ts'

const tenant = freshTenant()
const folder = mkdtempSync(join(tmpdir(), 'tenantscope-restart-'))
let simulator: Simulator
let child: ChildProcess | undefined

beforeAll(async () => {
  simulator = await startSimulator({ tenants: [tenant] })
})
afterAll(async () => {
  child?.kill('SIGKILL')
  await simulator.close()
  rmSync(folder, { recursive: true, force: true })
})

const environment = () => ({
  ...process.env,
  TENANTSCOPE_DATA: folder,
  PORT: '0',
  // The engines are counted.
  TENANTSCOPE_STANDBY: '0',
  HTTPS_PROXY: simulator.proxyUrl,
  TENANTSCOPE_CA_FILE: simulator.caFile,
})

/** Starts the server in a process of its own and gives its address. */
async function startChild(): Promise<string> {
  const script = fileURLToPath(new URL('./killable-server.ts', import.meta.url))
  const server = spawn(process.execPath, ['--conditions=@tenantscope/source', script], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = server
  for await (const chunk of server.stdout) {
    const url = /ready (\S+)/.exec(String(chunk))?.[1]
    if (url) return url
  }
  throw new Error('the server ended before it was ready')
}

it.skipIf(process.platform !== 'linux')(
  'a server killed in mid-scan leaves no engine, and the next one brings the scan to its end',
  async () => {
    simulator.configure({ faults: [{ match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'hang' }] })
    const api = `${await startChild()}${mountPath}`
    const first = { call: (method: string, path: string, body?: unknown) => call(api, method, path, body) }
    const { id } = (await first.call('POST', '/m365-tenants', await withCertificate(tenant))).body
    const started = await first.call('POST', '/scans/start', {
      m365_tenant_id: id,
      check_ids: ['3.1.1', '5.1.2.2', '6.1.1'],
    })
    const scanId = started.body.scan_id
    await expect.poll(async () => (await statusOf(first, scanId)).progress_percentage, { timeout: 20_000 }).toBe(66)
    const engines = enginePids(child?.pid)
    expect(engines).toHaveLength(1)

    child?.kill('SIGKILL')
    // The engine lives on its standard input: when the server is gone, so is it. Its parent is gone too, so it is looked for by its own id.
    await expect.poll(() => engines.filter(isAlive), { timeout: 5_000 }).toEqual([])

    simulator.configure({ faults: [] })
    simulator.clearRequests()
    const server = await startServer(readSettings(environment()), { worker: { sweepMs: 300 } })
    try {
      const second = {
        call: (method: string, path: string, body?: unknown) => call(`${server.url}${mountPath}`, method, path, body),
      }
      expect(await ended(second, scanId)).toMatchObject({ status: 'completed', attempt: 2, progress_percentage: 100 })
      expect([...(await resultsOf(second, scanId)).values()].map((row) => row.status)).not.toContain('NotRun')
      const asked = simulator.requests.flatMap((request) => request.sources ?? [request.source])
      expect(asked).not.toContain('exchange/Get-AdminAuditLogConfig')
      const running = await second.call('GET', '/scans?status=running')
      expect(running.body.data).toEqual([])
    } finally {
      await server.close()
    }
  },
)
