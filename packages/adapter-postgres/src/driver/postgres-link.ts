import { type Access, DriverTimeout, LinkLost, type Session, type Statement } from './driver.ts'
import { isConnectionTrouble } from './errors.ts'

/** What this package uses of postgres.js, so that its types are not needed by who does not use it. */
export interface PostgresSql {
  reserve(): Promise<PostgresReserved>
  // biome-ignore lint/suspicious/noExplicitAny: the library's own signature
  unsafe(text: string, params?: any[], options?: any): PromiseLike<any>
  listen(channel: string, onPayload: (payload: string) => void): PromiseLike<{ unlisten(): Promise<void> }>
  end(options?: { timeout?: number }): Promise<void>
  options?: { fetch_types?: boolean }
}

export interface PostgresReserved {
  // biome-ignore lint/suspicious/noExplicitAny: the library's own signature
  unsafe(text: string, params?: any[], options?: any): PromiseLike<any>
  release(): void
}

/** The library's connection, as a query's `onexecute` hands it over. Its `onclose` is what the library's own transactions watch. */
interface Connection {
  onclose?: ((error: unknown) => void) | null
  terminate?: () => void
}

/**
 * One reserved connection for the time of one transaction.
 *
 * postgres.js 3.4.9 leaves three traps for who holds a connection that dies (porsager/postgres#1066, #1154, #1208), and each is answered here:
 * - A statement sent after the socket closed throws a TypeError from a timer, where nobody can catch it, and ends the process. So the connection's
 *   close is watched, and nothing is sent from then on: no statement, no ROLLBACK.
 * - A connection released after it closed is handed out again as if it were open. So a dead one is never released; the library has put it aside itself.
 * - A statement in flight may never settle. So each one races the close, and a limit of our own.
 */
export class Link {
  readonly #reserved: PostgresReserved
  readonly #queryTimeoutMs: number
  readonly #onEnd: (broken: boolean) => void
  readonly #died: Promise<never>
  #connection: Connection | null = null
  #die: (error: unknown) => void = () => {}
  #dead = false
  #finished = false
  #committing = false
  #failure: unknown = null

  /**
   * `onEnd` is called once, when the connection was given back; `broken` when it is lost or in an unknown state instead, and whoever owns the pool had better take a
   * new one.
   */
  constructor(reserved: PostgresReserved, options: { queryTimeoutMs: number; onEnd: (broken: boolean) => void }) {
    this.#reserved = reserved
    this.#queryTimeoutMs = options.queryTimeoutMs
    this.#onEnd = options.onEnd
    this.#died = new Promise((_, reject) => {
      this.#die = reject
    })
    this.#died.catch(() => {})
  }

  async transaction<T>(opening: Statement | null, fn: (session: Session) => Promise<T>, access: Access): Promise<T> {
    let closing: Promise<unknown> = Promise.resolve()
    try {
      // Sent together: the second does not wait for the answer to the first.
      const begun = this.#send(`begin isolation level read committed read ${access === 'read' ? 'only' : 'write'}`, [])
      await Promise.all([begun, ...(opening ? [this.#send(opening.text, opening.params)] : [])])
      const result = await fn(this.#session())
      // PostgreSQL answers COMMIT of a failed transaction with a quiet ROLLBACK.
      if (this.#failure) throw this.#failure
      this.#committing = true
      const committed = this.#send('commit', [])
      // What was read is read. The connection goes back when it is free of the transaction.
      if (access === 'read') closing = committed.catch(() => this.#abandon())
      else await committed
      return result
    } catch (error) {
      await this.#rollback()
      const lost = isConnectionTrouble(error) && !(error instanceof DriverTimeout)
      throw lost ? new LinkLost(this.#committing ? 'unknown' : 'no', error) : error
    } finally {
      this.#finished = true
      void closing.then(() => this.#giveBack())
    }
  }

  #giveBack(): void {
    if (!this.#dead) this.#release()
    this.#onEnd(this.#dead)
  }

  #session(): Session {
    const guard = () => {
      if (this.#finished) throw new Error('The transaction is over: this session takes no more statements.')
    }
    return {
      query: async (statement) => {
        guard()
        const rows = await this.#send(statement.text, statement.params)
        return rows.map((row) => Object.values(row)[0] ?? null)
      },
      rows: async (statement) => {
        guard()
        return [...(await this.#send(statement.text, statement.params))]
      },
      script: async (text) => {
        guard()
        await this.#send(text, [])
      },
    }
  }

  #send(text: string, params: readonly (string | null)[]): Promise<Record<string, string | null>[]> {
    if (this.#dead) return Promise.reject(new LinkLost(this.#committing ? 'unknown' : 'no', this.#failure))
    const query = this.#reserved.unsafe(text, [...params], {
      // Statements are fixed texts, so preparing them saves a round trip each time; several in one text need the simple protocol.
      ...(params.length > 0 ? { prepare: true } : {}),
      onexecute: (connection: Connection) => this.#watch(connection),
    })
    return this.#settled(query)
  }

  /** Called by the library when it writes a statement to the connection. */
  #watch(connection: Connection): boolean {
    if (this.#connection === null) {
      this.#connection = connection
      connection.onclose = (error) => {
        this.#dead = true
        this.#die(error)
      }
    }
    return true
  }

  async #settled<T>(query: PromiseLike<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new DriverTimeout('The database did not answer in time.'))
      }, this.#queryTimeoutMs)
    })
    try {
      return await Promise.race([Promise.resolve(query), this.#died, limit])
    } catch (error) {
      this.#failure ??= error
      if (isConnectionTrouble(error)) this.#abandon()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** The connection's state is not known any more: close it rather than give it back. */
  #abandon(): void {
    if (this.#dead) return
    this.#dead = true
    this.#connection?.terminate?.()
  }

  async #rollback(): Promise<void> {
    if (this.#dead) return
    try {
      await this.#send('rollback', [])
    } catch {
      // A connection that cannot roll back must not go back to the pool inside a transaction.
      this.#abandon()
    }
  }

  #release(): void {
    if (this.#connection) this.#connection.onclose = null
    this.#reserved.release()
  }
}
