import { InvalidInputError, type Logger } from '@tenantscope/core'
import type { PGliteLike, PgBoss } from 'pg-boss'

/** One of `connectionString`, `pglite` and `boss`. */
export interface PgBossQueueOptions {
  /** Where the database is. The queue opens connections of its own when it is first used, and closes them with `close()`. */
  connectionString?: string
  /** More options of node-postgres for the connections that the queue opens (ssl, user, password as a function …). */
  connection?: Record<string, unknown>
  /** A PGlite of yours, for one process. It stays open when the queue is closed. */
  pglite?: PGliteLike
  /** A pg-boss of yours, started by you. It stays open when the queue is closed. Its settings hold: see the README for those that matter. */
  boss?: PgBoss
  /** PostgreSQL schema that pg-boss keeps its tables in, made when missing. Not with `boss`. Default `tenantscope_queue`. */
  schema?: string
  /** Name of the queue; entries that failed for good go to the queue `<name>-dead`. Default `tenantscope-scans`. */
  name?: string
  /** Connections at most, besides one for listening. Not with `boss`. Default 4. */
  maxConnections?: number
  /** How often an idle worker looks for entries: the upper bound where no notification comes. 500 at least. Default 1,000. */
  pollMs?: number
  /** An entry whose worker was silent for this long is delivered again. 10 at least, which is the default. */
  heartbeatSeconds?: number
  /** How often silent workers are looked for. Not with `boss`. Default 5. */
  monitorSeconds?: number
  /** How often an entry is delivered again after its worker died or failed, before it goes to the dead letter queue. Default 3. */
  retryLimit?: number
  logger?: Logger
}

export interface QueueSettings {
  name: string
  deadName: string
  pollSeconds: number
  heartbeatSeconds: number
  retryLimit: number
}

/** Throws InvalidInputError; each error names its option. */
export function queueSettings(options: PgBossQueueOptions): QueueSettings {
  const given = [options.connectionString, options.pglite, options.boss].filter((source) => source !== undefined)
  if (given.length !== 1)
    throw invalid('', 'needs one of connectionString, pglite and boss, and not more than one of them.')
  const name = options.name ?? 'tenantscope-scans'
  if (!/^[\w.\-/]{1,200}$/.test(name)) throw invalid('/name', 'must be 1 to 200 characters of A-Z a-z 0-9 _ . - /')
  if (options.boss && options.schema !== undefined)
    throw invalid('/schema', 'is what your pg-boss was made with; leave it out.')
  return {
    name,
    deadName: `${name}-dead`,
    pollSeconds: atLeast('/pollMs', options.pollMs ?? 1_000, 500) / 1_000,
    heartbeatSeconds: wholeFrom('/heartbeatSeconds', options.heartbeatSeconds ?? 10, 10),
    retryLimit: wholeFrom('/retryLimit', options.retryLimit ?? 3, 0),
  }
}

export function wholeFrom(pointer: string, value: number, least: number): number {
  if (Number.isInteger(value)) return atLeast(pointer, value, least)
  throw invalid(pointer, 'must be a whole number.')
}

function atLeast(pointer: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw invalid(pointer, `must be ${least} or more.`)
}

function invalid(pointer: string, detail: string): InvalidInputError {
  return new InvalidInputError([{ pointer, detail }])
}
