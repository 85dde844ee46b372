import { type SqlTransaction, TenantscopeError } from '@tenantscope/core'
import { type Access, type Driver, LinkLost, type Session, type Statement } from './driver/driver.ts'
import { isAftermath, isContention, storageError } from './driver/errors.ts'
import { type SchemaNames, withNames } from './schema-names.ts'
import { storableTenant, storableText } from './stores/storable.ts'

export type SqlValue = string | number | boolean | Date | null | undefined

/** A transaction, as the stores use it: SQL with placeholders for names, values of plain types, rows as objects. */
export class Tx {
  readonly #session: Session
  readonly #qualify: (sql: string) => string
  #failure: unknown

  constructor(session: Session, qualify: (sql: string) => string) {
    this.#session = session
    this.#qualify = qualify
  }

  /** For statements whose one column is JSON text. */
  async rows<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    const texts = await this.texts(sql, values)
    return texts.map((text) => JSON.parse(text ?? 'null') as Row)
  }

  async row<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row | null> {
    return (await this.rows<Row>(sql, values))[0] ?? null
  }

  /** The one column as it is. */
  texts(sql: string, values: readonly SqlValue[] = []): Promise<(string | null)[]> {
    return this.#told(this.#session.query({ text: this.#qualify(sql), params: values.map(asText) }))
  }

  /**
   * Statements are sent without waiting for each other. After one that failed the server only says of the others that the transaction is over, and which of
   * them is heard first is chance: each of them fails for the reason of the first.
   */
  async #told<T>(statement: Promise<T>): Promise<T> {
    try {
      return await statement
    } catch (error) {
      if (!isAftermath(error)) this.#failure ??= error
      throw this.#failure ?? error
    }
  }

  /**
   * For what somebody else wants to do in this transaction: from here on the login itself acts, no role of ours, until the transaction ends. Statements are taken as
   * they are.
   */
  async asLogin(use: (transaction: SqlTransaction) => Promise<void>): Promise<void> {
    const execute: SqlTransaction['execute'] = async (text, params) => ({
      rows: await this.#told(this.#session.rows({ text, params: params.map(asParameter) })),
    })
    await Promise.all([this.texts(`select set_config('role', 'none', true)`), use({ execute })])
  }

  script(sql: string): Promise<void> {
    return this.#session.script(this.#qualify(sql))
  }
}

function asText(value: SqlValue): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? storableText(value) : String(value)
}

function asParameter(value: unknown): string | null {
  if (value === null || value === undefined || value instanceof Date) return asText(value)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  throw new TypeError('A parameter must be text, a number, a boolean, a Date or null.')
}

/** Opens transactions under the right role and platform tenant, repeats what may be repeated, and gives errors their public form. */
export class Database {
  readonly driver: Driver
  readonly names: SchemaNames
  readonly #statementTimeoutMs: number
  readonly #idleInTransactionMs: number
  readonly #qualified = new Map<string, string>()
  #closed = false

  /** 0 for either: no limit. */
  constructor(
    driver: Driver,
    names: SchemaNames,
    options: { statementTimeoutMs: number; idleInTransactionMs?: number | undefined },
  ) {
    this.driver = driver
    this.names = names
    this.#statementTimeoutMs = options.statementTimeoutMs
    this.#idleInTransactionMs = options.idleInTransactionMs ?? (options.statementTimeoutMs === 0 ? 0 : 10_000)
  }

  /** One platform tenant's rows, by row level security and by the statements' own predicates. */
  asTenant<T>(platformTenantId: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#run(() => this.#opening(this.names.appRole, storableTenant(platformTenantId)), fn)
  }

  /** The same for what only reads: nothing can be written by it. */
  readTenant<T>(platformTenantId: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#run(() => this.#opening(this.names.appRole, storableTenant(platformTenantId)), fn, 'read')
  }

  /** All scans, but results, events and evidence only after {@link enterTenant}. */
  asWorker<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#run(() => this.#opening(this.names.workerRole, ''), fn)
  }

  /** The login itself: for migrations and for looking at the catalogue. */
  asLogin<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#run(() => null, fn)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.driver.close()
  }

  /**
   * Everything is local to the transaction: nothing is left on the connection when it goes back to a pool that others share. A process that is stopped in the middle
   * loses its transaction after a while, and with it the locks that others wait for.
   */
  #opening(role: string, platformTenantId: string): Statement {
    return {
      text: `select set_config('search_path', 'pg_catalog', true), set_config('statement_timeout', $3::text, true),
        set_config('idle_in_transaction_session_timeout', $4::text, true),
        set_config('tenantscope.platform_tenant', $2::text, true), set_config('role', $1::text, true)`,
      params: [role, platformTenantId, String(this.#statementTimeoutMs), String(this.#idleInTransactionMs)],
    }
  }

  async #run<T>(opening: () => Statement | null, fn: (tx: Tx) => Promise<T>, access: Access = 'write'): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closed) throw new TenantscopeError('closed', 'The storage is closed.')
      try {
        const within = (session: Session) => fn(new Tx(session, (sql) => this.#qualify(sql)))
        return await this.driver.transaction(opening(), within, access)
      } catch (error) {
        // A pooled connection that died unseen, or a transaction given up for another: nothing was stored, so it may run again.
        const again = isContention(error) || (error instanceof LinkLost && error.committed === 'no')
        if (!again || attempt >= 3) throw storageError(error)
      }
    }
  }

  #qualify(sql: string): string {
    let text = this.#qualified.get(sql)
    if (text === undefined) {
      text = withNames(sql, this.names)
      this.#qualified.set(sql, text)
    }
    return text
  }
}

/** From here on the transaction sees this platform tenant's rows. */
export async function enterTenant(tx: Tx, platformTenantId: string): Promise<void> {
  await tx.texts(`select set_config('tenantscope.platform_tenant', $1::text, true)`, [platformTenantId])
}
