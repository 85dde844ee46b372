import { TenantscopeError } from '@tenantscope/core'
import { type PgliteDatabase, pgliteDriver } from './driver/pglite-driver.ts'
import type { SchemaOptions } from './schema-names.ts'
import { type SqlStorage, sqlStorage } from './storage.ts'

export interface PgliteStorageOptions extends SchemaOptions {
  /** Folder that holds the database; created when missing. Without it and without `db` the data lives in memory and ends with the process. */
  dataDir?: string
  /** A PGlite instance of yours. It stays open when the storage is closed. */
  db?: PgliteDatabase
}

/**
 * Storage on PGlite: PostgreSQL inside this process, no server to set up. For development and small installations: one process at a time, one
 * transaction at a time.
 */
export function pgliteStorage(options: PgliteStorageOptions = {}): SqlStorage {
  const { db, dataDir } = options
  const driver = pgliteDriver({ open: async () => db ?? (await openPglite(dataDir)), owned: db === undefined })
  // PGlite cannot interrupt a statement: it has no timer.
  return sqlStorage(driver, { ...options, statementTimeoutMs: 0 })
}

async function openPglite(dataDir: string | undefined): Promise<PgliteDatabase> {
  let library: typeof import('@electric-sql/pglite')
  try {
    library = await import('@electric-sql/pglite')
  } catch (cause) {
    throw new TenantscopeError(
      'storage_refused',
      'pgliteStorage needs the package @electric-sql/pglite: npm install @electric-sql/pglite',
      { cause },
    )
  }
  return dataDir === undefined ? library.PGlite.create() : library.PGlite.create(dataDir)
}
