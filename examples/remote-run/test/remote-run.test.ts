import { randomBytes } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStorage, type Scan, type Storage } from '@tenantscope/core'
import { freshTenant, type Simulator, startSimulator } from '@tenantscope/m365-simulator'
import type { RequestHandler } from 'express'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ChildLauncherOptions, childLauncher } from '../src/child-launcher.ts'
import { type HostOptions, mountPath, type RunningHost, startHost } from '../src/host.ts'

const program = fileURLToPath(new URL('../../../packages/runner-pwsh/src/remote/main.ts', import.meta.url))
const controlIds = ['3.1.1', '5.1.2.2', '6.1.1']
const tenant = freshTenant()
const key = randomBytes(32)
const linux = process.platform === 'linux'

let simulator: Simulator
let spool: string
let remotes: number[] = []
const open: (() => Promise<void>)[] = []

beforeAll(async () => {
  spool = mkdtempSync(join(tmpdir(), 'tenantscope-remote-run-'))
  simulator = await startSimulator({ tenants: [tenant] })
})
afterAll(async () => {
  await simulator.close()
  rmSync(spool, { recursive: true, force: true })
})
beforeEach(() => {
  remotes = []
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  for (const pid of remotes) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  simulator.configure({ faults: [] })
})

/** A process of the platform. `storage` is shared by those of one installation: none closes it for the others. */
async function host(
  storage: Storage,
  options: Partial<HostOptions> = {},
  launcher: ChildLauncherOptions & { more?: string[] } = {},
): Promise<RunningHost> {
  const { proxyUrl, caFile } = simulator
  const remote = [
    '--conditions=@tenantscope/source',
    program,
    '--spool',
    spool,
    '--proxy',
    proxyUrl,
    '--ca-file',
    caFile,
    ...(launcher.more ?? []),
  ]
  const running = await startHost({
    storage: { ...storage, close: async () => {} },
    key,
    dispatch: childLauncher([process.execPath, ...remote], { ...launcher, onStart: (pid) => remotes.push(pid) }),
    network: { proxyUrl, caFile },
    worker: { sweepMs: 300 },
    times: { heartbeatMs: 200, drainMs: 500 },
    ...options,
  })
  open.push(() => running.close())
  return running
}

const scopeOf = ({ tenantscope }: RunningHost) => tenantscope.forPlatformTenant('my-msp', { actor: 'me' })

async function begin(on: RunningHost): Promise<Scan> {
  const { m365Tenants, scans } = scopeOf(on)
  const { id } = await m365Tenants.register({
    m365TenantId: tenant.tenantId,
    name: tenant.displayName,
    defaultDomain: tenant.initialDomain,
    credential: { kind: 'client_secret', clientId: tenant.app.clientId, clientSecret: tenant.app.clientSecret },
  })
  return scans.start({ m365TenantId: id, controlIds })
}

async function verdicts(on: RunningHost, scan: Scan): Promise<Record<string, string>> {
  const { data } = await scopeOf(on).results.list(scan.id)
  return Object.fromEntries(data.map(({ controlId, status }) => [controlId, status]))
}

/** How often the log tells each control: more than once would be counted twice. */
async function told(on: RunningHost, scan: Scan): Promise<string[]> {
  const ids: string[] = []
  for await (const { type, data } of scopeOf(on).scans.events(scan.id))
    if (type === 'check.finished') ids.push(String(data.controlId))
  return ids.sort()
}

const statusOf = (on: RunningHost, scan: Scan) =>
  on.tenantscope.remoteRuns.status({ platformTenantId: 'my-msp', scanId: scan.id })

describe('a scan that runs in another process', () => {
  it.skipIf(!linux)(
    'S-40: is received by one process and worked on by another; no secret is in the remote process, its engine, their arguments or environment',
    async () => {
      const storage = memoryStorage()
      const front = await host(storage, { worker: false })
      await host(storage, { receiverUrl: front.receiverUrl })
      simulator.configure({
        faults: [{ match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'slow', delayMs: 1_500 }],
      })
      const scan = await begin(front)
      await until(() => remotes.length > 0 && childrenOf(remotes[0] ?? 0).length > 0)
      const found = (await storage.remoteRuns.find({ scanId: scan.id }))?.run
      const seen = [...remotes, ...remotes.flatMap(childrenOf)].flatMap((pid) => [
        readText(`/proc/${pid}/cmdline`),
        readText(`/proc/${pid}/environ`),
      ])
      expect(seen.join('').length).toBeGreaterThan(100)
      expect(seen.join('\n')).not.toMatch(/whsec_|eyJ/)
      expect(seen.join('\n')).not.toContain(tenant.app.clientSecret)
      expect(found?.attempt).toBe(1)
      const ended = await scopeOf(front).scans.finished(scan.id)
      expect([ended.status, ended.errorMessage]).toEqual(['completed', null])
      expect(await told(front, scan)).toEqual(controlIds)
      expect(Object.keys(await verdicts(front, scan))).toEqual(controlIds)
      expect(Object.values(await verdicts(front, scan))).not.toContain('error')
      await until(() => remotes.every((pid) => !isAlive(pid)))
    },
  )

  it('R-19: loses nothing while the receiver answers 500, hangs, and is down for a while', async () => {
    // Signs of life while a source is slow: enough calls for all the trouble.
    simulator.configure({
      faults: [{ match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'slow', delayMs: 2_500 }],
    })
    let calls = 0
    let down = 0
    const bad: RequestHandler = (req, res, next) => {
      if (!req.path.startsWith(`${mountPath}/webhook/progress`)) return next()
      calls += 1
      if (calls === 1) return void res.status(500).end()
      if (calls === 3) return void setTimeout(() => res.destroy(), 300)
      if (calls === 5) return void res.status(503).set('Retry-After', '1').end()
      if (calls !== 7) return next()
      // From here on nobody listens, for a while.
      const { port } = front.server.address() as { port: number }
      front.server.close()
      front.server.closeAllConnections()
      down += 1
      setTimeout(() => front.server.listen(port, '127.0.0.1'), 700)
    }
    const front = await host(memoryStorage(), { before: bad })
    const scan = await begin(front)
    const ended = await scopeOf(front).scans.finished(scan.id)
    expect([ended.status, ended.errorMessage]).toEqual(['completed', null])
    expect(await told(front, scan)).toEqual(controlIds)
    expect(Object.values(await verdicts(front, scan))).not.toContain('not_run')
    expect([calls >= 7, down]).toEqual([true, 1])
    expect(await statusOf(front, scan)).toMatchObject({ rejected: 0, attempt: 1 })
  })

  it('R-19: gives the same results by its spool when the receiver stays down', async () => {
    let ends: (number | null)[] = []
    const dead: RequestHandler = (req, res, next) =>
      req.path.startsWith(`${mountPath}/webhook/progress`) ? void res.status(503).end() : next()
    const onEnd: ChildLauncherOptions['onEnd'] = async ({ scanId, attempt }, code) => {
      ends = [...ends, code]
      const left = createReadStream(join(spool, `${scanId}-${attempt}.jsonl`))
      await front.tenantscope.remoteRuns.reconcile({ platformTenantId: 'my-msp', scanId, attempt, spool: left })
    }
    const front = await host(memoryStorage(), { before: dead }, { onEnd, more: ['--give-up-after', '0'] })
    const scan = await begin(front)
    const ended = await scopeOf(front).scans.finished(scan.id)
    expect([ended.status, ended.errorMessage, ends]).toEqual(['completed', null, [6]])
    expect(await told(front, scan)).toEqual(controlIds)
    expect(Object.values(await verdicts(front, scan))).not.toContain('not_run')
  })

  it.skipIf(!linux)('killed in mid-scan, ends with what it had found, and its engine with it', async () => {
    simulator.configure({ faults: [{ match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'hang' }] })
    const front = await host(memoryStorage())
    const scan = await begin(front)
    const { scans } = scopeOf(front)
    await until(async () => (await scans.get(scan.id)).counts.pass + (await scans.get(scan.id)).counts.fail >= 1)
    const engines = remotes.flatMap(childrenOf)
    expect(engines.length).toBeGreaterThan(0)
    process.kill(remotes[0] ?? 0, 'SIGKILL')
    const ended = await scans.finished(scan.id)
    expect([ended.status, ended.failureReason]).toEqual(['failed', 'runner_error'])
    expect(ended.errorMessage).toContain('SIGKILL')
    const rows = Object.values(await verdicts(front, scan))
    expect(rows.length).toBe(controlIds.length)
    expect(rows).toContain('not_run')
    expect(ended.counts.not_run).toBe(rows.filter((status) => status === 'not_run').length)
    await until(() => engines.every((pid) => !isAlive(pid)))
  })

  it.skipIf(!linux)('goes on as attempt 2 when its worker is gone; what attempt 1 still sends is refused', async () => {
    simulator.configure({ faults: [{ match: { source: 'exchange/Get-OrganizationConfig' }, kind: 'hang' }] })
    const storage = memoryStorage()
    const front = await host(storage, { worker: false })
    const first = await host(storage, { receiverUrl: front.receiverUrl })
    const scan = await begin(front)
    const { scans } = scopeOf(front)
    await until(async () => (await scans.get(scan.id)).counts.pass + (await scans.get(scan.id)).counts.fail >= 1)
    const known = Object.keys(await verdicts(front, scan))
    await first.close()
    simulator.configure({ faults: [] })
    await host(storage, { receiverUrl: front.receiverUrl })
    const ended = await scans.finished(scan.id)
    expect([ended.status, ended.attempt]).toEqual(['completed', 2])
    expect(await told(front, scan)).toEqual(controlIds)
    expect(known.length).toBeGreaterThan(0)
    expect(remotes.length).toBe(2)
    await until(() => remotes.every((pid) => !isAlive(pid)))
  })
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 25))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** A zombie is not alive, and only the state letter tells. */
function isAlive(pid: number): boolean {
  if (!linux) return false
  const [state] = statFields(pid)
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function statFields(pid: number): string[] {
  const text = readText(`/proc/${pid}/stat`)
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids.filter((pid) => Number(statFields(pid)[1]) === parent && isAlive(pid))
}
