import { InvalidInputError, type Storage, TenantscopeError } from '@tenantscope/core'
import { PostgresDriver } from './driver/postgres-driver.ts'
import type { PostgresSql } from './driver/postgres-link.ts'
import type { SchemaOptions } from './schema-names.ts'
import { sqlStorage } from './storage.ts'

export interface PostgresStorageOptions extends SchemaOptions {
  /** A postgres.js instance of yours. It stays open when the storage is closed. */
  sql?: PostgresSql
  /** Where the database is, e.g. `postgres://user@host:5432/name`. */
  url?: string
  /** More options of postgres.js (ssl, user, password as a function …), for the pool that the storage opens from `url`. */
  connection?: Record<string, unknown>
  /** Connections of the storage's own pool, besides one for listening. Default 10. */
  maxConnections?: number
  /** How long a call waits for a free connection. Default 10 s. */
  acquireTimeoutMs?: number
  /** How long one statement may take, on the server. Default 30 s. */
  statementTimeoutMs?: number
}

/**
 * Storage on PostgreSQL 14 or newer, for any number of processes. With `sql` it shares your pool: every call takes one connection for one
 * transaction, and everything it sets is local to that transaction. With `url` it has a pool of its own, which it also replaces when connections
 * die under it: after a database restart that is seconds faster than the library's own reconnecting.
 */
export function postgresStorage(options: PostgresStorageOptions): Storage {
  const { sql, url } = options
  if ((sql === undefined) === (url === undefined)) {
    throw new InvalidInputError([{ pointer: '', detail: 'needs either sql (an instance of yours) or url, not both.' }])
  }
  if (sql?.options?.fetch_types === false) {
    throw new InvalidInputError([
      {
        pointer: '/sql',
        detail: 'has fetch_types: false, with which postgres.js 3.4.9 never answers reserve(); leave it on.',
      },
    ])
  }
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000
  const open = async (max: number) => sql ?? openPostgres(url ?? '', max, options.connection)
  const driver = new PostgresDriver({
    open: () => open(options.maxConnections ?? 10),
    openListener: () => open(1),
    owned: sql === undefined,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 10_000,
    // The server's own limit comes first; this one is for a server that does not answer at all.
    queryTimeoutMs: statementTimeoutMs + 5_000,
  })
  return sqlStorage(driver, { ...options, statementTimeoutMs })
}

async function openPostgres(url: string, max: number, connection: Record<string, unknown> = {}): Promise<PostgresSql> {
  let library: typeof import('postgres')
  try {
    library = (await import('postgres')).default
  } catch (cause) {
    throw new TenantscopeError('storage_refused', 'postgresStorage needs the package postgres: npm install postgres', {
      cause,
    })
  }
  return library(url, {
    connect_timeout: 5,
    // Flat: the library's own grows to 20 s, which a database that is back has not deserved.
    backoff: () => 0.25,
    onnotice: () => {},
    ...connection,
    max,
    // Without it postgres.js 3.4.9 never answers reserve() on a fresh connection.
    fetch_types: true,
  })
}
