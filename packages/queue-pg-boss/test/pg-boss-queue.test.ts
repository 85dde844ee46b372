import { randomBytes } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { newQueueEntry, QueueRecorder } from '@tenantscope/conformance'
import { PgBoss } from 'pg-boss'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { missingPostgres, newDatabase, type TestDatabase } from '../../adapter-postgres/test/databases.ts'
import { type PgBossQueue, type PgBossQueueOptions, pgBossQueue } from '../src/index.ts'
import { startScript } from './worker-process.ts'

const missing = missingPostgres()
const done = { kind: 'done' } as const

describe.skipIf(missing)(`pg-boss on PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  let name: string
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    database = await newDatabase()
  })
  beforeEach(() => {
    name = `test-${randomBytes(6).toString('hex')}`
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  afterAll(() => database?.drop())

  const open = (options: Partial<PgBossQueueOptions> = {}): PgBossQueue => {
    const source = options.boss ? {} : { connectionString: database.url, monitorSeconds: 1 }
    const queue = pgBossQueue({ ...source, name, pollMs: 500, ...options })
    closers.push(() => queue.close())
    return queue
  }
  const rows = () =>
    database.admin<{ name: string; state: string; data: unknown; whole: string }>(
      `select name, state::text, data, to_jsonb(job)::text as whole from tenantscope_queue.job where name like '${name}%'`,
    )

  it('S-12: writes ids and nothing else, whatever the entry carries', async () => {
    const queue = open({ retryLimit: 0 })
    const entry = newQueueEntry()
    await queue.enqueue({ ...entry, clientSecret: 'a-secret-of-a-test' } as never)
    expect((await rows()).map(({ data }) => data)).toEqual([entry])
    const worker = new QueueRecorder()
    await queue.consume({ concurrency: 1, deliver: worker.deliver })
    await worker.untilDelivered(entry.scanId)
    await queue.close()
    const stored = await rows()
    expect(stored.map(({ state, data }) => [state, data])).toEqual([['completed', entry]])
    expect(stored.map(({ whole }) => whole).join()).not.toContain('a-secret-of-a-test')
  })

  it('keeps no trace of entries that were put off or removed', async () => {
    const queue = open()
    const [put, removed] = [newQueueEntry(), newQueueEntry()]
    const worker = new QueueRecorder((_, nth) => (nth < 4 ? { kind: 'later', delayMs: 0 } : done))
    await queue.enqueue(removed)
    await queue.remove({ scanId: removed.scanId })
    await queue.enqueue(put)
    await queue.consume({ concurrency: 1, deliver: worker.deliver })
    await worker.untilDelivered(put.scanId, 4)
    await queue.close()
    expect((await rows()).map(({ state, data }) => [state, data])).toEqual([['completed', put]])
  })

  it('keeps its tables in a schema of its own', async () => {
    await open({ schema: 'elsewhere' }).enqueue(newQueueEntry())
    const tables = await database.admin<{ schema: string }>(
      `select distinct table_schema as schema from information_schema.tables where table_name = 'job'`,
    )
    expect(tables.map(({ schema }) => schema)).toContain('elsewhere')
    expect(tables.map(({ schema }) => schema)).not.toContain('pgboss')
    expect(tables.map(({ schema }) => schema)).not.toContain('public')
  })

  it('sends what fails for good to the dead letter queue, and redrives it', async () => {
    const queue = open({ retryLimit: 0 })
    const [bad, good] = [newQueueEntry(), newQueueEntry()]
    let broken = true
    const worker = new QueueRecorder(({ scanId }) => {
      // Against the contract of `deliver`; a worker with such a fault must not lose the entry.
      if (broken && scanId === bad.scanId) throw new Error('a fault of a test')
      return done
    })
    await queue.enqueue(bad)
    await queue.enqueue(good)
    await queue.consume({ concurrency: 1, deliver: worker.deliver })
    await worker.untilDelivered(good.scanId)
    expect((await rows()).filter((row) => row.name === `${name}-dead`).map(({ data }) => data)).toEqual([bad])
    broken = false
    expect(await queue.redrive()).toBe(1)
    await worker.untilDelivered(bad.scanId, 2)
    expect(await queue.redrive()).toBe(0)
  })

  it('gives a foreign job to the dead letter queue, not to the worker', async () => {
    const boss = await startBoss()
    const queue = open({ boss, retryLimit: 0 })
    await queue.ready()
    await boss.send(name, { hello: 'world' })
    const worker = new QueueRecorder()
    await queue.consume({ concurrency: 1, deliver: worker.deliver })
    const entry = newQueueEntry()
    await queue.enqueue(entry)
    await worker.untilDelivered(entry.scanId)
    expect(worker.deliveries).toEqual([entry])
    expect((await rows()).filter((row) => row.name === `${name}-dead`).map(({ data }) => data)).toEqual([
      { hello: 'world' },
    ])
  })

  const startBoss = async () => {
    const boss = new PgBoss({ connectionString: database.url, schema: 'tenantscope_queue', max: 4 })
    closers.push(() => boss.stop({ graceful: false }))
    await boss.start()
    return boss
  }

  it("leaves the host's pg-boss open, and an error of it never ends the process", async () => {
    const boss = await startBoss()
    const queue = open({ boss })
    const entry = newQueueEntry()
    const worker = new QueueRecorder()
    await queue.consume({ concurrency: 2, deliver: worker.deliver })
    await queue.enqueue(entry)
    await worker.untilDelivered(entry.scanId)
    await queue.close()
    expect(boss.getWipData()).toEqual([])
    await boss.createQueue(`${name}-of-the-host`)
    expect(await boss.send(`${name}-of-the-host`, {})).toEqual(expect.any(String))
    // Would throw if nobody listened.
    expect(boss.emit('error', new Error('a fault of a test'))).toBe(true)
  })

  it('may be closed while it is being opened', async () => {
    const boss = await startBoss()
    for (const queue of [open(), open({ boss })]) {
      const consuming = queue.consume({ concurrency: 3, deliver: async () => done }).catch((error) => error.code)
      await queue.close()
      expect(await consuming).toBe('closed')
    }
    expect(boss.getWipData()).toEqual([])
  })

  it('R-21: goes on when the database ends its connections', async () => {
    const queue = open({ connection: { application_name: name } })
    const worker = new QueueRecorder()
    await queue.consume({ concurrency: 2, deliver: worker.deliver })
    for (let round = 0; round < 3; round += 1) {
      await database.admin(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`)
      const entry = newQueueEntry()
      // As the sweep does: what could not be enqueued now is enqueued at the next occasion. The pool may have a dead connection for each of its four.
      await expect
        .poll(
          () =>
            queue.enqueue(entry).then(
              () => 'taken',
              () => 'not yet',
            ),
          { timeout: 10_000 },
        )
        .toBe('taken')
      await worker.untilDelivered(entry.scanId)
    }
  })

  describe('enqueueWithin', () => {
    it("R-16: the entry lives and dies with the caller's transaction", async () => {
      const queue = open()
      await queue.ready()
      const sql = postgres(database.url, { max: 2, onnotice: () => {} })
      closers.push(() => sql.end({ timeout: 5 }))
      await sql`create table if not exists of_the_host (scan_id text)`
      const committed: string[] = []
      for (let i = 0; i < 20; i += 1) {
        const entry = newQueueEntry()
        const link = await sql.reserve()
        try {
          await link`begin`
          await link`insert into of_the_host values (${entry.scanId})`
          const transaction = {
            execute: async (text: string, values: readonly unknown[]) => ({
              rows: [...(await link.unsafe(text, values as never[]))],
            }),
          }
          await queue.enqueueWithin({ entry, transaction })
          if (i % 2 === 0) committed.push(entry.scanId)
          await link.unsafe(i % 2 === 0 ? 'commit' : 'rollback')
        } finally {
          link.release()
        }
      }
      const stored = await sql`select scan_id from of_the_host`
      expect(stored.map((row) => row.scan_id)).toEqual(committed)
      const worker = new QueueRecorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.until('all that were committed', ({ deliveries }) => deliveries.length >= committed.length)
      await queue.close()
      expect(worker.deliveries.map(({ scanId }) => scanId)).toEqual(committed)
    })
  })

  it('leaves nothing behind that keeps a process alive', async () => {
    const script = startScript('open-and-close.ts', { connectionString: database.url, name })
    closers.push(() => script.kill())
    await script.line((line) => line === 'closed')
    await script.ended
    expect([script.child.exitCode, script.child.signalCode]).toEqual([0, null])
  })

  it('opens nothing before it is used, and says what is wrong then', async () => {
    const warnings: string[] = []
    const note = (message: string) => void warnings.push(message)
    const logger = { debug: note, info: note, warn: note, error: note }
    const url = new URL(database.url)
    url.pathname = '/there_is_no_such_database'
    const queue = open({ connectionString: url.href, logger })
    await expect(queue.enqueue(newQueueEntry())).rejects.toMatchObject({ code: 'storage_failed', retryable: true })
    await expect(queue.consume({ concurrency: 1, deliver: async () => done })).rejects.toMatchObject({
      code: 'storage_failed',
    })
    await queue.close()
    await expect(queue.enqueue(newQueueEntry())).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('enqueueWithin on PGlite', () => {
  it("lives and dies with the caller's transaction", async () => {
    const database = await PGlite.create()
    const queue = pgBossQueue({ pglite: database, pollMs: 500 })
    try {
      await queue.ready()
      const [kept, undone] = [newQueueEntry(), newQueueEntry()]
      const enqueue = (entry: typeof kept, fail: boolean) =>
        database.transaction(async (tx) => {
          const transaction = {
            execute: (text: string, values: readonly unknown[]) => tx.query<never>(text, values as never[]),
          }
          await queue.enqueueWithin({ entry, transaction })
          if (fail) throw new Error('undone')
        })
      await expect(enqueue(undone, true)).rejects.toThrow('undone')
      await enqueue(kept, false)
      const worker = new QueueRecorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(kept.scanId)
      expect(worker.deliveries).toEqual([kept])
    } finally {
      await queue.close()
      await database.close()
    }
  })
})

describe('options', () => {
  const connectionString = 'postgres://127.0.0.1:1/nothing'
  it.each([
    ['', {}],
    ['', { connectionString, pglite: {} }],
    ['/name', { connectionString, name: 'a name with spaces' }],
    ['/pollMs', { connectionString, pollMs: 10 }],
    ['/heartbeatSeconds', { connectionString, heartbeatSeconds: 5 }],
    ['/monitorSeconds', { connectionString, monitorSeconds: 0 }],
    ['/retryLimit', { connectionString, retryLimit: -1 }],
    ['/maxConnections', { connectionString, maxConnections: 0.5 }],
  ])('refuses what cannot work at %s', (pointer, options) => {
    expect(() => pgBossQueue(options as PgBossQueueOptions)).toThrowError(
      expect.objectContaining({ code: 'invalid_input', errors: [expect.objectContaining({ pointer })] }),
    )
  })
})
