import { AssertionError } from 'node:assert'
import { isTenantscopeError, type Logger, silentLogger, TenantscopeError } from '@tenantscope/core'
import { type ConstructorOptions, fromPglite, PgBoss } from 'pg-boss'
import { type PgBossQueueOptions, type QueueSettings, wholeFrom } from './options.ts'

/** pg-boss's own upper limit. A dead worker is found by its heartbeat, so this only has to be longer than any scan. */
const longestDeliverySeconds = 24 * 60 * 60

/** A pg-boss with the queues in it, opened on first use; closes what it opened. */
export interface BossHandle {
  ready(): Promise<PgBoss>
  close(): Promise<void>
}

export function bossHandle(options: PgBossQueueOptions, settings: QueueSettings): BossHandle {
  const logger = options.logger ?? silentLogger
  const own = options.boss ? null : constructorOptions(options)
  let opening: Promise<PgBoss> | null = null

  const open = async () => {
    const boss = options.boss ?? new PgBoss(own ?? {})
    guard(boss, logger)
    try {
      if (own) await boss.start()
      await createQueues(boss, settings)
      return boss
    } catch (error) {
      // A start that failed half-way has opened a pool.
      if (own) await boss.stop({ graceful: false }).catch(() => {})
      throw error
    }
  }
  return {
    ready: () => {
      opening ??= open().catch((error) => {
        // The database may be there at the next call.
        opening = null
        throw queueError(error)
      })
      return opening
    },
    close: async () => {
      const boss = await opening?.catch(() => null)
      if (boss && own) await boss.stop({ graceful: true, timeout: 5_000 })
    },
  }
}

function constructorOptions(options: PgBossQueueOptions): ConstructorOptions {
  const every = wholeFrom('/monitorSeconds', options.monitorSeconds ?? 5, 1)
  const common = {
    schema: options.schema ?? 'tenantscope_queue',
    schedule: false,
    useListenNotify: true,
    superviseIntervalSeconds: every,
    monitorIntervalSeconds: every,
  }
  if (options.pglite) return { ...common, db: fromPglite(options.pglite), backend: 'pglite' }
  return {
    ...common,
    max: wholeFrom('/maxConnections', options.maxConnections ?? 4, 1),
    // Options of node-postgres: a server that does not answer must not hold a call, or close(), for more than 15 s in all.
    ...{ connectionTimeoutMillis: 5_000, query_timeout: 10_000, keepAlive: true },
    ...options.connection,
    ...(options.connectionString === undefined ? {} : { connectionString: options.connectionString }),
  }
}

const guarded = new WeakSet<PgBoss>()

/** An 'error' event that nobody listens to ends the host's process. This listener stays for the life of the boss, which may outlive the queue. */
function guard(boss: PgBoss, logger: Logger): void {
  if (guarded.has(boss)) return
  guarded.add(boss)
  boss.on('error', (error) => logger.warn('the queue had an error; it goes on', { message: error.message }))
  boss.on('warning', (warning) => logger.warn('the queue has a warning', { message: warning.message }))
}

async function createQueues(boss: PgBoss, settings: QueueSettings): Promise<void> {
  const { name, deadName } = settings
  await boss.createQueue(deadName)
  // `short`: one waiting entry per key. An entry under way does not keep a new one out: should its worker be dead, the scan need not wait for that to be noticed.
  await boss.createQueue(name, { policy: 'short', deadLetter: deadName })
  // Apart from the creation, so that a queue of an earlier start gets the settings of this one.
  await boss.updateQueue(name, {
    deadLetter: deadName,
    heartbeatSeconds: settings.heartbeatSeconds,
    expireInSeconds: longestDeliverySeconds,
    retryLimit: settings.retryLimit,
    retryDelay: 1,
    deleteAfterSeconds: 24 * 60 * 60,
    notify: true,
  })
}

/** Everything that leaves this package is an error of the library. */
export function queueError(error: unknown): TenantscopeError {
  if (isTenantscopeError(error)) return error
  return error instanceof AssertionError
    ? new TenantscopeError('storage_refused', `pg-boss refuses its configuration: ${error.message}`, { cause: error })
    : new TenantscopeError('storage_failed', 'The database of the queue did not do what was asked. Try again later.', {
        retryable: true,
        cause: error,
      })
}
