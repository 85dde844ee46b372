import { type Scan, stateEvent, type WorkStore } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { errorCode } from '../driver/errors.ts'
import { locked } from './locked-scan.ts'
import { type ScanRow, toScan } from './rows.ts'
import { saveScan } from './scan-writes.ts'

type Claim = Omit<Parameters<WorkStore['claim']>[0], 'scanId'>

/** How often a claim begins again when another worker took a scan of the same M365 tenant in the same moment. */
const tries = 16

export function claims(db: Database): Pick<WorkStore, 'claim' | 'claimNext' | 'listClaimable'> {
  return {
    claim: async ({ scanId, ...claim }) => {
      const scan = await unlessTaken(
        locked(db, scanId, async (tx, before) => {
          if (before.status !== 'pending' || (await hasRunningSibling(tx, before))) return null
          return take(tx, before, claim)
        }),
      )
      return scan === 'taken' ? null : scan
    },
    claimNext: async (claim) => {
      for (let i = 0; i < tries; i += 1) {
        const scan = await unlessTaken(
          db.asWorker(async (tx) => {
            const row = await tx.row<ScanRow>(lockNext, [1])
            return row && take(tx, toScan(row), claim)
          }),
        )
        if (scan !== 'taken') return scan
      }
      return null
    },
    listClaimable: ({ limit }) =>
      db.asWorker(async (tx) => {
        const ids = await tx.texts(
          `${placed} select p.id::text from placed p ${lastServed} order by ${turns} limit $1::text::int`,
          [limit],
        )
        return ids.filter((id) => id !== null)
      }),
  }
}

/** `turn`: how many scans of its platform tenant run, or are to be claimed before it. */
const placed = `
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
  )`

const lastServed = `
  left join lateral (select s.started_at from :schema.scans s where s.platform_tenant_id = p.platform_tenant_id and s.started_at is not null
    order by s.started_at desc limit 1) l on true`

const turns = 'p.turn, l.started_at nulls first, p.created_at, p.id'

/**
 * Locks the first whose row nobody else holds, and enters its platform tenant. A row that is held is being claimed or cancelled: the next one is as good, and
 * workers that come at once do not wait for each other. Its status is asked again, for it may have changed between the look and the lock.
 */
const lockNext = `
  ${placed}, next as materialized (
    select c.platform_tenant_id, row_to_json(c)::text as scan
    from placed p join :schema.scans c on c.platform_tenant_id = p.platform_tenant_id and c.id = p.id ${lastServed}
    where c.status = 'pending'
    order by ${turns} limit $1::text::int for update of c skip locked
  )
  select x.scan from (
    select n.scan, set_config('tenantscope.platform_tenant', n.platform_tenant_id, true) as entered from next n) x
  where x.entered <> ''`

async function hasRunningSibling(tx: Tx, scan: Scan): Promise<boolean> {
  const running = await tx.texts(
    `select 'running' from :schema.scans s
      where s.platform_tenant_id = $1::text and s.m365_tenant_id = $2::text::uuid and s.status = 'running'`,
    [scan.platformTenantId, scan.m365TenantId],
  )
  return running.length > 0
}

function take(tx: Tx, before: Scan, { workerId, leaseMs, at }: Claim): Promise<Scan> {
  const after: Scan = {
    ...before,
    status: 'running',
    attempt: before.attempt + 1,
    workerId,
    startedAt: before.startedAt ?? at,
  }
  return saveScan(tx, { before, after, lease: { ms: leaseMs }, events: [stateEvent(after, at)] })
}

/** Two scans of one M365 tenant claimed in the same moment: the unique index lets one through, the other stays pending. */
async function unlessTaken(claimed: Promise<Scan | null>): Promise<Scan | null | 'taken'> {
  try {
    return await claimed
  } catch (error) {
    if (error instanceof Error && errorCode(error.cause) === '23505') return 'taken'
    throw error
  }
}
