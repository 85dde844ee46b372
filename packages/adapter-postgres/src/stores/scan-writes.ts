import {
  emptyCounts,
  endEventType,
  type NewScanEvent,
  progressEvent,
  type ResultCounts,
  type Scan,
  type ScanResult,
  type StoredEvidence,
  stateEvent,
  type TerminalScanStatus,
} from '@tenantscope/core'
import type { Tx } from '../database.ts'
import { type ScanRow, toScan } from './rows.ts'
import { storableJson } from './storable.ts'
import { addDeliveries } from './webhooks.ts'

/** What happens to the lease: left alone, given up, or counted anew from the database's clock. */
export type Lease = 'keep' | 'drop' | { ms: number }

/**
 * Writes the guarded fields of a scan and its new events. The caller holds the row's lock since it read `before`, so sequences have no gap;
 * state and attempt stand in the predicate all the same. `after` comes back as it is stored.
 */
export async function saveScan(
  tx: Tx,
  params: { before: Scan; after: Scan; lease: Lease; events: readonly NewScanEvent[] },
): Promise<Scan> {
  const { before, after, lease, events } = params
  const leaseMs = typeof lease === 'object' ? lease.ms : null
  const [row] = await Promise.all([
    tx.row<ScanRow>(
      `update :schema.scans s set status = $3::text, attempt = $4::text::int, worker_id = $5::text,
        lease_expires_at = case when $6::text::boolean then s.lease_expires_at
          else clock_timestamp() + $7::text::double precision * interval '1 millisecond' end,
        cancel_requested_at = $8::text::timestamptz, counts = $9::text::jsonb, current_control = $10::text, failure_reason = $11::text,
        error_message = $12::text, last_sequence = $13::text::int, started_at = $14::text::timestamptz, completed_at = $15::text::timestamptz
      where s.platform_tenant_id = $1::text and s.id = $2::text::uuid and s.status = $16::text and s.attempt = $17::text::int
      returning row_to_json(s)::text`,
      [
        before.platformTenantId,
        before.id,
        after.status,
        after.attempt,
        lease === 'drop' ? null : after.workerId,
        lease === 'keep',
        leaseMs,
        after.cancelRequestedAt,
        storableJson(after.counts),
        after.currentControl,
        after.failureReason,
        after.errorMessage,
        before.lastSequence + events.length,
        after.startedAt,
        after.completedAt,
        before.status,
        before.attempt,
      ],
    ),
    appendEvents(tx, after, before.lastSequence, events),
  ])
  if (!row) throw new Error('A locked scan changed under its lock.')
  return toScan(row)
}

/** Tells listeners in the same statement; they hear of it when the transaction commits. The channel carries ids only: it knows no row security. */
export async function appendEvents(
  tx: Tx,
  scan: Scan,
  lastSequence: number,
  events: readonly NewScanEvent[],
): Promise<void> {
  if (events.length === 0) return
  await Promise.all(
    batches(events.map((event, i) => storableJson({ ...event, sequence: lastSequence + 1 + i }))).map((batch) =>
      tx.texts(
        `with added as (
          insert into :schema.scan_events (platform_tenant_id, scan_id, sequence, type, attempt, at, data)
          select $1::text, $2::text::uuid, e.sequence, e.type, $3::text::int, e.at, e.data
          from jsonb_to_recordset($4::text::jsonb) as e(sequence integer, type text, at timestamptz, data jsonb)
          returning sequence)
        select pg_notify(:channel_name, $2::text || ':' || max(sequence))::text from added`,
        [scan.platformTenantId, scan.id, scan.attempt, batch],
      ),
    ),
  )
}

/**
 * Replaces results of the same controls and gives the counts of all that the scan has then: counted in the same statement, from the rows, so that they cannot
 * drift. What a statement writes it does not see itself, so its own rows are counted from what was handed in.
 */
export async function upsertResults(tx: Tx, scan: Scan, results: readonly ScanResult[]): Promise<ResultCounts> {
  const positions = new Map(scan.plannedControls.map((id, i) => [id, i]))
  const latest = new Map(results.map((result) => [result.controlId, result]))
  const rows = [...latest.values()].map((result) =>
    storableJson({ ...result, position: positions.get(result.controlId) ?? scan.plannedControls.length }),
  )
  const counted = await Promise.all(
    batches(rows).map((batch) =>
      tx.row<Partial<ResultCounts>>(
        `with given as materialized (
          select * from jsonb_to_recordset($4::text::jsonb) as r("controlId" text, position integer, status text, "reasonCode" text, message text,
            findings jsonb, "findingsTotal" integer, attempt integer, "startedAt" timestamptz, "completedAt" timestamptz,
            "durationMs" double precision)
        ), written as (
          insert into :schema.scan_results (platform_tenant_id, scan_id, m365_tenant_id, control_id, position, status, reason_code, message, findings,
            findings_total, attempt, started_at, completed_at, duration_ms)
          select $1::text, $2::text::uuid, $3::text::uuid, r."controlId", r.position, r.status, r."reasonCode", r.message, r.findings,
            r."findingsTotal", r.attempt, r."startedAt", r."completedAt", r."durationMs"
          from given r
          on conflict (platform_tenant_id, scan_id, control_id) do update set position = excluded.position, status = excluded.status,
            reason_code = excluded.reason_code, message = excluded.message, findings = excluded.findings,
            findings_total = excluded.findings_total, attempt = excluded.attempt, started_at = excluded.started_at,
            completed_at = excluded.completed_at, duration_ms = excluded.duration_ms
        ), standing as (
          select g.status from given g
          union all
          select r.status from :schema.scan_results r where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid
            and r.control_id not in (select g."controlId" from given g)
        )
        select coalesce(json_object_agg(c.status, c.n), '{}')::text
        from (select s.status, count(*)::int as n from standing s group by s.status) c`,
        [scan.platformTenantId, scan.id, scan.m365TenantId, batch],
      ),
    ),
  )
  // Each statement sees what those before it wrote: the last has counted everything.
  return { ...emptyCounts(), ...counted.at(-1) }
}

/** Replaces what the same sources answered before. */
export async function upsertEvidence(tx: Tx, scan: Scan, evidence: readonly StoredEvidence[]): Promise<void> {
  const latest = new Map(evidence.map((item) => [item.sourceId, item]))
  await Promise.all(
    batches([...latest.values()].map((item) => storableJson(item))).map((batch) =>
      tx.texts(
        `insert into :schema.evidence (platform_tenant_id, scan_id, source_id, state, data, error)
        select $1::text, $2::text::uuid, e."sourceId", e.state, e.data, e.error
        from jsonb_to_recordset($3::text::jsonb) as e("sourceId" text, state text, data jsonb, error jsonb)
        on conflict (platform_tenant_id, scan_id, source_id) do update set state = excluded.state, data = excluded.data, error = excluded.error`,
        [scan.platformTenantId, scan.id, batch],
      ),
    ),
  )
}

/** The counts as the rows say them: counted, not carried on, so that they cannot drift. */
async function countResults(tx: Tx, scan: Scan): Promise<ResultCounts> {
  const counted = await tx.row<Partial<ResultCounts>>(
    `select coalesce(json_object_agg(status, n), '{}')::text from (
      select r.status, count(*)::int as n from :schema.scan_results r
      where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid group by r.status) c`,
    [scan.platformTenantId, scan.id],
  )
  return { ...emptyCounts(), ...counted }
}

/**
 * Brings a locked scan to its end: what has no result becomes `not_run`, so that results plus gaps are always the plan. Its webhook deliveries go into the outbox
 * with it.
 */
export async function endScan(
  tx: Tx,
  before: Scan,
  params: {
    status: TerminalScanStatus
    at: Date
    failureReason: Scan['failureReason']
    errorMessage: string | null
    cancelRequestedAt?: Date
    notRun: { reasonCode: string; message: string }
  },
): Promise<Scan> {
  const [, counts] = await Promise.all([
    tx.texts(
      `insert into :schema.scan_results (platform_tenant_id, scan_id, m365_tenant_id, control_id, position, status, reason_code, message, findings,
        findings_total, attempt, started_at, completed_at, duration_ms)
      select s.platform_tenant_id, s.id, s.m365_tenant_id, p.control_id, p.n - 1, 'not_run', $3::text, $4::text, '[]', 0, s.attempt, null,
        $5::text::timestamptz, null
      from :schema.scans s cross join lateral jsonb_array_elements_text(s.planned_controls) with ordinality as p(control_id, n)
      where s.platform_tenant_id = $1::text and s.id = $2::text::uuid
      on conflict (platform_tenant_id, scan_id, control_id) do nothing`,
      [before.platformTenantId, before.id, params.notRun.reasonCode, params.notRun.message, params.at],
    ),
    countResults(tx, before),
  ])
  const after: Scan = {
    ...before,
    status: params.status,
    failureReason: params.failureReason,
    errorMessage: params.errorMessage,
    cancelRequestedAt: params.cancelRequestedAt ?? before.cancelRequestedAt,
    completedAt: params.at,
    counts,
  }
  const events = [progressEvent(after, params.at), stateEvent(after, params.at)]
  const { platformTenantId, id: scanId } = before
  const eventType = endEventType(params.status)
  const [saved] = await Promise.all([
    saveScan(tx, { before, after, lease: 'drop', events }),
    addDeliveries(tx, { platformTenantId, eventType, scanId, payload: null, endpointId: null, at: params.at }),
  ])
  return saved
}

/** JSON arrays of about 4 MB, so that one huge answer does not travel in one statement with all the others. */
function batches(items: readonly string[]): string[] {
  const arrays: string[] = []
  let current: string[] = []
  let size = 0
  for (const item of items) {
    if (current.length > 0 && size + item.length > 4_000_000) {
      arrays.push(`[${current.join(',')}]`)
      current = []
      size = 0
    }
    current.push(item)
    size += item.length
  }
  if (current.length > 0) arrays.push(`[${current.join(',')}]`)
  return arrays
}
