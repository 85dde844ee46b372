import { DriverTimeout, LinkLost } from './driver.ts'
import type { PostgresReserved, PostgresSql } from './postgres-link.ts'

/** Where a transaction gets its connection from. */
export interface Connections {
  acquire(): Promise<Lease>
  /** Resolves when what it opened is closed. */
  close(): Promise<void>
}

export interface Lease {
  reserved: PostgresReserved
  /** Called once, after the link gave `reserved` back or found it broken. */
  done(broken: boolean): void
}

/**
 * The caller's pool. The library waits for a free connection for ever; a request of a host must not.
 *
 * A `reserve` that has to open a connection, and cannot, stays in the library's queue although it was refused; when the database is back, others were seen
 * to wait behind it until their time was over. So after any trouble a plain statement goes ahead, which leaves nothing behind when it fails.
 */
export function hostConnections(sql: PostgresSql, options: { acquireTimeoutMs: number }): Connections {
  const { acquireTimeoutMs } = options
  let suspect = true
  let probing: Promise<void> | null = null
  const probe = async () => {
    await within(sql.unsafe('select 1'), acquireTimeoutMs, 'The database cannot be reached.', () => {})
    suspect = false
  }
  return {
    acquire: async () => {
      if (suspect) {
        probing ??= probe().finally(() => {
          probing = null
        })
        await probing
      }
      try {
        const reserved = await reserve(sql, acquireTimeoutMs)
        return {
          reserved,
          done: (broken) => {
            suspect ||= broken
          },
        }
      } catch (error) {
        suspect = true
        throw error
      }
    },
    close: async () => {},
  }
}

/** One connection that comes too late is given back. */
async function reserve(sql: PostgresSql, timeoutMs: number): Promise<PostgresReserved> {
  const reserving = sql.reserve()
  const late = () => {
    reserving.then(
      (reserved) => reserved.release(),
      () => {},
    )
  }
  return within(reserving, timeoutMs, 'No database connection became free in time.', late)
}

async function within<T>(promise: PromiseLike<T>, ms: number, message: string, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate()
      reject(new DriverTimeout(message))
    }, ms)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

export interface OwnConnectionsOptions {
  /** An instance of the library for one connection, with `fetch_types: false`; `onClose` is called whenever that connection closes. */
  open: (onClose: () => void) => Promise<PostgresSql>
  max: number
  acquireTimeoutMs: number
  idleMs: number
}

/** One connection in an instance of the library of its own. */
interface Lane {
  sql: PostgresSql
  closed: boolean
  /** Rejects when the connection closes. */
  whileOpen: Promise<never>
  idleTimer: NodeJS.Timeout | null
}

/**
 * A pool of instances of one connection each. The library's own pool cannot be used: it asks every new connection for array types and leaves that
 * promise unhandled, so a connection that dies at that moment ends the process; without that question its `reserve` never answers on a new
 * connection; and one that died in the middle of a write reconnects with half a message in its buffer. Here a connection is opened by a plain
 * statement, reserved when it is open, and thrown away with its instance when anything went wrong with it.
 */
export class OwnConnections implements Connections {
  readonly #options: OwnConnectionsOptions
  readonly #idle: Lane[] = []
  /** Given a lane, or leave to open one. */
  readonly #waiting: ((lane: Lane | null) => void)[] = []
  #count = 0
  #closing = false
  #emptied: () => void = () => {}

  constructor(options: OwnConnectionsOptions) {
    this.#options = options
  }

  async acquire(): Promise<Lease> {
    const { acquireTimeoutMs } = this.#options
    const lane = (await this.#next()) ?? (await this.#open())
    try {
      // Open and idle, so the library answers at once; unless it closed just now, and then it would never answer.
      const reserved = await Promise.race([reserve(lane.sql, acquireTimeoutMs), lane.whileOpen])
      return { reserved, done: (broken) => this.#giveBack(lane, broken) }
    } catch (error) {
      this.#giveBack(lane, true)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const lane of this.#idle.splice(0)) this.#discard(lane)
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      this.#emptied = resolve
    })
  }

  /** A free lane, or null for leave to open one. */
  async #next(): Promise<Lane | null> {
    for (let lane = this.#idle.pop(); lane; lane = this.#idle.pop()) {
      clearTimeout(lane.idleTimer ?? undefined)
      if (!lane.closed) return lane
      this.#discard(lane)
    }
    if (this.#count < this.#options.max) {
      this.#count += 1
      return null
    }
    let waiter: (lane: Lane | null) => void = () => {}
    const turn = new Promise<Lane | null>((resolve) => {
      waiter = resolve
    })
    this.#waiting.push(waiter)
    return within(turn, this.#options.acquireTimeoutMs, 'No database connection became free in time.', () => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    })
  }

  async #open(): Promise<Lane> {
    const lane: Partial<Lane> = { closed: false, idleTimer: null }
    let lose: (error: unknown) => void = () => {}
    lane.whileOpen = new Promise<never>((_, reject) => {
      lose = reject
    })
    lane.whileOpen.catch(() => {})
    try {
      const sql = await this.#options.open(() => {
        lane.closed = true
        lose(new LinkLost('no', new Error('The connection closed while it was idle.')))
      })
      lane.sql = sql
      await within(sql.unsafe('select 1'), this.#options.acquireTimeoutMs, 'The database cannot be reached.', () => {})
      return lane as Lane
    } catch (error) {
      this.#discard(lane)
      throw error
    }
  }

  #giveBack(lane: Lane, broken: boolean): void {
    if (broken || lane.closed || this.#closing) {
      this.#discard(lane)
      return
    }
    const waiter = this.#waiting.shift()
    if (waiter) {
      waiter(lane)
      return
    }
    this.#idle.push(lane)
    lane.idleTimer = setTimeout(() => {
      const at = this.#idle.indexOf(lane)
      if (at < 0) return
      this.#idle.splice(at, 1)
      this.#discard(lane)
    }, this.#options.idleMs)
    lane.idleTimer.unref()
  }

  /** Its place is free again: whoever waits longest may open another. */
  #discard(lane: Partial<Lane>): void {
    clearTimeout(lane.idleTimer ?? undefined)
    const ended = () => {
      this.#count -= 1
      const waiter = this.#waiting.shift()
      if (waiter) {
        this.#count += 1
        waiter(null)
      } else if (this.#closing && this.#count === 0) {
        this.#emptied()
      }
    }
    if (!lane.sql) {
      ended()
      return
    }
    void lane.sql.end({ timeout: 0 }).then(ended, ended)
  }
}
