import { type Queue, type QueueEntry, type SqlTransaction, TenantscopeError } from '@tenantscope/core'
import type { PgBoss } from 'pg-boss'
import { bossHandle, queueError } from './boss-handle.ts'
import { Deliveries, sendEntry, sendWithin } from './deliveries.ts'
import { type PgBossQueueOptions, queueSettings, wholeFrom } from './options.ts'

export interface PgBossQueue extends Queue {
  /** Opens the connection and creates what is missing. Everything else does so when it is needed; `enqueueWithin` on PGlite needs it done before. */
  ready(): Promise<void>
  /**
   * Enqueues within a transaction on the queue's database, a storage's or yours: the entry is there when it commits, and is not when it does not. The transaction's
   * role must be allowed to write the queue's schema.
   */
  enqueueWithin(params: { entry: QueueEntry; transaction: SqlTransaction }): Promise<void>
  databaseIdentity(): Promise<string | null>
  health(): Promise<{ ok: boolean; detail: string }>
  /** Puts what is in the dead letter queue back to wait, at most 1,000 entries; says how many. */
  redrive(): Promise<number>
}

/**
 * A queue on pg-boss, for any number of processes on one PostgreSQL. An entry is delivered at least once: again when its worker died or was silent for too
 * long. What the queue loses the worker's sweep enqueues again, for the scan row is the truth.
 */
export function pgBossQueue(options: PgBossQueueOptions): PgBossQueue {
  const settings = queueSettings(options)
  const { name, deadName } = settings
  const handle = bossHandle(options, settings)
  let deliveries: Deliveries | null = null
  let consuming = false
  let closing: Promise<void> | null = null

  const boss = async () => {
    if (closing) throw closedError()
    const opened = await handle.ready()
    // Closed while it was being opened.
    if (closing) throw closedError()
    return opened
  }
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw queueError(error)
    }
  }
  const close = async () => {
    await deliveries?.stop()
    await handle.close()
  }

  const health = async () => {
    try {
      const found = await (await boss()).getQueue(name)
      return found ? { ok: true, detail: `pg-boss, ${name}` } : { ok: false, detail: `The queue ${name} is gone.` }
    } catch (error) {
      return { ok: false, detail: queueError(error).message }
    }
  }

  return {
    ready: () => attempt(async () => void (await boss())),
    enqueue: (entry) =>
      attempt(async () => {
        await sendEntry({ boss: await boss(), name, entry })
        deliveries?.wake()
      }),
    enqueueWithin: ({ entry, transaction }) =>
      attempt(async () => sendWithin({ boss: await boss(), name, entry, transaction })),
    databaseIdentity: () => attempt(async () => databaseIdentity(await boss())),
    health: () => health(),
    consume: ({ concurrency, deliver }) =>
      attempt(async () => {
        wholeFrom('/concurrency', concurrency, 1)
        if (consuming) throw new TenantscopeError('conflict', 'The queue has a consumer already.')
        consuming = true
        try {
          deliveries = new Deliveries({ boss: await boss(), settings, deliver })
          await deliveries.start(concurrency)
        } catch (error) {
          consuming = false
          throw error
        }
      }),
    remove: ({ scanId }) =>
      attempt(async () => {
        if (closing) return
        const opened = await boss()
        const waiting = await opened.findJobs(name, { key: scanId, queued: true })
        // One that is taken between the two statements is delivered all the same; it is only not delivered again should its worker die.
        const ids = waiting.map(({ id }) => id)
        if (ids.length > 0) await opened.deleteJob(name, ids)
      }),
    redrive: () => attempt(async () => (await boss()).redrive(deadName)),
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** The same words as the storage of `@tenantscope/adapter-postgres` has for its database. Null where the login may not look. */
async function databaseIdentity(boss: PgBoss): Promise<string | null> {
  try {
    const { rows } = await boss.getDb().executeSql(
      `select concat_ws('/', c.system_identifier, d.oid, extract(epoch from pg_postmaster_start_time())) as identity
        from pg_control_system() c, pg_database d where d.datname = current_database()`,
    )
    const [row] = rows as { identity?: unknown }[]
    return typeof row?.identity === 'string' ? row.identity : null
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === '42501') return null
    throw error
  }
}

function closedError(): TenantscopeError {
  return new TenantscopeError('closed', 'The queue is closed.')
}
