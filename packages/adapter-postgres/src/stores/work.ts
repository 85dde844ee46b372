import { progressEvent, type Scan, stateEvent, type WorkStore } from '@tenantscope/core'
import { type Database, enterTenant, type Tx } from '../database.ts'
import { errorCode } from '../driver/errors.ts'
import { deliveryWork } from './deliveries.ts'
import { pruneIdempotencyKeys } from './idempotency.ts'
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
    claim: ({ scanId, workerId, leaseMs, at }) => claim(db, { scanId, workerId, leaseMs, at }),
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
    listClaimable: ({ limit }) =>
      db.asWorker(async (tx) => {
        const ids = await tx.texts(claimable, [limit])
        return ids.filter((id) => id !== null)
      }),
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

/** `turn`: how many scans of its platform tenant run, or are to be claimed before it. */
const claimable = `
  with running as (
    select s.platform_tenant_id, s.m365_tenant_id from :schema.scans s where s.status = 'running'
  ), waiting as (
    select s.platform_tenant_id, s.id, s.created_at,
      row_number() over (partition by s.platform_tenant_id, s.m365_tenant_id order by s.created_at, s.id) as place
    from :schema.scans s
    where s.status = 'pending' and (s.platform_tenant_id, s.m365_tenant_id) not in (select r.platform_tenant_id, r.m365_tenant_id from running r)
  ), placed as (
    select w.platform_tenant_id, w.id, w.created_at, coalesce(b.n, 0) + row_number() over (partition by w.platform_tenant_id order by w.created_at, w.id) as turn
    from waiting w left join (select r.platform_tenant_id, count(*) as n from running r group by r.platform_tenant_id) b
      on b.platform_tenant_id = w.platform_tenant_id
    where w.place = 1
  )
  select p.id::text from placed p
    left join lateral (select s.started_at from :schema.scans s where s.platform_tenant_id = p.platform_tenant_id and s.started_at is not null
      order by s.started_at desc limit 1) l on true
  order by p.turn, l.started_at nulls first, p.created_at, p.id limit $1::text::int`

/** The scan by its id alone, and from there on its platform tenant's rows. Null when there is no such scan. */
export async function entered<T>(
  db: Database,
  scanId: string,
  lock: '' | 'for update',
  fn: (tx: Tx, scan: Scan) => Promise<T | null>,
): Promise<T | null> {
  if (!isRowId(scanId)) return null
  return db.asWorker(async (tx) => {
    // One statement for the look and the entering: every change of a scan begins with it.
    const row = await tx.row<ScanRow>(
      `select x.scan from (
        select row_to_json(s)::text as scan, set_config('tenantscope.platform_tenant', s.platform_tenant_id, true) as entered
        from :schema.scans s where s.id = $1::text::uuid ${lock}) x
      where x.entered <> ''`,
      [scanId],
    )
    return row && fn(tx, toScan(row))
  })
}

/** Everything that changes a scan waits here for its row, so of two changes the second sees what the first did. */
function locked<T>(db: Database, scanId: string, change: (tx: Tx, scan: Scan) => Promise<T | null>): Promise<T | null> {
  return entered(db, scanId, 'for update', change)
}

async function claim(
  db: Database,
  params: { scanId: string; workerId: string; leaseMs: number; at: Date },
): Promise<Scan | null> {
  try {
    return await locked(db, params.scanId, async (tx, before) => {
      if (before.status !== 'pending') return null
      const running = await tx.texts(
        `select 'running' from :schema.scans s
          where s.platform_tenant_id = $1::text and s.m365_tenant_id = $2::text::uuid and s.status = 'running'`,
        [before.platformTenantId, before.m365TenantId],
      )
      if (running.length > 0) return null
      const after: Scan = {
        ...before,
        status: 'running',
        attempt: before.attempt + 1,
        workerId: params.workerId,
        startedAt: before.startedAt ?? params.at,
      }
      return saveScan(tx, { before, after, lease: { ms: params.leaseMs }, events: [stateEvent(after, params.at)] })
    })
  } catch (error) {
    // Two scans of one M365 tenant claimed in the same moment: the unique index lets one through, the other stays pending.
    if (error instanceof Error && errorCode(error.cause) === '23505') return null
    throw error
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
