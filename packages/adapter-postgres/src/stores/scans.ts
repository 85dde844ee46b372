import type { EventStore, EvidenceStore, ResultStore, Scan, ScanResult, ScanStore } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { writeAudit } from './audit.ts'
import { lockName } from './lock.ts'
import { emptyPage, type Keyset, newestFirst, readCursor, readPage, Values } from './paging.ts'
import {
  type EventRow,
  type EvidenceRow,
  type ResultRow,
  type ScanRow,
  toEvent,
  toEvidence,
  toResult,
  toScan,
} from './rows.ts'
import { appendEvents, endScan, saveScan } from './scan-writes.ts'
import { isRowId, storableJson } from './storable.ts'

export function scanStore(db: Database): ScanStore {
  return {
    insert: async ({ scan, event, audit, maxPending = null, alongside }) => {
      if (!isRowId(scan.m365TenantId)) return null
      return db.asTenant(scan.platformTenantId, async (tx) => {
        const stored = await insertScan(db, tx, scan, maxPending)
        if (stored === null || stored === 'limit_reached') return stored
        // Sent in this order, without waiting for each other's answers: what comes alongside is no statement of a role of ours.
        await Promise.all([
          appendEvents(tx, stored, 0, [event]),
          writeAudit(tx, scan.platformTenantId, audit),
          alongside && tx.asLogin(alongside),
        ])
        return stored
      })
    },
    get: async ({ platformTenantId, scanId }) => {
      if (!isRowId(scanId)) return null
      return db.readTenant(platformTenantId, async (tx) => {
        const row = await tx.row<ScanRow>(
          'select row_to_json(s)::text from :schema.scans s where s.platform_tenant_id = $1::text and s.id = $2::text::uuid',
          [platformTenantId, scanId],
        )
        return row && toScan(row)
      })
    },
    list: async ({ platformTenantId, m365TenantId, status, since, cursor, limit }) => {
      const at = readCursor(newestFirst, cursor)
      if (m365TenantId !== null && !isRowId(m365TenantId)) return emptyPage()
      const values = new Values()
      const conditions = [`s.platform_tenant_id = ${values.add(platformTenantId)}`]
      if (m365TenantId !== null) conditions.push(`s.m365_tenant_id = ${values.add(m365TenantId, 'uuid')}`)
      if (status !== null) conditions.push(`s.status = ${values.add(status)}`)
      if (since !== null) conditions.push(`s.created_at >= ${values.add(since, 'timestamptz')}`)
      return db.readTenant(platformTenantId, (tx) =>
        readPage<ScanRow, Scan>({
          tx,
          keyset: newestFirst,
          from: ':schema.scans s',
          conditions,
          values,
          at,
          limit,
          map: toScan,
        }),
      )
    },
    requestCancel: async ({ platformTenantId, scanId, at, notRunMessage, audit }) => {
      if (!isRowId(scanId)) return null
      return db.asTenant(platformTenantId, async (tx) => {
        const row = await tx.row<ScanRow>(
          'select row_to_json(s)::text from :schema.scans s where s.platform_tenant_id = $1::text and s.id = $2::text::uuid for update',
          [platformTenantId, scanId],
        )
        const before = row && toScan(row)
        if (before === null) return null
        if (before.status === 'pending') {
          await writeAudit(tx, platformTenantId, audit)
          return endScan(tx, before, {
            status: 'cancelled',
            at,
            failureReason: before.failureReason,
            errorMessage: before.errorMessage,
            cancelRequestedAt: at,
            notRun: { reasonCode: 'cancelled', message: notRunMessage },
          })
        }
        if (before.status === 'running' && before.cancelRequestedAt === null) {
          await writeAudit(tx, platformTenantId, audit)
          return saveScan(tx, { before, after: { ...before, cancelRequestedAt: at }, lease: 'keep', events: [] })
        }
        return before
      })
    },
  }
}

/**
 * Null when there is no such M365 tenant. The select locks it, so that it cannot be deleted between the look and the write. The lock by name lets one insert of
 * the platform tenant count at a time.
 */
async function insertScan(
  db: Database,
  tx: Tx,
  scan: Scan,
  maxPending: number | null,
): Promise<Scan | 'limit_reached' | null> {
  const lock = maxPending === null ? null : lockName(db, tx, `scans ${scan.platformTenantId}`)
  const [, row] = await Promise.all([lock, insertRow(tx, scan, maxPending)])
  if (row) return toScan(row)
  if (maxPending === null) return null
  const there = await tx.texts(
    `select 'there' from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.id = $2::text::uuid`,
    [scan.platformTenantId, scan.m365TenantId],
  )
  return there.length > 0 ? 'limit_reached' : null
}

function insertRow(tx: Tx, scan: Scan, maxPending: number | null): Promise<ScanRow | null> {
  return tx.row<ScanRow>(
    `insert into :schema.scans as s (platform_tenant_id, id, m365_tenant_id, benchmark_id, benchmark_version, options, planned_controls, status,
      attempt, worker_id, lease_expires_at, cancel_requested_at, counts, current_control, failure_reason, error_message, last_sequence, created_at,
      created_by, started_at, completed_at)
    select t.platform_tenant_id, $3::text::uuid, t.id, $4::text, $5::text, $6::text::jsonb, $7::text::jsonb, $8::text, $9::text::int, $10::text,
      $11::text::timestamptz, $12::text::timestamptz, $13::text::jsonb, $14::text, $15::text, $16::text, 1, $17::text::timestamptz, $18::text,
      $19::text::timestamptz, $20::text::timestamptz
    from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.id = $2::text::uuid
      and ($21::text is null
        or (select count(*) from :schema.scans p where p.platform_tenant_id = $1::text and p.status = 'pending') < $21::text::bigint)
    for key share of t
    returning row_to_json(s)::text`,
    [
      scan.platformTenantId,
      scan.m365TenantId,
      scan.id,
      scan.benchmark.id,
      scan.benchmark.version,
      storableJson(scan.options),
      storableJson(scan.plannedControls),
      scan.status,
      scan.attempt,
      scan.workerId,
      scan.leaseExpiresAt,
      scan.cancelRequestedAt,
      storableJson(scan.counts),
      scan.currentControl,
      scan.failureReason,
      scan.errorMessage,
      scan.createdAt,
      scan.createdBy,
      scan.startedAt,
      scan.completedAt,
      maxPending,
    ],
  )
}

const plannedOrder: Keyset<ResultRow> = {
  columns: [
    { name: 'position', type: 'int' },
    { name: 'control_id', type: 'text' },
  ],
  order: 'asc',
  keyTypes: ['number', 'string'],
  key: (row) => [row.position, row.control_id],
  values: ([position, controlId]) =>
    Number.isInteger(position) && Math.abs(Number(position)) < 2 ** 31 ? [Number(position), String(controlId)] : null,
}

export function resultStore(db: Database): ResultStore {
  return {
    list: async ({ platformTenantId, scanId, status, controlIds, q, cursor, limit }) => {
      const at = readCursor(plannedOrder, cursor)
      if (!isRowId(scanId)) return emptyPage()
      const values = new Values()
      const conditions = [
        `r.platform_tenant_id = ${values.add(platformTenantId)}`,
        `r.scan_id = ${values.add(scanId, 'uuid')}`,
      ]
      if (status !== null) conditions.push(`r.status = ${values.add(status)}`)
      if (controlIds !== null) {
        conditions.push(
          `r.control_id in (select jsonb_array_elements_text(${values.add(storableJson(controlIds), 'jsonb')}))`,
        )
      }
      if (q !== null && q !== '') {
        const needle = `lower(${values.add(q)})`
        conditions.push(`(strpos(lower(r.control_id), ${needle}) > 0 or strpos(lower(r.message), ${needle}) > 0)`)
      }
      return db.readTenant(platformTenantId, (tx) =>
        readPage<ResultRow, ScanResult>({
          tx,
          keyset: plannedOrder,
          from: ':schema.scan_results r',
          conditions,
          values,
          at,
          limit,
          map: toResult,
        }),
      )
    },
    get: async ({ platformTenantId, scanId, controlId }) => {
      if (!isRowId(scanId)) return null
      return db.readTenant(platformTenantId, async (tx) => {
        const row = await tx.row<ResultRow>(
          `select row_to_json(r)::text from :schema.scan_results r
            where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid and r.control_id = $3::text`,
          [platformTenantId, scanId, controlId],
        )
        return row && toResult(row)
      })
    },
  }
}

export function eventStore(db: Database): EventStore {
  return {
    read: async ({ platformTenantId, scanId, after, limit }) => {
      if (!isRowId(scanId)) return []
      return db.readTenant(platformTenantId, async (tx) => {
        const rows = await tx.rows<EventRow>(
          `select row_to_json(e)::text from :schema.scan_events e
            where e.platform_tenant_id = $1::text and e.scan_id = $2::text::uuid and e.sequence > $3::text::bigint
            order by e.sequence limit $4::text::int`,
          [platformTenantId, scanId, after, limit],
        )
        return rows.map(toEvent)
      })
    },
  }
}

export function evidenceStore(db: Database): EvidenceStore {
  return {
    list: async ({ platformTenantId, scanId }) => {
      if (!isRowId(scanId)) return []
      return db.readTenant(platformTenantId, async (tx) => {
        const rows = await tx.rows<EvidenceRow>(
          `select row_to_json(e)::text from :schema.evidence e
            where e.platform_tenant_id = $1::text and e.scan_id = $2::text::uuid order by e.source_id`,
          [platformTenantId, scanId],
        )
        return rows.map(toEvidence)
      })
    },
  }
}
