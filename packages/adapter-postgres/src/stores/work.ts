import { progressEvent, type Scan, stateEvent, type WorkStore } from '@tenantscope/core'
import { type Database, enterTenant, type Tx } from '../database.ts'
import { claims } from './claims.ts'
import { deliveryWork } from './deliveries.ts'
import { pruneIdempotencyKeys } from './idempotency.ts'
import { entered, locked } from './locked-scan.ts'
import { type ScanRow, toScan } from './rows.ts'
import { endScan, saveScan, upsertEvidence, upsertResults } from './scan-writes.ts'
import { isRowId } from './storable.ts'

/** The worker's side: across platform tenants for scans, inside one as soon as results, events or evidence are touched. */
export function workStore(db: Database): WorkStore {
  /** Runs `change` with the scan locked and its platform tenant entered; null when the scan is not running under this attempt. */
  const owned = <T>(scanId: string, attempt: number, change: (tx: Tx, scan: Scan) => Promise<T>): Promise<T | null> =>
    locked(db, scanId, (tx, scan) =>
      scan.status === 'running' && scan.attempt === attempt ? change(tx, scan) : Promise.resolve(null),
    )
  return {
    ...claims(db),
    renewLease: async ({ scanId, attempt, workerId, leaseMs }) => {
      if (!isRowId(scanId)) return 'lost'
      return db.asWorker(async (tx) => {
        const [answer] = await tx.texts(
          `update :schema.scans s set lease_expires_at = clock_timestamp() + $4::text::double precision * interval '1 millisecond'
          where s.id = $1::text::uuid and s.status = 'running' and s.attempt = $2::text::int and s.worker_id = $3::text
          returning case when s.cancel_requested_at is null then 'ok' else 'cancel' end`,
          [scanId, attempt, workerId, leaseMs],
        )
        return answer === 'ok' || answer === 'cancel' ? answer : 'lost'
      })
    },
    record: async ({ scanId, attempt, at, results, evidence, events, progress }) => {
      const scan = await owned(scanId, attempt, async (tx, before) => {
        const [counts] = await Promise.all([
          results.length > 0 ? upsertResults(tx, before, results) : before.counts,
          upsertEvidence(tx, before, evidence),
        ])
        const after = { ...before, counts, currentControl: results.at(-1)?.controlId ?? before.currentControl }
        const all = progress ? [...events, progressEvent(after, at)] : events
        return saveScan(tx, { before, after, lease: 'keep', events: all })
      })
      return { accepted: scan !== null, scan }
    },
    finish: ({ scanId, attempt, at, status, failureReason, errorMessage, notRun }) =>
      owned(scanId, attempt, (tx, scan) => endScan(tx, scan, { status, at, failureReason, errorMessage, notRun })),
    release: ({ scanId, attempt, at }) => owned(scanId, attempt, (tx, scan) => requeue(tx, scan, at)),
    sweep: ({ maxAttempts, at }) => sweep(db, maxAttempts, at),
    listPending: ({ limit }) =>
      db.asWorker(async (tx) => {
        const rows = await tx.rows<ScanRow>(
          `select row_to_json(s)::text from :schema.scans s where s.status = 'pending' order by s.created_at, s.id limit $1::text::int`,
          [limit],
        )
        return rows.map(toScan)
      }),
    ...deliveryWork(db),
    pruneIdempotencyKeys: ({ olderThan }) => db.asWorker((tx) => pruneIdempotencyKeys(tx, olderThan)),
    finishedControls: async ({ scanId }) => {
      const controls = await entered(db, scanId, '', async (tx, scan) => {
        const ids = await tx.texts(
          `select r.control_id from :schema.scan_results r
            where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid order by r.position, r.control_id`,
          [scan.platformTenantId, scan.id],
        )
        return ids.filter((id) => id !== null)
      })
      return controls ?? []
    },
  }
}

function requeue(tx: Tx, before: Scan, at: Date): Promise<Scan> {
  const after: Scan = { ...before, status: 'pending', workerId: null, leaseExpiresAt: null }
  return saveScan(tx, { before, after, lease: 'drop', events: [stateEvent(after, at, true)] })
}

/** One transaction per scan: a sweep of many never holds more than one row, and two sweepers pass each other by. */
async function sweep(db: Database, maxAttempts: number, at: Date): Promise<Scan[]> {
  const over = await db.asWorker((tx) =>
    tx.texts(
      `select s.id::text from :schema.scans s where s.status = 'running' and s.lease_expires_at <= clock_timestamp() order by s.lease_expires_at`,
    ),
  )
  const changed: Scan[] = []
  for (const scanId of over) {
    const scan = await db.asWorker(async (tx) => {
      const row = await tx.row<ScanRow>(
        `select row_to_json(s)::text from :schema.scans s
          where s.id = $1::text::uuid and s.status = 'running' and s.lease_expires_at <= clock_timestamp() for update skip locked`,
        [scanId],
      )
      if (!row) return null
      await enterTenant(tx, row.platform_tenant_id)
      return rescue(tx, toScan(row), maxAttempts, at)
    })
    if (scan) changed.push(scan)
  }
  return changed
}

function rescue(tx: Tx, scan: Scan, maxAttempts: number, at: Date): Promise<Scan> {
  const { failureReason, errorMessage } = scan
  if (scan.cancelRequestedAt) {
    const notRun = { reasonCode: 'cancelled', message: 'The scan was cancelled.' }
    return endScan(tx, scan, { status: 'cancelled', at, failureReason, errorMessage, notRun })
  }
  if (scan.attempt < maxAttempts) return requeue(tx, scan, at)
  const reason = maxAttempts === 1 ? 'worker_lost' : 'poison'
  const times = scan.attempt === 1 ? 'once' : `${scan.attempt} times`
  return endScan(tx, scan, {
    status: 'failed',
    at,
    failureReason: reason,
    errorMessage: `The worker was lost ${times}; the scan is not tried again.`,
    notRun: { reasonCode: reason, message: 'Not judged: the worker was lost.' },
  })
}
