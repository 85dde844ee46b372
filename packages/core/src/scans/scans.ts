import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import * as z from 'zod'
import { auditEntry, scanResource } from '../audit/audit.ts'
import type { Benchmark, Control } from '../benchmarks/benchmark.ts'
import { findBenchmark } from '../benchmarks/benchmarks.ts'
import {
  TenantscopeError as Failure,
  type FieldError,
  InvalidInputError,
  NotFoundError,
  type TenantscopeError,
} from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import {
  type CoreServices,
  call,
  EventHubService,
  HandInService,
  now,
  QueueService,
  type Scope,
  type StorageService,
  withStorage,
} from '../internal/services.ts'
import type { Page } from '../paging/page.ts'
import { emptyCounts } from '../results/result.ts'
import type { M365Tenant } from '../tenants/m365-tenant.ts'
import { pageSchema } from '../tenants/m365-tenant-input.ts'
import { findTenant, findTenantWithCredential } from '../tenants/tenant-rows.ts'
import { validate } from '../validation/validate.ts'
import { findScan } from './find-scan.ts'
import { stateEvent } from './progress.ts'
import { type Scan, type ScanEvent, scanStatuses } from './scan.ts'
import { followScan } from './scan-events.ts'
import { leaseNudge } from './scan-lease.ts'

const idSchema = z.string('must be text').max(100)

const startSchema = z.strictObject({
  m365TenantId: idSchema,
  benchmark: z.strictObject({ id: z.string().max(100), version: z.string().max(50) }).nullish(),
  level: z.enum(['L1', 'L2'], 'must be L1 or L2').nullish(),
  profile: z.enum(['E3-L1', 'E3-L2', 'E5-L1', 'E5-L2'], 'must be E3-L1, E3-L2, E5-L1 or E5-L2').nullish(),
  controlIds: z
    .array(z.string('must be a control id').max(50, 'is not a control of this benchmark'))
    .max(1_000)
    .nullish(),
  outputFormat: z.string().max(20).nullish(),
})
/**
 * `level` and `profile` select the controls that carry exactly that level or profile; `controlIds` narrows further. All left out: the whole benchmark.
 */
export type StartScanInput = z.input<typeof startSchema>

const listSchema = z.strictObject({
  m365TenantId: idSchema.nullish(),
  status: z
    .enum(scanStatuses)
    .nullish()
    .transform((status) => status ?? null),
  since: z
    .date()
    .nullish()
    .transform((since) => since ?? null),
  ...pageSchema,
})
export type ListScansInput = z.input<typeof listSchema>

/** The scans of one platform tenant. Methods throw NotFoundError for what is missing or another platform tenant's. */
export interface Scans {
  /**
   * Stores the scan as pending and hands it to the queue. Several scans of one M365 tenant wait for each other. Throws `limit_reached` when too many wait already.
   */
  start(input: StartScanInput): Promise<Scan>
  get(id: string): Promise<Scan>
  /** Newest first. */
  list(input?: ListScansInput): Promise<Page<Scan>>
  /** A pending scan is cancelled at once, a running one within a heartbeat; results found so far stay. No change to a scan that has ended. */
  cancel(id: string): Promise<Scan>
  /**
   * The scan's event log: first what is stored after sequence `after` (default 0), then live, until the scan has ended and its last event was given.
   * Every event is given once, in order, without a gap. Ends quietly when `signal` aborts or the library closes.
   */
  events(id: string, options?: { after?: number; signal?: AbortSignal }): AsyncIterable<ScanEvent>
  /** Resolves with the scan once it has ended. Rejects with the signal's reason when that aborts first. */
  finished(id: string, options?: { signal?: AbortSignal }): Promise<Scan>
}

export interface ScanLimits {
  /** Pending scans of one platform tenant. */
  maxPending: number
}

export function scans(run: Run, scope: Scope, limits: ScanLimits): Scans {
  const events: Scans['events'] = (id, options) => followScan(run, scope, id, options ?? {})
  const get: Scans['get'] = (id) => run(findScan(scope, id))
  return {
    start: (input) => run(start(scope, limits, input)),
    get,
    list: (input) => run(list(scope, input ?? {})),
    cancel: (id) => run(cancel(scope, id)),
    events,
    finished: async (id, options) => {
      for await (const _ of events(id, options)) {
        // Only the end matters here.
      }
      options?.signal?.throwIfAborted()
      return get(id)
    },
  }
}

function start(scope: Scope, limits: ScanLimits, input: unknown): Effect.Effect<Scan, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const wanted = yield* validate(startSchema, input)
    const { platformTenantId, actor } = scope
    const benchmark = yield* findBenchmark(wanted.benchmark ?? null)
    const planned = yield* planControls(benchmark, wanted)
    const tenant = yield* scannable(scope, wanted.m365TenantId)
    const at = yield* now
    const scan: Scan = {
      id: randomUUID(),
      platformTenantId,
      m365TenantId: tenant.id,
      benchmark: { id: benchmark.id, version: benchmark.version },
      options: {
        level: wanted.level ?? null,
        profile: wanted.profile ?? null,
        controlIds: wanted.controlIds ?? null,
        outputFormat: wanted.outputFormat ?? null,
      },
      plannedControls: planned,
      status: 'pending',
      attempt: 0,
      workerId: null,
      leaseExpiresAt: null,
      cancelRequestedAt: null,
      counts: emptyCounts(),
      currentControl: null,
      failureReason: null,
      errorMessage: null,
      lastSequence: 0,
      createdAt: at,
      createdBy: actor,
      startedAt: null,
      completedAt: null,
    }
    const audit = auditEntry(scope, at, {
      action: 'scan.started',
      resource: scanResource(scan.id),
      detail: { m365TenantId: tenant.id },
    })
    const { maxPending } = limits
    const handIn = yield* HandInService
    const event = stateEvent(scan, at)
    const stored = yield* call('storage_failed', 'The storage', () => handIn.store({ scan, event, audit, maxPending }))
    if (stored === 'limit_reached') return yield* Effect.fail(tooManyPending(maxPending))
    return stored ?? (yield* Effect.fail(new NotFoundError('M365 tenant')))
  })
}

/** The M365 tenant, when it has a credential. */
function scannable(scope: Scope, id: string): Effect.Effect<M365Tenant, TenantscopeError, StorageService> {
  return Effect.gen(function* () {
    const { tenant, credential } = yield* atPointer(findTenantWithCredential(scope, id), '/m365TenantId')
    if (credential) return tenant
    const detail = 'has no credential; store one before a scan is started.'
    return yield* Effect.fail(new InvalidInputError([{ pointer: '/m365TenantId', detail }]))
  })
}

function tooManyPending(maxPending: number): TenantscopeError {
  const message = `${maxPending} scans wait to be run already, as many as there may be. Try again when some have been run, or cancel some.`
  return new Failure('limit_reached', message, { retryable: true })
}

function planControls(
  benchmark: Benchmark,
  wanted: z.output<typeof startSchema>,
): Effect.Effect<string[], InvalidInputError> {
  const known = new Map(benchmark.controls.map((control) => [control.id, control]))
  const errors: FieldError[] = (wanted.controlIds ?? []).flatMap((id, i) =>
    known.has(id)
      ? []
      : [{ pointer: `/controlIds/${i}`, detail: `is not a control of ${benchmark.id} ${benchmark.version}.` }],
  )
  if (errors.length > 0) return Effect.fail(new InvalidInputError(errors))
  const only = wanted.controlIds ? new Set(wanted.controlIds) : null
  const selected = (control: Control) =>
    (!only || only.has(control.id)) &&
    (!wanted.level || control.level === wanted.level) &&
    (!wanted.profile || control.profiles.includes(wanted.profile))
  const planned = benchmark.controls.filter(selected).map((control) => control.id)
  if (planned.length > 0) return Effect.succeed(planned)
  return Effect.fail(
    new InvalidInputError([
      { pointer: '/controlIds', detail: 'leaves no control to judge together with level and profile.' },
    ]),
  )
}

/** An error about an id names the field that the id came in. */
function atPointer<A, R>(
  effect: Effect.Effect<A, TenantscopeError, R>,
  pointer: string,
): Effect.Effect<A, TenantscopeError, R> {
  return Effect.mapError(effect, (error) =>
    error.code === 'invalid_input'
      ? new InvalidInputError(error.errors.map(({ detail }) => ({ pointer, detail })))
      : error,
  )
}

function list(scope: Scope, input: unknown): Effect.Effect<Page<Scan>, TenantscopeError, StorageService> {
  return Effect.gen(function* () {
    const { m365TenantId, ...filter } = yield* validate(listSchema, input)
    const tenant = m365TenantId ? yield* atPointer(findTenant(scope, m365TenantId), '/m365TenantId') : null
    return yield* withStorage((storage) =>
      storage.scans.list({ platformTenantId: scope.platformTenantId, m365TenantId: tenant?.id ?? null, ...filter }),
    )
  })
}

function cancel(scope: Scope, id: string): Effect.Effect<Scan, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const found = yield* findScan(scope, id)
    const at = yield* now
    const scan = yield* withStorage((storage) =>
      storage.scans.requestCancel({
        platformTenantId,
        scanId: found.id,
        at,
        notRunMessage: 'Not judged: the scan was cancelled.',
        audit: auditEntry(scope, at, { action: 'scan.cancel_requested', resource: scanResource(found.id) }),
      }),
    )
    if (!scan) return yield* Effect.fail(new NotFoundError('scan'))
    const hub = yield* EventHubService
    hub.notify(leaseNudge(scan.id))
    hub.notify(scan.id)
    // The entry of a scan that runs already brings another one forward.
    if (found.status === 'pending') {
      const queue = yield* QueueService
      yield* Effect.ignore(Effect.tryPromise(() => queue.remove({ scanId: scan.id })))
    }
    return scan
  })
}
