import type { Database, Tx } from '../database.ts'

/** Until the transaction ends, others wait here for the same name. Nothing to do where there is one session only. */
export async function lockName(db: Database, tx: Tx, name: string): Promise<void> {
  if (db.driver.sessions === 'one') return
  await tx.texts(`select pg_advisory_xact_lock(hashtextextended(:schema_name || ' ' || $1::text, 0))::text`, [name])
}
