import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PlatformTenantScope, Queue, Scan, Tenantscope, WorkerOptions } from '@tenantscope/core'
import postgres from 'postgres'
import { startPostgres, type TestServer } from '../packages/adapter-postgres/test/postgres-server.ts'
import { type ScriptProcess, startScript } from '../packages/queue-pg-boss/test/worker-process.ts'
import { enginesWith } from './engines.ts'
import { type NodeSettings, openNode } from './node-process.ts'
import { type Simulated, startSimulated } from './simulated.ts'
import { type Watch, watchCalls, watchQueue } from './watched.ts'
import type { WorkerNote } from './worker-host.ts'

/** What the workers of a scenario run with. Twenty concurrency slots would be the machine's; these are the scenario's. */
export const shortLease = { concurrency: 2, leaseMs: 3_000, heartbeatMs: 750, sweepMs: 500 } satisfies WorkerOptions
/** The product's own times, written out. */
export const defaultLease = {
  concurrency: 2,
  leaseMs: 30_000,
  heartbeatMs: 10_000,
  sweepMs: 10_000,
} satisfies WorkerOptions

/** One PostgreSQL and one Microsoft 365 that all scenarios of a run share. */
export interface Ground {
  server: TestServer
  simulated: Simulated
  /** Temporary files of all workers, and by that their mark in the environment of what they start. */
  folder: string
  close(): Promise<void>
}

export async function openGround(tenants = 4): Promise<Ground> {
  const server = await startPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'tenantscope-faults-'))
  try {
    const simulated = await startSimulated(tenants)
    const close = async () => {
      await simulated.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { server, simulated, folder, close }
  } catch (error) {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

let nextWorker = 0

export class WorkerProcess {
  readonly script: ScriptProcess
  readonly #folder: string

  constructor(folder: string, settings: NodeSettings) {
    this.#folder = folder
    mkdirSync(folder)
    const environment = { ...process.env, TMPDIR: folder }
    this.script = startScript(join(import.meta.dirname, 'worker-host.ts'), settings, environment)
  }

  /** Process ids of its engines that live; also after its own death. Linux only. */
  engines(): number[] {
    return enginesWith(this.#folder)
  }

  get notes(): WorkerNote[] {
    return this.script.lines.map((line) => JSON.parse(line) as WorkerNote)
  }
  async until(wanted: (note: WorkerNote) => boolean): Promise<void> {
    await this.script.line((line) => wanted(JSON.parse(line) as WorkerNote))
  }
  hasClaimed(scanId: string, attempt: number): boolean {
    return this.notes.some((one) => one.event === 'claimed' && one.scanId === scanId && one.attempt === attempt)
  }
  command(line: string): void {
    this.script.child.stdin?.write(`${line}\n`)
  }
  signal(signal: NodeJS.Signals): void {
    this.script.child.kill(signal)
  }
}

export interface InstallationOptions {
  worker: WorkerOptions
  /** What every process connects to, when it is not the database itself. */
  connectionString?: (databaseUrl: string) => string
  /** A database of the scenario's making, in place of an ordinary one. */
  databaseUrl?: string
  /** A certificate unless said otherwise: it is what every service takes. */
  credential?: 'client_secret'
  node?: Pick<NodeSettings, 'statementTimeoutMs' | 'acquireTimeoutMs'>
}

/** A host's installation: an API process (this one), worker processes, one database. */
export class Installation {
  readonly databaseUrl: string
  readonly workers: WorkerProcess[] = []
  readonly #ground: Ground
  readonly #settings: NodeSettings
  readonly #api: Tenantscope
  readonly #admin: postgres.Sql
  /** M365 tenants, one for each of the simulator's, by their number. */
  readonly #tenants: string[] = []
  /** Of this process. */
  readonly #faults: string[] = []
  readonly #uncaught = (error: unknown) => void this.#faults.push(`uncaught in the API process: ${error}`)
  #queue: Queue | null = null

  static async open(ground: Ground, options: InstallationOptions): Promise<Installation> {
    const databaseUrl = options.databaseUrl ?? (await ground.server.createDatabase())
    const installation = new Installation(ground, databaseUrl, options)
    try {
      await installation.#start(options.credential === 'client_secret')
      return installation
    } catch (error) {
      await installation.close()
      throw error
    }
  }

  private constructor(ground: Ground, databaseUrl: string, options: InstallationOptions) {
    this.#ground = ground
    this.databaseUrl = databaseUrl
    const { proxyUrl, caFile, controlUrl } = ground.simulated
    this.#settings = {
      connectionString: options.connectionString?.(databaseUrl) ?? databaseUrl,
      simulated: { proxyUrl, caFile, controlUrl },
      worker: options.worker,
      ...options.node,
    }
    const watch: Watch = {
      onPending: (call) => void this.#faults.push(`api: ${call} was pending for more than 15 s`),
    }
    this.#api = openNode(
      { ...this.#settings, worker: false },
      {
        storage: (storage) => watchCalls(storage, watch),
        queue: (queue) => {
          this.#queue = watchQueue(queue, watch)
          return this.#queue
        },
      },
    )
    process.on('uncaughtExceptionMonitor', this.#uncaught)
    process.on('unhandledRejection', this.#uncaught)
    this.#admin = postgres(databaseUrl, { max: 2, onnotice: () => {}, connect_timeout: 2, backoff: () => 0.1 })
  }

  async #start(secret: boolean): Promise<void> {
    await this.#api.start()
    const { tenants, certificate } = this.#ground.simulated
    for (const tenant of tenants) {
      const registered = await this.scope.m365Tenants.register({
        m365TenantId: tenant.tenantId,
        name: tenant.initialDomain,
        defaultDomain: tenant.initialDomain,
        credential: secret
          ? { kind: 'client_secret', clientId: tenant.clientId, clientSecret: tenant.clientSecret }
          : { kind: 'certificate', clientId: tenant.clientId, certificate },
      })
      this.#tenants.push(registered.id)
    }
  }

  get scope(): PlatformTenantScope {
    return this.#api.forPlatformTenant('msp', { actor: 'ann' })
  }
  /** The API process's own queue. */
  get queue(): Queue {
    if (!this.#queue) throw new Error('no queue')
    return this.#queue
  }
  /** As superuser, past the product: to look, and to break things. */
  get admin(): postgres.Sql {
    return this.#admin
  }

  async startWorkers(count: number): Promise<void> {
    const started = Array.from({ length: count }, () => {
      nextWorker += 1
      return new WorkerProcess(join(this.#ground.folder, `worker-${nextWorker}.`), this.#settings)
    })
    this.workers.push(...started)
    await Promise.all(started.map((worker) => worker.until((note) => note.event === 'ready')))
  }

  /** A scan of the simulator's tenant with this number. */
  startScan(tenant: number, controlIds: readonly string[] | null): Promise<Scan> {
    const m365TenantId = this.#tenants[tenant]
    if (m365TenantId === undefined) throw new Error(`there is no tenant ${tenant}`)
    return this.scope.scans.start({ m365TenantId, controlIds: controlIds ? [...controlIds] : null })
  }

  requestsOf(tenant: number): Promise<{ at: number; path: string }[]> {
    const { requestsOf, tenants } = this.#ground.simulated
    return requestsOf(tenants[tenant]?.tenantId ?? '')
  }

  /** The worker that has claimed the scan under this attempt, as soon as one has. */
  async claimant(scanId: string, attempt: number): Promise<WorkerProcess> {
    return Promise.any(
      this.workers.map(async (worker) => {
        await worker.until((one) => one.event === 'claimed' && one.scanId === scanId && one.attempt === attempt)
        return worker
      }),
    )
  }

  /** Ends a worker as a crash would. */
  async kill(worker: WorkerProcess): Promise<void> {
    worker.signal('SIGKILL')
    await worker.script.ended
  }

  /** What must never happen in a process, whatever the fault was. */
  processFaults(expectedDead: readonly WorkerProcess[] = []): string[] {
    const faults = [...this.#faults]
    for (const worker of this.workers) {
      const { exitCode, signalCode } = worker.script.child
      if (!expectedDead.includes(worker) && (exitCode ?? signalCode) !== null)
        faults.push(`a worker ended by itself: ${exitCode ?? signalCode}`)
      for (const note of worker.notes) {
        if (note.event === 'uncaught') faults.push(`uncaught in a worker: ${note.message}`)
        if (note.event === 'pending') faults.push(`worker: ${note.call} was pending for more than 15 s`)
      }
    }
    return faults
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.signal('SIGCONT')
    for (const worker of this.workers) worker.script.child.stdin?.end()
    const orderly = Promise.all(this.workers.map((worker) => worker.script.ended))
    await Promise.race([orderly, new Promise((resolve) => setTimeout(resolve, 12_000).unref())])
    for (const worker of this.workers) worker.signal('SIGKILL')
    await orderly
    await this.#api.close()
    await this.#admin.end({ timeout: 2 })
    process.removeListener('uncaughtExceptionMonitor', this.#uncaught)
    process.removeListener('unhandledRejection', this.#uncaught)
  }
}
