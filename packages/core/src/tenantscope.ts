import { randomUUID } from 'node:crypto'
import * as dns from 'node:dns/promises'
import * as Layer from 'effect/Layer'
import * as ManagedRuntime from 'effect/ManagedRuntime'
import { type AuditLog, auditLog } from './audit/audit.ts'
import type { Benchmark } from './benchmarks/benchmark.ts'
import { benchmarks } from './benchmarks/benchmarks.ts'
import { type Clock, systemClock } from './clock/clock.ts'
import { InvalidInputError, TenantscopeError } from './errors/errors.ts'
import { type IdempotencyKeys, idempotencyKeys } from './idempotency/idempotency-keys.ts'
import { runWith } from './internal/run.ts'
import {
  ClockService,
  EventHubService,
  HandInService,
  LoggerService,
  QueueService,
  RunnerService,
  SecretsService,
  SignInService,
  StorageService,
} from './internal/services.ts'
import { type Logger, silentLogger } from './logging/logger.ts'
import { inProcessQueue } from './queue/in-process-queue.ts'
import type { Queue } from './queue/queue.ts'
import { inboxNudge } from './remote/inbox.ts'
import { type RemoteRuns, type RemoteRunsOptions, remoteRuns } from './remote/remote-runs.ts'
import { type Results, results } from './results/results.ts'
import type { Runner, RunnerJob } from './runner/runner.ts'
import type { SignIn } from './runner/sign-in.ts'
import { eventHub } from './scans/event-hub.ts'
import { handIn } from './scans/hand-in.ts'
import { type ScanLimits, type Scans, scans } from './scans/scans.ts'
import { slots } from './scans/slots.ts'
import { worker } from './scans/worker.ts'
import type { SecretStore } from './secrets/secret-store.ts'
import type { Storage } from './storage/storage.ts'
import { type M365Tenants, m365Tenants } from './tenants/m365-tenants.ts'
import { noSender, webhookSender } from './webhooks/sender.ts'
import type { WebhooksOptions } from './webhooks/webhook-options.ts'
import { outgoingSettings } from './webhooks/webhook-settings.ts'
import { type Webhooks, webhooks } from './webhooks/webhooks.ts'

export interface WorkerOptions {
  /** Scans at once in this process. Default: free memory (of the container, where it has a limit) over 200 MB, at least 1, at most two per core. */
  concurrency?: number
  /** A running scan belongs to its worker for this long after the last heartbeat. Default 30,000. */
  leaseMs?: number
  /** Default 10,000. */
  heartbeatMs?: number
  /** How often scans of dead workers are looked for. Default 10,000. */
  sweepMs?: number
  /** Attempts before a scan whose workers keep dying is given up. Default 3. */
  maxAttempts?: number
}

export interface LimitOptions {
  /** Scans of one platform tenant that may wait to be run; one more is refused with `limit_reached`. Default 1,000. */
  pendingScansPerPlatformTenant?: number
}

/** Adapters handed in belong to this object from then on: `close()` closes them. What the host handed to an adapter stays the host's. */
export interface TenantscopeOptions {
  storage: Storage
  secrets: SecretStore
  runner: Runner
  signIn: SignIn
  /** Default: in this process, on p-queue. */
  queue?: Queue
  /** `false`: this process takes no scans, it only serves the API. */
  worker?: WorkerOptions | false
  /** Which Microsoft cloud the tenants live in. Default `commercial`. */
  cloud?: RunnerJob['cloud']
  /** Keep what the services answered, for judging again and for audits. Default true. */
  keepEvidence?: boolean
  /** The longest a scan may take. Default two hours. */
  scanTimeoutMs?: number
  /** TXT look-ups. Default: the process's resolver; a public one is better where the host's network answers differently inside. */
  resolveTxt?: (name: string) => Promise<string[][]>
  /** Bounds of what scans that run elsewhere may send. */
  remoteRuns?: RemoteRunsOptions
  /** Signed messages to endpoints of the platform tenants when a scan has ended. Off when left out: nothing is sent anywhere. */
  webhooks?: WebhooksOptions
  /**
   * Lets credentials of the kind `username_password` be stored. They cannot pass multi-factor authentication; `msalSignIn` has the same option for using them.
   * Default false: storing one is refused with `invalid_input`.
   */
  allowUsernamePassword?: boolean
  limits?: LimitOptions
  clock?: Clock
  logger?: Logger
}

export interface Health {
  ok: boolean
  storage: { ok: boolean; detail: string }
  runner: { ok: boolean; detail: string }
  queue: { ok: boolean; detail: string }
}

/** Everything one platform tenant can see and do. Cheap to make: one per request is fine. */
export interface PlatformTenantScope {
  readonly m365Tenants: M365Tenants
  readonly scans: Scans
  readonly results: Results
  readonly webhooks: Webhooks
  readonly audit: AuditLog
  readonly idempotency: IdempotencyKeys
}

export interface Tenantscope {
  /**
   * `id` is the host's own isolation boundary, an opaque string. `actor` is who acts, and `requestId` the request that asks for it: both go into the audit log.
   * Throws InvalidInputError when one of them is empty or longer than 200 characters.
   */
  forPlatformTenant(id: string, options: { actor: string; requestId?: string | null }): PlatformTenantScope
  /** What the runner can judge. */
  benchmarks(): Promise<readonly Benchmark[]>
  /** For receivers of signed messages; the Express adapter is one. Not bound to a platform tenant: the signature says which scan it is about. */
  readonly remoteRuns: RemoteRuns
  /** Brings the storage up to date and, unless `worker` is false, begins to take scans: first what a crash left. Call once. */
  start(): Promise<void>
  health(): Promise<Health>
  /**
   * Takes no more scans, puts those under way back to pending, ends their processes, ends every open event stream, closes the adapters.
   * Idempotent; leaves no handle open.
   */
  close(): Promise<void>
}

/** Puts the parts together. Nothing happens until `start`: no connection, no process, no timer. */
export function createTenantscope(options: TenantscopeOptions): Tenantscope {
  const { storage, runner, queue = inProcessQueue(), logger = silentLogger } = options
  const limits = scanLimits(options)
  const hub = eventHub()
  const settings = workerSettings(options)
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(
      Layer.succeed(StorageService, storage),
      Layer.succeed(QueueService, queue),
      Layer.succeed(HandInService, handIn({ storage, queue, logger })),
      Layer.succeed(SecretsService, options.secrets),
      Layer.succeed(RunnerService, runner),
      Layer.succeed(SignInService, options.signIn),
      Layer.succeed(ClockService, options.clock ?? systemClock),
      Layer.succeed(LoggerService, logger),
      Layer.succeed(EventHubService, hub),
    ),
  )
  const run = runWith(runtime)
  const outgoing = outgoingSettings(options.webhooks)
  const { policy, retryDelaysMs, pollMs } = outgoing
  const { workerId } = settings
  const { allowUsernamePassword = false } = options
  const sender = policy ? webhookSender(run, { policy, retryDelaysMs, pollMs, workerId }) : noSender
  const { nudge } = sender
  const scanWorker = worker(run, { ...settings, onScanEnded: nudge })
  let stopListening: (() => Promise<void>) | null = null
  let started = false
  let closing: Promise<void> | null = null

  const close = async () => {
    await scanWorker.close()
    await sender.close()
    hub.close()
    await stopListening?.()
    await runner.close()
    await options.signIn.close?.()
    await storage.close()
    await runtime.dispose()
  }

  return {
    forPlatformTenant: (id, { actor, requestId = null }) => {
      const scope = {
        platformTenantId: opaque(id, '/id'),
        actor: opaque(actor, '/actor'),
        requestId: requestId === null ? null : opaque(requestId, '/requestId'),
      }
      return {
        m365Tenants: m365Tenants(run, scope, { ...settings, allowUsernamePassword }),
        scans: scans(run, scope, limits),
        results: results(run, scope),
        webhooks: webhooks(run, scope, { ...outgoing, nudge }),
        audit: auditLog(run, scope),
        idempotency: idempotencyKeys(run, scope),
      }
    },
    benchmarks: () => run(benchmarks),
    remoteRuns: remoteRuns(run, { cloud: settings.cloud, remoteRuns: options.remoteRuns ?? {} }),
    start: async () => {
      if (closing) throw new TenantscopeError('closed', 'This tenantscope is closed; create a new one.')
      if (started) throw new TenantscopeError('conflict', 'This tenantscope is started already.')
      started = true
      await storage.migrate()
      const onGrowth = ({ scanId, sequence }: { scanId: string; sequence: number }) =>
        hub.notify(sequence === 0 ? inboxNudge(scanId) : scanId)
      stopListening = (await storage.listen?.(onGrowth)) ?? null
      if (options.worker === false) return
      await scanWorker.start()
      // Not waited for: a scan can begin without it.
      void runner.prepare?.().catch(() => {})
      sender.start()
    },
    health: async () => {
      const [storageHealth, runnerHealth, queueHealth] = await Promise.all([
        storage.health(),
        runner.health(),
        queue.health?.() ?? { ok: true, detail: 'does not say' },
      ])
      const ok = storageHealth.ok && runnerHealth.ok && queueHealth.ok
      return { ok, storage: storageHealth, runner: runnerHealth, queue: queueHealth }
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function workerSettings(options: TenantscopeOptions) {
  const given = options.worker === false ? {} : (options.worker ?? {})
  return {
    workerId: randomUUID(),
    concurrency: slots(given.concurrency),
    leaseMs: given.leaseMs ?? 30_000,
    heartbeatMs: given.heartbeatMs ?? 10_000,
    sweepMs: given.sweepMs ?? 10_000,
    maxAttempts: given.maxAttempts ?? 3,
    scanTimeoutMs: options.scanTimeoutMs ?? 2 * 60 * 60 * 1_000,
    testTimeoutMs: 60_000,
    keepEvidence: options.keepEvidence ?? true,
    cloud: options.cloud ?? ('commercial' as const),
    resolveTxt: options.resolveTxt ?? ((name: string) => dns.resolveTxt(name)),
  }
}

function scanLimits({ limits }: TenantscopeOptions): ScanLimits {
  const maxPending = limits?.pendingScansPerPlatformTenant ?? 1_000
  if (Number.isInteger(maxPending) && maxPending >= 1) return { maxPending }
  const pointer = '/limits/pendingScansPerPlatformTenant'
  throw new InvalidInputError([{ pointer, detail: 'must be a whole number from 1.' }])
}

function opaque(value: string, pointer: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 200) return value
  throw new InvalidInputError([{ pointer, detail: 'must be text of 1 to 200 characters.' }])
}
