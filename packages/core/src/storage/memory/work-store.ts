import type { ScanResult } from '../../results/result.ts'
import { progressEvent, stateEvent } from '../../scans/progress.ts'
import type { Scan, TerminalScanStatus } from '../../scans/scan.ts'
import type { WorkStore } from '../storage.ts'
import { pruneIdempotencyKeys } from './idempotency-store.ts'
import { type ScanRecord, step, type Tables } from './tables.ts'
import { announceEnd, memoryDeliveries } from './webhook-store.ts'

/** The worker's side on memory tables. Leases run on the monotonic clock of the process. */
export function memoryWorkStore(tables: Tables): WorkStore {
  const owned = (scanId: string, attempt: number): ScanRecord | null => {
    const record = tables.scans.get(scanId)
    return record?.scan.status === 'running' && record.scan.attempt === attempt ? record : null
  }
  const lease = (record: ScanRecord, leaseMs: number) => {
    record.leaseUntil = tables.monotonicMs() + leaseMs
    record.scan.leaseExpiresAt = new Date(Date.now() + leaseMs)
  }
  const take = (scanId: string, { workerId, leaseMs, at }: Parameters<WorkStore['claimNext']>[0]) => {
    const record = tables.scans.get(scanId)
    if (record?.scan.status !== 'pending' || hasRunningSibling(tables, record.scan)) return null
    Object.assign(record.scan, { status: 'running', attempt: record.scan.attempt + 1, workerId })
    record.scan.startedAt ??= at
    lease(record, leaseMs)
    tables.append(record, stateEvent(record.scan, at))
    return record.scan
  }
  const requeue = (record: ScanRecord, at: Date) => {
    dropLease(record)
    record.scan.status = 'pending'
    tables.append(record, stateEvent(record.scan, at, true))
  }

  return {
    claim: ({ scanId, ...claim }) => step(() => take(scanId, claim)),
    claimNext: (claim) =>
      step(() => {
        const [first] = claimable(tables)
        return first === undefined ? null : take(first, claim)
      }),
    renewLease: ({ scanId, attempt, workerId, leaseMs }) =>
      step(() => {
        const record = owned(scanId, attempt)
        if (record?.scan.workerId !== workerId) return 'lost'
        lease(record, leaseMs)
        return record.scan.cancelRequestedAt ? 'cancel' : 'ok'
      }),
    record: ({ scanId, attempt, at, results, evidence, events, progress }) =>
      step(() => {
        const record = owned(scanId, attempt)
        if (!record) return { accepted: false, scan: null }
        for (const result of results) record.results.set(result.controlId, structuredClone(result))
        for (const item of evidence) record.evidence.set(item.sourceId, structuredClone(item))
        const last = results.at(-1)
        if (last) record.scan.currentControl = last.controlId
        tables.recount(record)
        for (const event of events) tables.append(record, event)
        if (progress) tables.append(record, progressEvent(record.scan, at))
        return { accepted: true, scan: record.scan }
      }),
    finish: ({ scanId, attempt, at, status, failureReason, errorMessage, notRun }) =>
      step(() => {
        const record = owned(scanId, attempt)
        if (!record) return null
        Object.assign(record.scan, { failureReason, errorMessage })
        endScan(tables, record, { status, at, notRun })
        return record.scan
      }),
    release: ({ scanId, attempt, at }) =>
      step(() => {
        const record = owned(scanId, attempt)
        if (!record) return null
        requeue(record, at)
        return record.scan
      }),
    sweep: ({ maxAttempts, at }) =>
      step(() => {
        const changed: Scan[] = []
        for (const record of tables.scans.values()) {
          const { scan } = record
          if (scan.status !== 'running' || record.leaseUntil === null || record.leaseUntil > tables.monotonicMs())
            continue
          if (scan.cancelRequestedAt) {
            endScan(tables, record, {
              status: 'cancelled',
              at,
              notRun: { reasonCode: 'cancelled', message: 'The scan was cancelled.' },
            })
          } else if (scan.attempt < maxAttempts) {
            requeue(record, at)
          } else {
            scan.failureReason = maxAttempts === 1 ? 'worker_lost' : 'poison'
            scan.errorMessage = `The worker was lost ${scan.attempt === 1 ? 'once' : `${scan.attempt} times`}; the scan is not tried again.`
            endScan(tables, record, {
              status: 'failed',
              at,
              notRun: { reasonCode: scan.failureReason, message: 'Not judged: the worker was lost.' },
            })
          }
          changed.push(scan)
        }
        return changed
      }),
    listClaimable: ({ limit }) => step(() => claimable(tables).slice(0, limit)),
    listPending: ({ limit }) =>
      step(() =>
        [...tables.scans.values()]
          .map((record) => record.scan)
          .filter((scan) => scan.status === 'pending')
          .sort(olderFirst)
          .slice(0, limit),
      ),
    ...memoryDeliveries(tables),
    pruneIdempotencyKeys: ({ olderThan }) => step(() => pruneIdempotencyKeys(tables, olderThan)),
    finishedControls: ({ scanId }) => step(() => [...(tables.scans.get(scanId)?.results.keys() ?? [])]),
  }
}

/** Oldest first within a platform tenant; between platform tenants by how many scans run or stand before it, then by who was served last. */
function claimable(tables: Tables): string[] {
  const turns = new Map<string, number>()
  const served = new Map<string, number>()
  const busy = new Set<string>()
  const pending: Scan[] = []
  const keyOf = (scan: Scan) => JSON.stringify([scan.platformTenantId, scan.m365TenantId])
  for (const { scan } of tables.scans.values()) {
    if (scan.status === 'pending') pending.push(scan)
    const startedAt = scan.startedAt?.getTime() ?? 0
    served.set(scan.platformTenantId, Math.max(served.get(scan.platformTenantId) ?? 0, startedAt))
    if (scan.status !== 'running') continue
    turns.set(scan.platformTenantId, (turns.get(scan.platformTenantId) ?? 0) + 1)
    busy.add(keyOf(scan))
  }
  const candidates = pending.sort(olderFirst).flatMap((scan) => {
    if (busy.has(keyOf(scan))) return []
    busy.add(keyOf(scan))
    const turn = turns.get(scan.platformTenantId) ?? 0
    turns.set(scan.platformTenantId, turn + 1)
    return [{ scan, turn, served: served.get(scan.platformTenantId) ?? 0 }]
  })
  return candidates
    .sort((a, b) => a.turn - b.turn || a.served - b.served || olderFirst(a.scan, b.scan))
    .map(({ scan }) => scan.id)
}

function olderFirst(a: Scan, b: Scan): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1)
}

function hasRunningSibling(tables: Tables, scan: Scan): boolean {
  for (const { scan: other } of tables.scans.values()) {
    if (
      other.status === 'running' &&
      other.m365TenantId === scan.m365TenantId &&
      other.platformTenantId === scan.platformTenantId
    )
      return true
  }
  return false
}

function dropLease(record: ScanRecord): void {
  record.leaseUntil = null
  Object.assign(record.scan, { workerId: null, leaseExpiresAt: null })
}

/** Brings a scan to its end: what has no result becomes `not_run`, so that results plus gaps are always the plan. */
export function endScan(
  tables: Tables,
  record: ScanRecord,
  params: { status: TerminalScanStatus; at: Date; notRun: { reasonCode: string; message: string } },
): void {
  const { scan } = record
  dropLease(record)
  Object.assign(scan, { status: params.status, completedAt: params.at })
  for (const controlId of scan.plannedControls) {
    if (!record.results.has(controlId))
      record.results.set(controlId, notRunResult(scan, controlId, params.at, params.notRun))
  }
  tables.recount(record)
  tables.append(record, progressEvent(scan, params.at))
  tables.append(record, stateEvent(scan, params.at))
  announceEnd(tables, record, params.status, params.at)
}

function notRunResult(
  scan: Scan,
  controlId: string,
  at: Date,
  reason: { reasonCode: string; message: string },
): ScanResult {
  return {
    scanId: scan.id,
    platformTenantId: scan.platformTenantId,
    m365TenantId: scan.m365TenantId,
    controlId,
    status: 'not_run',
    reasonCode: reason.reasonCode,
    message: reason.message,
    findings: [],
    findingsTotal: 0,
    attempt: scan.attempt,
    startedAt: null,
    completedAt: at,
    durationMs: null,
  }
}
