import * as Effect from 'effect/Effect'
import * as Schedule from 'effect/Schedule'
import type { TenantscopeError } from '../errors/errors.ts'
import { type ClockService, EventHubService, now, type StorageService, withStorage } from '../internal/services.ts'
import type { ScanResult } from '../results/result.ts'
import type { RunnerEvent } from '../runner/runner.ts'
import { storable, storableText } from '../runner/untrusted.ts'
import type { StoredEvidence } from '../storage/storage.ts'
import type { NewScanEvent, Scan } from './scan.ts'

export type RecordableEvent = Extract<RunnerEvent, { type: 'source.read' | 'evidence' | 'check.finished' }>

/** A storage that is away for a moment must not cost a scan: some 20 s of tries, less than a lease lasts. */
const patience = Schedule.exponential('200 millis', 2).pipe(Schedule.intersect(Schedule.recurs(6)))

/**
 * Stores what a run has found, a batch in one step, under the scan's attempt. Gives false when the attempt is not the scan's any more:
 * then nothing was stored and the run must stop. A second try after a lost answer stores the same rows again: results are keyed by control.
 */
export function recordBatch(
  scan: Scan,
  batch: readonly RecordableEvent[],
): Effect.Effect<boolean, TenantscopeError, StorageService | ClockService | EventHubService> {
  return Effect.gen(function* () {
    const at = yield* now
    const results = batch.flatMap((event) => (event.type === 'check.finished' ? [toResult(scan, event, at)] : []))
    const evidence = batch.flatMap((event) => (event.type === 'evidence' ? [toEvidence(event)] : []))
    const events = batch.flatMap((event) => toScanEvent(event, at))
    const stored = yield* withStorage((storage) =>
      storage.work.record({
        scanId: scan.id,
        attempt: scan.attempt,
        at,
        results,
        evidence,
        events,
        progress: results.length > 0,
      }),
    ).pipe(Effect.retry({ schedule: patience, while: (error) => error.retryable }))
    const hub = yield* EventHubService
    hub.notify(scan.id)
    return stored.accepted
  })
}

function toResult(scan: Scan, event: Extract<RunnerEvent, { type: 'check.finished' }>, at: Date): ScanResult {
  const { controlId, status, reasonCode, findingsTotal } = event
  const durationMs = Math.round(event.durationMs)
  return {
    scanId: scan.id,
    platformTenantId: scan.platformTenantId,
    m365TenantId: scan.m365TenantId,
    controlId,
    status,
    reasonCode: reasonCode === null ? null : storableText(reasonCode),
    message: storableText(event.message),
    findings: event.findings.map((finding) => ({
      resourceId: storableText(finding.resourceId),
      resourceName: storableText(finding.resourceName),
      property: storableText(finding.property),
      expected: storable(finding.expected ?? null),
      actual: storable(finding.actual ?? null),
      compliant: finding.compliant,
    })),
    findingsTotal,
    attempt: scan.attempt,
    startedAt: new Date(at.getTime() - durationMs),
    completedAt: at,
    durationMs,
  }
}

function toEvidence(event: Extract<RunnerEvent, { type: 'evidence' }>): StoredEvidence {
  return { sourceId: event.sourceId, state: event.state, data: storable(event.data ?? null), error: event.error }
}

function toScanEvent(event: RecordableEvent, at: Date): NewScanEvent[] {
  switch (event.type) {
    case 'evidence':
      return []
    case 'source.read': {
      const { sourceId, state, durationMs, requests, items, error } = event
      return [
        { type: 'source.read', at, data: { sourceId, state, durationMs, requests, items, error: storable(error) } },
      ]
    }
    case 'check.finished': {
      const { controlId, status, reasonCode, message, findingsTotal, durationMs } = event
      // Findings stay in the result: an event log of large tenants must stay small.
      const data = {
        controlId,
        status,
        reasonCode,
        message: storableText(message),
        findingsTotal,
        durationMs: Math.round(durationMs),
      }
      return [{ type: 'check.finished', at, data }]
    }
  }
}
