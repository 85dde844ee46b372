import * as Effect from 'effect/Effect'
import { openStored } from '../credentials/credentials.ts'
import { TenantscopeError } from '../errors/errors.ts'
import {
  ClockService,
  type CoreServices,
  EventHubService,
  LoggerService,
  now,
  RunnerService,
  SecretsService,
  SignInService,
  StorageService,
  withStorage,
} from '../internal/services.ts'
import type { DeliveryOutcome, QueueEntry } from '../queue/queue.ts'
import { openInbox } from '../remote/inbox.ts'
import type { RunnerJob } from '../runner/runner.ts'
import type { Scan } from './scan.ts'
import { concludeScan, type Ending } from './scan-ending.ts'
import { scanHost } from './scan-host.ts'
import { keepLease } from './scan-lease.ts'
import { pumpRun } from './scan-pump.ts'

export interface ExecutionSettings {
  workerId: string
  leaseMs: number
  heartbeatMs: number
  scanTimeoutMs: number
  keepEvidence: boolean
  cloud: RunnerJob['cloud']
  resolveTxt: (name: string) => Promise<string[][]>
}

/** Why a run is ended from outside. The first reason wins. */
type StopReason = 'cancel' | 'lost' | 'timed_out' | 'refused' | 'shutdown' | 'storage'

/** The handle on a run under way. */
export interface RunControl {
  readonly signal: AbortSignal
  readonly reason: StopReason | null
  /** What the first `stop` said besides its reason, for people. */
  readonly detail: string | null
  stop(reason: StopReason, detail?: string): void
}

export function runControl(): RunControl {
  const controller = new AbortController()
  let reason: StopReason | null = null
  let detail: string | null = null
  return {
    signal: controller.signal,
    get detail() {
      return detail
    },
    get reason() {
      return reason
    },
    stop: (why, words) => {
      if (reason) return
      reason = why
      detail = words ?? null
      controller.abort(new Error(`scan run stopped: ${why}`))
    },
  }
}

/** How long a scan waits for another one of its M365 tenant before it asks again. */
const siblingWaitMs = 1_000
/** How long a scan waits after a fault of the storage. */
const faultWaitMs = 5_000

/**
 * One delivery: claims the scan whose turn it is, runs it, brings it to an end. Which scan the entry names does not matter for that: entries come first in, first
 * out, and one platform tenant's hundred must not hold up another's one. So an entry is a right to one run, and lives until its own scan is not pending any more:
 * there are always as many entries as scans that wait. Never fails: what goes wrong ends the scan or leaves it to the sweep.
 * `control` is the caller's handle to stop it.
 */
export function executeScan(
  entry: QueueEntry,
  settings: ExecutionSettings,
  control: RunControl,
): Effect.Effect<DeliveryOutcome, never, CoreServices> {
  let working = entry.scanId
  return Effect.gen(function* () {
    const scan = yield* claimNext(settings)
    if (!scan) return yield* whileItsScanWaits(entry, siblingWaitMs)
    working = scan.id
    const hub = yield* EventHubService
    hub.notify(scan.id)
    const ending = yield* runAttempt(scan, settings, control)
    yield* concludeScan(scan, ending)
    hub.notify(scan.id)
    // Given back: whoever takes over need not wait for a sweep.
    if (ending.kind === 'released') return { kind: 'later', delayMs: 0 } as const
    return scan.id === entry.scanId ? ({ kind: 'done' } as const) : yield* whileItsScanWaits(entry, 0)
  }).pipe(
    Effect.catchAll((error) =>
      Effect.gen(function* () {
        const log = yield* LoggerService
        log.error('a scan could not be worked on; the sweep will look after it', {
          scanId: working,
          code: error.code,
        })
        return { kind: 'later', delayMs: faultWaitMs } as const
      }),
    ),
  )
}

function claimNext(settings: ExecutionSettings) {
  return Effect.gen(function* () {
    const at = yield* now
    const { workerId, leaseMs } = settings
    return yield* withStorage((storage) => storage.work.claimNext({ workerId, leaseMs, at }))
  })
}

/** The entry's own scan may have run under another entry, or wait for another one of its M365 tenant: only then must the entry come back. */
function whileItsScanWaits(entry: QueueEntry, delayMs: number) {
  const { platformTenantId, scanId } = entry
  return Effect.map(
    withStorage((storage) => storage.scans.get({ platformTenantId, scanId })),
    (scan): DeliveryOutcome => (scan?.status === 'pending' ? { kind: 'later', delayMs } : { kind: 'done' }),
  )
}

function runAttempt(
  scan: Scan,
  settings: ExecutionSettings,
  control: RunControl,
): Effect.Effect<Ending, never, CoreServices> {
  return Effect.gen(function* () {
    yield* Effect.forkScoped(keepLease(scan, settings, control))
    yield* Effect.forkScoped(
      Effect.delay(
        Effect.sync(() => control.stop('timed_out')),
        settings.scanTimeoutMs,
      ),
    )
    const remaining = yield* remainingControls(scan)
    if (remaining.length === 0) return { kind: 'completed' } as const
    return yield* runRemaining(scan, remaining, settings, control)
  }).pipe(
    Effect.scoped,
    Effect.catchAll((error) => Effect.succeed(endingOf(error, control))),
  )
}

/** What earlier attempts left to do. */
function remainingControls(scan: Scan): Effect.Effect<string[], TenantscopeError, StorageService> {
  if (scan.attempt === 1) return Effect.succeed(scan.plannedControls)
  return Effect.map(
    withStorage((storage) => storage.work.finishedControls({ scanId: scan.id })),
    (finished) => {
      const done = new Set(finished)
      return scan.plannedControls.filter((controlId) => !done.has(controlId))
    },
  )
}

function runRemaining(
  scan: Scan,
  controlIds: string[],
  settings: ExecutionSettings,
  control: RunControl,
): Effect.Effect<Ending, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { platformTenantId, m365TenantId: id } = scan
    const found = yield* withStorage((storage) => storage.m365Tenants.getWithCredential({ platformTenantId, id }))
    if (!found) return yield* Effect.fail(new TenantscopeError('not_found', 'The M365 tenant was removed.'))
    const { tenant } = found
    const credential = yield* openStored(found.credential)
    const runner = yield* RunnerService
    const mail = {
      scan,
      storage: yield* StorageService,
      secrets: yield* SecretsService,
      hub: yield* EventHubService,
      clock: yield* ClockService,
    }
    const host = scanHost({
      signIn: yield* SignInService,
      credential,
      m365TenantId: tenant.m365TenantId,
      cloud: settings.cloud,
      resolveTxt: settings.resolveTxt,
      onRefused: (error) => control.stop('refused', error.message),
      openInbox: () => openInbox(mail),
    })
    const job: RunnerJob = {
      scanId: scan.id,
      attempt: scan.attempt,
      benchmark: scan.benchmark,
      controlIds,
      scanStartedAt: scan.startedAt ?? scan.createdAt,
      m365Tenant: { id: tenant.m365TenantId, defaultDomain: tenant.defaultDomain },
      credentialKind: credential.kind,
      cloud: settings.cloud,
      inputs: tenant.inputs,
      keepEvidence: settings.keepEvidence,
      timeoutMs: settings.scanTimeoutMs,
    }
    const done = yield* pumpRun(scan, runner.run({ job, host, signal: control.signal }), control)
    return control.reason ? endingOfStop(control.reason, control.detail) : done
  })
}

function endingOfStop(reason: StopReason, detail: string | null): Ending {
  switch (reason) {
    case 'cancel':
      return { kind: 'cancelled' }
    case 'shutdown':
      return { kind: 'released' }
    case 'lost':
    case 'storage':
      return { kind: 'abandoned' }
    case 'timed_out':
      return { kind: 'failed', reason: 'timed_out', message: 'The scan took longer than it may.' }
    case 'refused':
      return {
        kind: 'failed',
        reason: 'sign_in_failed',
        message: detail ?? 'Microsoft Entra ID refused the sign-in.',
      }
  }
}

function endingOf(error: TenantscopeError, control: RunControl): Ending {
  if (control.reason) return endingOfStop(control.reason, control.detail)
  if (error.code === 'credential_missing' || error.code === 'secret_unreadable' || error.code === 'sign_in_failed') {
    return { kind: 'failed', reason: 'sign_in_failed', message: error.message }
  }
  if (error.code === 'storage_failed') return { kind: 'abandoned' }
  return { kind: 'failed', reason: 'runner_error', message: error.message }
}
