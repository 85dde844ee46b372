import { type Driver, DriverTimeout } from './driver.ts'
import { isConnectionTrouble } from './errors.ts'
import { Link, type PostgresReserved, type PostgresSql } from './postgres-link.ts'

export interface PostgresDriverOptions {
  /** Makes a pool. Called again after connections of the last one died: its reconnecting is slow, and may hang. */
  open: () => Promise<PostgresSql>
  /** Makes a pool for listening alone. */
  openListener: () => Promise<PostgresSql>
  /** False when `open` gives the caller's own: then it is neither replaced nor closed. */
  owned: boolean
  acquireTimeoutMs: number
  queryTimeoutMs: number
}

/** A pool and how many transactions are on it, so that one that was given up is closed when the last has left. */
interface Pool {
  sql: PostgresSql
  active: number
  retired: boolean
  /** Settled when a retired pool is closed. */
  closed: Promise<void>
  markClosed: () => void
}

/** PostgreSQL by postgres.js. Never `sql.begin`: it can send COMMIT on another transaction's connection (porsager/postgres#1204). */
export class PostgresDriver implements Driver {
  readonly name = 'postgres'
  readonly sessions = 'many'
  readonly #options: PostgresDriverOptions
  #pool: Promise<Pool> | null = null
  #listener: Promise<PostgresSql> | null = null

  constructor(options: PostgresDriverOptions) {
    this.#options = options
  }

  async transaction<T>(opening: Parameters<Driver['transaction']>[0], fn: Parameters<Driver['transaction']>[1]) {
    const pool = await this.#current()
    pool.active += 1
    try {
      const link = new Link(await this.#reserve(pool), { queryTimeoutMs: this.#options.queryTimeoutMs })
      try {
        return (await link.transaction(opening, fn)) as T
      } finally {
        if (link.broken) this.#retire(pool)
      }
    } catch (error) {
      if (isConnectionTrouble(error)) this.#retire(pool)
      throw error
    } finally {
      pool.active -= 1
      this.#closeWhenLeft(pool)
    }
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    this.#listener ??= this.#options.openListener()
    const sql = await this.#listener
    const { unlisten } = await sql.listen(channel, onPayload)
    return () => unlisten()
  }

  /** Transactions under way end first; each has its time limits. */
  async close(): Promise<void> {
    if (!this.#options.owned) return
    const pool = await this.#pool?.catch(() => null)
    if (pool) this.#retire(pool)
    const listener = await this.#listener?.catch(() => null)
    this.#listener = null
    await listener?.end({ timeout: 1 })
    await pool?.closed
  }

  #current(): Promise<Pool> {
    if (this.#pool === null) {
      const opening: Promise<Pool> = this.#options.open().then((sql) => {
        let markClosed = () => {}
        const closed = new Promise<void>((resolve) => {
          markClosed = resolve
        })
        return { sql, active: 0, retired: false, closed, markClosed }
      })
      this.#pool = opening
      // What failed once (a missing package) is tried again by the next call.
      opening.catch(() => {
        if (this.#pool === opening) this.#pool = null
      })
    }
    return this.#pool
  }

  /** The library waits for a free connection for ever; a request of a host must not. One that comes too late is given back. */
  async #reserve(pool: Pool): Promise<PostgresReserved> {
    const reserving = pool.sql.reserve()
    let timer: NodeJS.Timeout | undefined
    let late = false
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true
        reject(new DriverTimeout('No database connection became free in time.'))
      }, this.#options.acquireTimeoutMs)
    })
    reserving.then(
      (reserved) => {
        if (late) reserved.release()
      },
      () => {},
    )
    try {
      return await Promise.race([reserving, limit])
    } finally {
      clearTimeout(timer)
    }
  }

  #retire(pool: Pool): void {
    if (!this.#options.owned || pool.retired) return
    pool.retired = true
    this.#pool = null
    this.#closeWhenLeft(pool)
  }

  #closeWhenLeft(pool: Pool): void {
    if (!pool.retired || pool.active > 0) return
    // Ending a pool whose connections are dead already may fail; it is gone either way.
    void pool.sql.end({ timeout: 1 }).then(pool.markClosed, pool.markClosed)
  }
}
