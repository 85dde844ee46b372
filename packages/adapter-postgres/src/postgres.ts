import { InvalidInputError, TenantscopeError } from '@tenantscope/core'
import { hostConnections, OwnConnections } from './driver/connections.ts'
import { PostgresDriver } from './driver/postgres-driver.ts'
import type { PostgresSql } from './driver/postgres-link.ts'
import type { SchemaOptions } from './schema-names.ts'
import { type SqlStorage, sqlStorage } from './storage.ts'

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
 * Storage on PostgreSQL 14 or newer, for any number of processes. With `url` it has connections of its own, and throws away each that something went
 * wrong with: the safer way. With `sql` it shares your pool: every call takes one connection for one transaction, and everything it sets is local to
 * that transaction.
 */
export function postgresStorage(options: PostgresStorageOptions): SqlStorage {
  const { sql, url } = options
  if ((sql === undefined) === (url === undefined)) {
    throw new InvalidInputError([{ pointer: '', detail: 'needs either sql (an instance of yours) or url, not both.' }])
  }
  if (sql?.options?.fetch_types === false) {
    const detail =
      'has fetch_types: false, with which postgres.js never answers reserve() on a new connection; leave it on.'
    throw new InvalidInputError([{ pointer: '/sql', detail }])
  }
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000
  const acquireTimeoutMs = options.acquireTimeoutMs ?? 10_000
  const open = (onClose: () => void) => openPostgres(url ?? '', options.connection, onClose)
  const driver = new PostgresDriver({
    connections: sql
      ? hostConnections(sql, { acquireTimeoutMs })
      : new OwnConnections({ open, max: options.maxConnections ?? 10, acquireTimeoutMs, idleMs: 60_000 }),
    openListener: async () => sql ?? open(() => {}),
    owned: sql === undefined,
    // The server's own limit comes first; this one is for a server that does not answer at all.
    queryTimeoutMs: statementTimeoutMs + 5_000,
  })
  return sqlStorage(driver, { ...options, statementTimeoutMs })
}

async function openPostgres(
  url: string,
  connection: Record<string, unknown> = {},
  onClose: () => void,
): Promise<PostgresSql> {
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
    // For the listener, which reconnects by itself. Flat: the library's own grows to 20 s.
    backoff: () => 0.25,
    onnotice: () => {},
    ...connection,
    // What the way connections are held here depends on.
    max: 1,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: 0,
    onclose: onClose,
  })
}
