import { TenantscopeError } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { isolationProblems } from '../isolation.ts'
import { ledger, ledgerRow, type Migration, plannedMigrations } from './migrations.ts'

interface LedgerRow {
  version: number
  name: string
  checksum: string
}

/** Applies what the ledger lacks, each migration in a transaction of its own. Two migrators at once: one waits for the other, and finds nothing left. */
export async function migrate(db: Database, planned: readonly Migration[] = plannedMigrations()): Promise<void> {
  const applied = await db.asLogin((tx) => readLedger(tx))
  verify(applied, planned, db.names.schema)
  for (const migration of planned) {
    if (applied.some((row) => row.version === migration.version)) continue
    await db.asLogin(async (tx) => {
      await lock(db, tx)
      if (migration.version === 1) await tx.script(ledger)
      const now = await readLedger(tx)
      verify(now, planned, db.names.schema)
      if (now.some((row) => row.version === migration.version)) return
      await tx.script(ledgerRow(migration))
      await tx.script(migration.sql)
    })
  }
  const problems = await isolationProblems(db)
  if (problems.length > 0) {
    throw new TenantscopeError(
      'storage_refused',
      `The database does not keep platform tenants apart: ${problems.join('; ')}.`,
    )
  }
}

/** Advisory locks are by number. Roles belong to the server, so migrators of two schemas of one database wait for each other too. */
async function lock(db: Database, tx: Tx): Promise<void> {
  if (db.driver.sessions === 'many')
    await tx.texts(`select pg_advisory_xact_lock(hashtext('tenantscope.migrate'))::text`)
}

async function readLedger(tx: Tx): Promise<LedgerRow[]> {
  const [present] = await tx.texts(`select to_regclass(:schema_name || '.migrations')::text`)
  if (present === null) return []
  return tx.rows<LedgerRow>('select row_to_json(m)::text from :schema.migrations m order by version')
}

function verify(applied: readonly LedgerRow[], planned: readonly Migration[], schema: string): void {
  const newest = applied.at(-1)?.version ?? 0
  if (newest > planned.length) {
    throw new TenantscopeError(
      'storage_refused',
      `Schema ${schema} is at version ${newest}, this package knows versions up to ${planned.length}: update the package, or use another schema.`,
    )
  }
  for (const row of applied) {
    const known = planned[row.version - 1]
    if (known?.checksum === row.checksum) continue
    throw new TenantscopeError(
      'storage_refused',
      `Migration ${row.version} (${row.name}) of schema ${schema} was applied with another text than this package has: the schema is not what it seems. Restore it or use another schema.`,
    )
  }
}
