import type { StoredCredential } from '../credentials/credential.ts'
import type { Page } from '../paging/page.ts'
import type { ResultStatus, ScanResult } from '../results/result.ts'
import type { SourceState } from '../runner/runner.ts'
import type { FailureReason, NewScanEvent, Scan, ScanEvent, ScanStatus, TerminalScanStatus } from '../scans/scan.ts'
import type { ConnectionTest, M365Tenant, M365TenantStatus } from '../tenants/m365-tenant.ts'
import type { AuditEntry, AuditStore } from './audit.ts'
import type { ExceptionStore } from './exceptions.ts'
import type { IdempotencyStore } from './idempotency.ts'
import type { RemoteRunStore } from './remote-runs.ts'
import type { ScheduleStore } from './schedules.ts'
import type { SqlTransaction } from './transaction.ts'
import type { WebhookDelivery, WebhookOutcome, WebhookStore } from './webhook-store.ts'

/**
 * Where everything is kept. What every implementation promises:
 *
 * - Every method but those of {@link WorkStore} and {@link RemoteRunStore} takes a platform tenant and sees its rows only. A foreign id is the same as a missing one: null, false or an empty page.
 * - A method either did all of what it says or nothing; it resolves after the write is durable.
 * - Guarded changes (`claim`, `renewLease`, `record`, `finish`, `release`) are single atomic steps: of two callers one wins, the other gets null or `accepted: false`.
 * - A write that takes `audit` stores that entry in the same transaction, and only when it changed something: nothing is written with null, false or
 *   `limit_reached`, nor when the row was so already. The entry must be of the write's platform tenant (`storage_refused`).
 * - Outbox: whatever ends a scan (`finish`, `sweep`, `requestCancel` of a pending one) stores, in the same transaction, one pending delivery with the scan's id
 *   for each enabled webhook endpoint of the platform tenant that wants `scan.completed`, `scan.failed` or `scan.cancelled`.
 * - Entities handed in and out are copies: changing one changes nothing stored. Dates have millisecond precision.
 * - Failures are TenantscopeError with code `storage_failed` (`retryable` says whether a later try may succeed) or `storage_refused`.
 */
export interface Storage {
  readonly name: string
  /** Brings the schema up to date. Safe to call from several processes at once. */
  migrate(): Promise<void>
  readonly m365Tenants: M365TenantStore
  readonly credentials: CredentialStore
  readonly scans: ScanStore
  readonly results: ResultStore
  readonly events: EventStore
  readonly evidence: EvidenceStore
  readonly webhooks: WebhookStore
  readonly audit: AuditStore
  readonly idempotency: IdempotencyStore
  readonly exceptions: ExceptionStore
  readonly schedules: ScheduleStore
  /** For workers: across platform tenants. Never reachable from an API. */
  readonly work: WorkStore
  /** For scans that run elsewhere: across platform tenants, too. */
  readonly remoteRuns: RemoteRunStore
  /**
   * Says when a scan's event log grew, also in another process where the backend can; `sequence` 0: messages of its remote run came in. A hint: it may lose
   * some. Returns the way to stop.
   */
  listen?(onGrowth: (hint: { scanId: string; sequence: number }) => void): Promise<() => Promise<void>>
  /**
   * Names the running database, when it is one that SQL transactions of this storage can be shared on. Who gets the same name elsewhere is connected to the very
   * same one: a copy, a restart or another database of the server has another name. null: it cannot be told.
   */
  databaseIdentity?(): Promise<string | null>
  health(): Promise<{ ok: boolean; detail: string }>
  /** Frees what this object opened; what the caller made stays open. Idempotent. */
  close(): Promise<void>
}

export interface M365TenantStore {
  /** null when the platform tenant has one with this GUID already. */
  insert(params: {
    tenant: M365Tenant
    credential: StoredCredential | null
    audit?: AuditEntry | null
  }): Promise<M365Tenant | null>
  get(params: { platformTenantId: string; id: string }): Promise<M365Tenant | null>
  /** The M365 tenant and its credential, as they were at one moment. */
  getWithCredential(params: { platformTenantId: string; id: string }): Promise<TenantWithCredential | null>
  getByM365TenantId(params: { platformTenantId: string; m365TenantId: string }): Promise<M365Tenant | null>
  /** Newest first. `q` matches name, domain, description or GUID as a case-insensitive substring. */
  list(params: {
    platformTenantId: string
    status: M365TenantStatus | null
    q: string | null
    cursor: string | null
    limit: number
  }): Promise<Page<M365Tenant>>
  /** Absent fields stay. null when there is none. */
  update(params: {
    platformTenantId: string
    id: string
    patch: M365TenantPatch
    audit?: AuditEntry | null
  }): Promise<M365Tenant | null>
  /** Removes it with everything that hangs on it, but for the audit log. false when there is none. */
  delete(params: { platformTenantId: string; id: string; audit?: AuditEntry | null }): Promise<boolean>
}

export interface TenantWithCredential {
  tenant: M365Tenant
  credential: StoredCredential | null
}

export interface M365TenantPatch {
  name?: string
  defaultDomain?: string
  description?: string | null
  status?: M365TenantStatus
  inputs?: Record<string, unknown>
  lastTest?: ConnectionTest | null
  updatedAt: Date
  updatedBy: string
}

export interface CredentialStore {
  /** By row id of the M365 tenant. */
  get(params: { platformTenantId: string; m365TenantId: string }): Promise<StoredCredential | null>
  /** Replaces the M365 tenant's credential. false when there is no such M365 tenant. */
  put(params: { credential: StoredCredential; audit?: AuditEntry | null }): Promise<boolean>
}

export interface ScanStore {
  /**
   * The scan row and its first event, in one step. null when the platform tenant has no such M365 tenant; `limit_reached` when `maxPending` of its scans are
   * pending already, counted so that two calls at once do not both pass. `alongside` runs last in the same transaction, as the storage's own login, and perhaps
   * again when the transaction had to be begun anew: what it does and the scan are stored together, or neither when it rejects. Only for a storage with
   * `databaseIdentity`.
   */
  insert(params: {
    scan: Scan
    event: NewScanEvent
    audit?: AuditEntry | null
    maxPending?: number | null
    alongside?: (transaction: SqlTransaction) => Promise<void>
  }): Promise<Scan | 'limit_reached' | null>
  get(params: { platformTenantId: string; scanId: string }): Promise<Scan | null>
  /** Newest first. */
  list(params: {
    platformTenantId: string
    m365TenantId: string | null
    status: ScanStatus | null
    since: Date | null
    cursor: string | null
    limit: number
  }): Promise<Page<Scan>>
  /** pending → cancelled at once, with `not_run` results for all planned controls. running → `cancelRequestedAt` is set, the worker does the rest. Terminal: unchanged. */
  requestCancel(params: {
    platformTenantId: string
    scanId: string
    at: Date
    notRunMessage: string
    audit?: AuditEntry | null
  }): Promise<Scan | null>
}

export interface ResultStore {
  /** In the order of the scan's planned controls. `q` matches control id or message. An unknown scan gives an empty page. */
  list(params: {
    platformTenantId: string
    scanId: string
    status: ResultStatus | null
    /** Only these controls; null for all. */
    controlIds: readonly string[] | null
    q: string | null
    cursor: string | null
    limit: number
  }): Promise<Page<ScanResult>>
  get(params: { platformTenantId: string; scanId: string; controlId: string }): Promise<ScanResult | null>
}

export interface EventStore {
  /** Events with a sequence above `after`, ascending, at most `limit`. */
  read(params: { platformTenantId: string; scanId: string; after: number; limit: number }): Promise<ScanEvent[]>
}

/** What one source answered in one scan. */
export interface StoredEvidence {
  sourceId: string
  state: SourceState
  /** As the service answered it; null unless state is `read`. */
  data: unknown
  error: {
    code: string
    message: string
    permission?: string | undefined
    licence?: string | undefined
    status?: number | undefined
  } | null
}

export interface EvidenceStore {
  /** By source id, ascending. An unknown scan gives an empty list. */
  list(params: { platformTenantId: string; scanId: string }): Promise<StoredEvidence[]>
}

/** The worker's side. Times of leases are the backend's own clock. */
export interface WorkStore {
  /**
   * pending → running: attempt + 1, owner, lease, `startedAt` if it is the first. Null when it is not pending, or when another scan of the same M365 tenant
   * (within the same platform tenant) is running. Appends `scan.running`.
   */
  claim(params: { scanId: string; workerId: string; leaseMs: number; at: Date }): Promise<Scan | null>
  /**
   * Claims the first scan of {@link WorkStore.listClaimable} that no other worker is claiming in the same moment, in one step. Null when there is none; with many
   * workers at once also when others were quicker each time, though more scans wait.
   */
  claimNext(params: { workerId: string; leaseMs: number; at: Date }): Promise<Scan | null>
  /** `cancel`: still yours, but a cancel was asked for. `lost`: not yours any more, stop writing. */
  renewLease(params: {
    scanId: string
    attempt: number
    workerId: string
    leaseMs: number
  }): Promise<'ok' | 'cancel' | 'lost'>
  /**
   * Stores results (upsert by control), evidence (upsert by source) and events in one step, brings `counts`, `currentControl` and `lastSequence` up to date.
   * `accepted: false`, and nothing stored, unless the scan is running under this very attempt.
   * A `scan.progress` event, built from the counts after the write, is appended last when `progress` is true.
   */
  record(params: {
    scanId: string
    attempt: number
    at: Date
    results: readonly ScanResult[]
    evidence: readonly StoredEvidence[]
    events: readonly NewScanEvent[]
    progress: boolean
  }): Promise<{ accepted: boolean; scan: Scan | null }>
  /**
   * running → a terminal state, guarded by the attempt. Planned controls without a result get a `not_run` result with the reason given.
   * Appends a `scan.progress` event and then the terminal event. Null when the guard failed.
   */
  finish(params: {
    scanId: string
    attempt: number
    at: Date
    status: TerminalScanStatus
    failureReason: FailureReason | null
    errorMessage: string | null
    notRun: { reasonCode: string; message: string }
  }): Promise<Scan | null>
  /** running → pending, guarded by the attempt (a worker that shuts down). Appends `scan.requeued`. */
  release(params: { scanId: string; attempt: number; at: Date }): Promise<Scan | null>
  /**
   * Looks after what dead workers left: running scans whose lease is over go back to pending (`scan.requeued`), or, when a cancel was asked for, to cancelled, or, after
   * `maxAttempts` attempts, to failed with `poison` (`worker_lost` when maxAttempts is 1). Returns the scans it changed.
   */
  sweep(params: { maxAttempts: number; at: Date }): Promise<Scan[]>
  /**
   * Ids of the scans to claim next, in this order, at most `limit`. Of each M365 tenant without a running scan its oldest pending one; among these the
   * platform tenant with the fewest running scans comes first, and each further one of the same platform tenant counts as if those before it were running.
   * Between platform tenants with the same right: the one whose latest `startedAt` is the longest ago or missing, then the older scan.
   * A look, not a claim: another worker may be quicker.
   */
  listClaimable(params: { limit: number }): Promise<string[]>
  /** Pending scans, oldest first, at most `limit`. */
  listPending(params: { limit: number }): Promise<Scan[]>
  /** The control ids of a scan that have a result, for resuming. */
  finishedControls(params: { scanId: string }): Promise<string[]>
  /**
   * Deliveries that are pending, due by the backend's clock and not leased, the one due longest first; attempts + 1, leased to the caller. No endpoint has more
   * than {@link deliveriesAtOncePerEndpoint} of them leased at once.
   */
  claimDeliveries(params: { workerId: string; leaseMs: number; limit: number }): Promise<WebhookDelivery[]>
  /** Writes down how a try went, guarded by the attempt: false when another one has begun or the delivery is not pending any more. */
  settleDelivery(params: {
    deliveryId: string
    platformTenantId: string
    attempt: number
    outcome: WebhookOutcome
    at: Date
  }): Promise<boolean>
  /** Removes keys that were begun before, done or not. Says how many. */
  pruneIdempotencyKeys(params: { olderThan: Date }): Promise<number>
}
