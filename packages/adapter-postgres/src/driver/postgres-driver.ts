import type { Connections } from './connections.ts'
import type { Access, Driver, Session, Statement } from './driver.ts'
import { Link, type PostgresSql } from './postgres-link.ts'

export interface PostgresDriverOptions {
  connections: Connections
  /** For LISTEN: the caller's own instance, or one for this alone that is closed with the driver. */
  openListener: () => Promise<PostgresSql>
  owned: boolean
  queryTimeoutMs: number
}

/** PostgreSQL by postgres.js. Never `sql.begin`: it can send COMMIT on another transaction's connection (porsager/postgres#1204). */
export class PostgresDriver implements Driver {
  readonly name = 'postgres'
  readonly sessions = 'many'
  readonly #options: PostgresDriverOptions
  #listener: Promise<PostgresSql> | null = null

  constructor(options: PostgresDriverOptions) {
    this.#options = options
  }

  async transaction<T>(
    opening: Statement | null,
    fn: (session: Session) => Promise<T>,
    access: Access = 'write',
  ): Promise<T> {
    const { connections, queryTimeoutMs } = this.#options
    const lease = await connections.acquire()
    const link = new Link(lease.reserved, { queryTimeoutMs, onEnd: (broken) => lease.done(broken) })
    return link.transaction(opening, fn, access)
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    this.#listener ??= this.#options.openListener()
    const listener = this.#listener
    try {
      const { unlisten } = await (await listener).listen(channel, onPayload)
      return async () => {
        await unlisten()
      }
    } catch (error) {
      // The library goes on trying by itself what it failed to listen to first; nobody would hear of it.
      this.#listener = null
      if (this.#options.owned) await (await listener.catch(() => null))?.end({ timeout: 0 })
      throw error
    }
  }

  /** Transactions under way end first; each has its time limits. */
  async close(): Promise<void> {
    const listener = await this.#listener?.catch(() => null)
    this.#listener = null
    if (this.#options.owned) await listener?.end({ timeout: 0 })
    await this.#options.connections.close()
  }
}
