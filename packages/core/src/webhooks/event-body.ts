import { scoreOf } from '../results/score.ts'
import type { Scan } from '../scans/scan.ts'
import type { WebhookEventType } from '../storage/webhook-store.ts'

/** Bodies are small on purpose: who wants more asks the API, which knows who may see it. */
const maxBodyBytes = 20 * 1024

/** The body of a message, or null when it would be too large. The same event always gives the same text. */
export function eventBody(event: { type: WebhookEventType; at: Date; data: unknown }): string | null {
  const body = JSON.stringify({ type: event.type, timestamp: event.at.toISOString(), data: event.data ?? {} })
  return Buffer.byteLength(body) <= maxBodyBytes ? body : null
}

/**
 * What a message says of a scan that has ended: ids, counts and how it went, in the words of the HTTP API. No finding, no name, no message of a service.
 * Made from the scan row, which does not change once the scan has ended.
 */
export function scanEventData(scan: Scan): Record<string, unknown> {
  const planned = scan.plannedControls.length
  const { score, judged, pass, coverage } = scoreOf(scan.counts, planned)
  const { counts } = scan
  return {
    scan_id: scan.id,
    m365_tenant_id: scan.m365TenantId,
    benchmark: { id: scan.benchmark.id, version: scan.benchmark.version },
    status: scan.status,
    failure_reason: scan.failureReason,
    total_checks: planned,
    passed: counts.pass,
    failed: counts.fail,
    errors: counts.error,
    manual: counts.manual,
    not_applicable: counts.not_applicable,
    not_run: counts.not_run,
    score: { value: score, passed: pass, of: judged },
    coverage: { value: coverage, judged, of: planned },
    created_at: scan.createdAt.toISOString(),
    started_at: scan.startedAt?.toISOString() ?? null,
    completed_at: scan.completedAt?.toISOString() ?? null,
  }
}
