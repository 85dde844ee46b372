import { newQueueEntry, QueueRecorder } from '@tenantscope/conformance'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPostgres, type TestServer, whyNoPostgres } from '../../adapter-postgres/test/postgres-server.ts'
import { pgBossQueue } from '../src/index.ts'

const given = process.env.TENANTSCOPE_TEST_POSTGRES_URL
const missing = whyNoPostgres() ?? (given ? 'a given server must not be crashed by tests' : null)

describe.skipIf(missing)(`a database that crashes${missing ? ` (${missing})` : ''}`, () => {
  let server: TestServer
  let connectionString: string
  let uncaught: unknown[]
  const remember = (error: unknown) => uncaught.push(error)

  beforeAll(async () => {
    server = await startPostgres()
    connectionString = await server.createDatabase()
  })
  afterAll(() => server?.stop())
  beforeEach(() => {
    uncaught = []
    process.on('uncaughtExceptionMonitor', remember)
  })
  afterEach(() => {
    process.removeListener('uncaughtExceptionMonitor', remember)
    expect(uncaught).toEqual([])
  })

  it('R-20: costs neither the process nor an entry, and the queue goes on by itself', async () => {
    const queue = pgBossQueue({ connectionString, pollMs: 500, monitorSeconds: 1 })
    const worker = new QueueRecorder()
    try {
      const [before, between, after] = [newQueueEntry(), newQueueEntry(), newQueueEntry()]
      await queue.consume({ concurrency: 2, deliver: worker.deliver })
      await queue.enqueue(before)
      await worker.untilDelivered(before.scanId)
      await server.crash()
      await expect(queue.enqueue(between)).rejects.toMatchObject({ code: 'storage_failed', retryable: true })
      await server.start()
      // As the sweep does.
      await queue.enqueue(between)
      await queue.enqueue(after)
      await worker.untilDelivered(between.scanId)
      await worker.untilDelivered(after.scanId)
    } finally {
      await queue.close()
    }
  })

  it('R-20: is no hindrance to closing, nor to a queue that was first used without it', async () => {
    const closing = pgBossQueue({ connectionString, name: 'closing', pollMs: 500 })
    const opening = pgBossQueue({ connectionString, name: 'opening', pollMs: 500 })
    try {
      await closing.consume({ concurrency: 2, deliver: async () => ({ kind: 'done' }) })
      await server.crash()
      await closing.close()
      const entry = newQueueEntry()
      await expect(opening.enqueue(entry)).rejects.toMatchObject({ code: 'storage_failed', retryable: true })
      await server.start()
      const worker = new QueueRecorder()
      await opening.consume({ concurrency: 1, deliver: worker.deliver })
      await opening.enqueue(entry)
      await worker.untilDelivered(entry.scanId)
    } finally {
      await closing.close()
      await opening.close()
    }
  })
})
