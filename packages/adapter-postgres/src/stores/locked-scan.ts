import type { Scan } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { type ScanRow, toScan } from './rows.ts'
import { isRowId } from './storable.ts'

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
export function locked<T>(
  db: Database,
  scanId: string,
  change: (tx: Tx, scan: Scan) => Promise<T | null>,
): Promise<T | null> {
  return entered(db, scanId, 'for update', change)
}
