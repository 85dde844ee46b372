import assert from 'node:assert/strict'
import type { QueueSuiteContext } from './context.ts'
import { done, gate, later, newEntries, newEntry, Recorder } from './recorder.ts'

/** Several queues on the same entries: the processes of one installation. */
export function sharedTests(context: QueueSuiteContext): void {
  const { test, itWithQueue, capabilities } = context
  test.describe('several processes', () => {
    itWithQueue('delivers where the consumer is, not where it was enqueued', async ({ queue, another }) => {
      const consumer = await another()
      const worker = new Recorder()
      await consumer.consume({ concurrency: 1, deliver: worker.deliver })
      const entries = newEntries(3)
      for (const entry of entries) await queue.enqueue(entry)
      await worker.until('all three', ({ deliveries }) => deliveries.length === 3)
    })

    itWithQueue('shares the entries out, each to one consumer at a time', async ({ queue, another }) => {
      const second = await another()
      const { passed, open } = gate()
      // One recorder for both: it sees what overlaps. Held until both consumers have an entry.
      const worker = new Recorder(async () => {
        await passed
        return done
      })
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await second.consume({ concurrency: 1, deliver: worker.deliver })
      const entries = newEntries(40)
      await Promise.all(entries.map((entry, i) => (i % 2 ? queue : second).enqueue(entry)))
      await worker.until('one with each', ({ running }) => running === 2)
      open()
      await worker.until('all forty', ({ deliveries, running }) => deliveries.length >= 40 && running === 0)
      assert.deepEqual(worker.overlapping, [])
      assert.deepEqual(worker.deliveries.map((e) => e.scanId).sort(), entries.map((e) => e.scanId).sort())
    })

    itWithQueue('is idempotent across processes', async ({ queue, another }) => {
      const second = await another()
      const [entry, marker] = [newEntry(), newEntry()]
      await Promise.all([queue.enqueue(entry), second.enqueue(entry), queue.enqueue(entry), second.enqueue(entry)])
      await queue.enqueue(marker)
      const worker = new Recorder()
      await second.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(marker.scanId)
      assert.equal(worker.times(entry.scanId), 1)
    })

    itWithQueue('removes what another process enqueued', async ({ queue, another }) => {
      const second = await another()
      const [dropped, kept] = [newEntry(), newEntry()]
      await queue.enqueue(dropped)
      await queue.enqueue(kept)
      await second.remove({ scanId: dropped.scanId })
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(kept.scanId)
      assert.equal(worker.times(dropped.scanId), 0)
    })
  })
  if (capabilities.durable) durableTests(context)
  if (capabilities.redelivers) redeliveryTests(context)
}

function durableTests({ test, itWithQueue }: QueueSuiteContext): void {
  test.describe('a durable queue', () => {
    itWithQueue('keeps what waits when it is closed', async ({ queue, another }) => {
      const entries = newEntries(3)
      for (const entry of entries) await queue.enqueue(entry)
      await queue.close()
      const next = await another()
      const worker = new Recorder()
      await next.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.until('all three', ({ deliveries }) => deliveries.length === 3)
      assert.deepEqual(worker.deliveries, entries)
    })

    itWithQueue('keeps what a closing worker put off', async ({ queue, another }) => {
      const entry = newEntry()
      const { passed, open } = gate()
      const leaving = new Recorder(async () => {
        await passed
        return later(0)
      })
      await queue.enqueue(entry)
      await queue.consume({ concurrency: 1, deliver: leaving.deliver })
      await leaving.untilDelivered(entry.scanId)
      const closing = queue.close()
      open()
      await closing
      const next = await another()
      const worker = new Recorder()
      await next.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(entry.scanId)
      assert.equal(leaving.deliveries.length, 1)
    })
  })
}

function redeliveryTests({ test, itWithQueue }: QueueSuiteContext): void {
  test.describe('a consumer that dies', () => {
    itWithQueue('leaves its entry to another', async ({ queue, doomed }) => {
      const entry = newEntry()
      await queue.enqueue(entry)
      const consumer = await doomed()
      assert.equal(await consumer.took, entry.scanId)
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await consumer.die()
      await worker.untilDelivered(entry.scanId)
      assert.deepEqual(worker.deliveries[0], entry)
    })
  })
}
