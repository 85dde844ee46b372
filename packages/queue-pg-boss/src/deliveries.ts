import type { DeliveryOutcome, QueueEntry, SqlTransaction } from '@tenantscope/core'
import type { Job, PgBoss } from 'pg-boss'
import type { QueueSettings } from './options.ts'
import { fromPayload, toPayload } from './payload.ts'

/** Sends one entry; `delayMs` is how long it waits at least. Nothing happens when one for this scan waits already. */
export async function sendEntry(params: {
  boss: PgBoss
  name: string
  entry: QueueEntry
  delayMs?: number
  db?: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> }
}): Promise<void> {
  const { boss, name, entry, delayMs = 0, db } = params
  await boss.send(name, toPayload(entry), {
    singletonKey: entry.scanId,
    // A number is added to the database's clock; the clocks of the processes do not matter.
    ...(delayMs > 0 ? { startAfter: delayMs / 1_000 } : {}),
    ...(db ? { db } : {}),
  })
}

/** The same in somebody else's transaction. */
export async function sendWithin(params: {
  boss: PgBoss
  name: string
  entry: QueueEntry
  transaction: SqlTransaction
}): Promise<void> {
  const { transaction, ...rest } = params
  await new Promise<void>((resolve, reject) => {
    const executeSql = async (text: string, values: unknown[] = []) => {
      try {
        return await transaction.execute(text, values)
      } catch (error) {
        // At once: pg-boss looks for the cause on its own connection, which on a database with one session waits for this very transaction.
        reject(error)
        throw error
      }
    }
    sendEntry({ ...rest, db: { executeSql } }).then(resolve, reject)
  })
}

/** The consuming side: `concurrency` workers of pg-boss, each with one entry at a time. */
export class Deliveries {
  readonly #boss: PgBoss
  readonly #settings: QueueSettings
  readonly #deliver: (entry: QueueEntry) => Promise<DeliveryOutcome>
  readonly #workers: string[] = []
  #stopping = false

  constructor(params: {
    boss: PgBoss
    settings: QueueSettings
    deliver: (entry: QueueEntry) => Promise<DeliveryOutcome>
  }) {
    this.#boss = params.boss
    this.#settings = params.settings
    this.#deliver = params.deliver
  }

  async start(concurrency: number): Promise<void> {
    for (let i = 0; i < concurrency && !this.#stopping; i += 1) this.#workers.push(await this.#startWorker())
    // A worker that was being started while the others were stopped.
    if (this.#stopping) await this.stop()
  }

  /** Makes idle workers look at once. */
  wake(): void {
    for (const worker of this.#workers) this.#boss.notifyWorker(worker)
  }

  /** Resolves when the deliveries under way have ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#workers.map((id) => this.#boss.offWork(this.#settings.name, { id, wait: true })))
  }

  async #startWorker(): Promise<string> {
    const { name, pollSeconds, heartbeatSeconds } = this.#settings
    const options = {
      pollingIntervalSeconds: pollSeconds,
      // Not longer with notifications: an entry that was put off makes none when its time has come.
      notifyPollingIntervalSeconds: pollSeconds,
      heartbeatRefreshSeconds: heartbeatSeconds / 3,
    }
    const id: string = await this.#boss.work(name, options, async (jobs: Job[]) => {
      for (const job of jobs) await this.#handle(job)
      // Where one entry was there may be another: no pause as long as there is work.
      this.#boss.notifyWorker(id)
    })
    return id
  }

  async #handle(job: Job): Promise<void> {
    const entry = fromPayload(job.data)
    const outcome: DeliveryOutcome = this.#stopping ? { kind: 'later', delayMs: 0 } : await this.#deliver({ ...entry })
    if (outcome.kind === 'done') return
    const { name } = this.#settings
    await sendEntry({ boss: this.#boss, name, entry, delayMs: outcome.delayMs })
    // Its successor waits. Scans that wait for each other come back every second: kept as completed they would fill the table.
    await this.#boss.deleteJob(name, { id: job.id, retryCount: job.retryCount })
  }
}
