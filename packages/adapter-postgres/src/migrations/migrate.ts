import { TenantscopeError } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { serverDiagnosis } from '../doctor/diagnosis.ts'
import { isolationProblems } from '../doctor/isolation.ts'
import { ledger, ledgerRow, type Migration, plannedMigrations } from './migrations.ts'

export interface LedgerRow {
  version: number
  name: string
  checksum: string
}

/** Applies what the ledger lacks, each migration in a transaction of its own. Two migrators at once: one waits for the other, and finds nothing left. */
export async function migrate(db: Database, planned: readonly Migration[] = plannedMigrations()): Promise<void> {
  const applied = await db.asLogin(async (tx) => {
    const [version] = await tx.texts(`select current_setting('server_version_num')`)
    for (const { message, action } of serverDiagnosis(Number(version))) {
      throw new TenantscopeError('storage_refused', `Not on this database: ${message}. ${action}`)
    }
    return readLedger(tx)
  })
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
      `The database does not keep platform tenants apart: ${problems.map(({ message }) => message).join('; ')}. doctor() says what to do.`,
    )
  }
}

/** Advisory locks are by number. Roles belong to the server, so migrators of two schemas of one database wait for each other too. */
async function lock(db: Database, tx: Tx): Promise<void> {
  if (db.driver.sessions === 'many')
    await tx.texts(`select pg_advisory_xact_lock(hashtext('tenantscope.migrate'))::text`)
}

export async function readLedger(tx: Tx): Promise<LedgerRow[]> {
  const [present] = await tx.texts(`select to_regclass(:schema_name || '.migrations')::text`)
  if (present === null) return []
  return tx.rows<LedgerRow>('select row_to_json(m)::text from :schema.migrations m order by version')
}

function verify(applied: readonly LedgerRow[], planned: readonly Migration[], schema: string): void {
  const problem = ledgerProblem(applied, planned, schema)
  if (problem)
    throw new TenantscopeError('storage_refused', `Not with this schema: ${problem.message}. ${problem.action}`)
}

/** Why this package must not touch a schema with this ledger, and what to do; null when it may. */
export function ledgerProblem(
  applied: readonly LedgerRow[],
  planned: readonly Migration[],
  schema: string,
): { message: string; action: string } | null {
  const newest = applied.at(-1)?.version ?? 0
  if (newest > planned.length) {
    return {
      message: `schema ${schema} is at version ${newest}, this package knows versions up to ${planned.length}`,
      action: 'Update the package, or use another schema.',
    }
  }
  const changed = applied.find((row) => planned[row.version - 1]?.checksum !== row.checksum)
  if (!changed) return null
  return {
    message: `Migration ${changed.version} (${changed.name}) of schema ${schema} was applied with another text than this package has`,
    action: 'The schema is not what it seems: restore it, or use another schema.',
  }
}
