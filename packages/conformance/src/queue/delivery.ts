import assert from 'node:assert/strict'
import type { QueueSuiteContext } from './context.ts'
import { done, gate, newEntries, newEntry, Recorder } from './recorder.ts'

export function deliveryTests({ test: { describe }, itWithQueue, capabilities }: QueueSuiteContext): void {
  describe('delivery', () => {
    itWithQueue('delivers what waited before there was a consumer, and what came after', async ({ queue }) => {
      const [before, after] = [newEntry(), newEntry()]
      const worker = new Recorder()
      await queue.enqueue(before)
      await queue.consume({ concurrency: 2, deliver: worker.deliver })
      await worker.untilDelivered(before.scanId)
      await queue.enqueue(after)
      await worker.untilDelivered(after.scanId)
      assert.deepEqual(worker.deliveries, [before, after])
    })

    itWithQueue('keeps an entry as it was handed in', async ({ queue }) => {
      const entry = newEntry()
      const asItWas = { ...entry }
      const worker = new Recorder()
      await queue.enqueue(entry)
      entry.platformTenantId = 'changed by the caller'
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(asItWas.scanId)
      assert.deepEqual(worker.deliveries, [asItWas])
    })

    itWithQueue('delivers as many at once as it may, and never more', async ({ queue }) => {
      const { passed, open } = gate()
      const worker = new Recorder(async () => {
        await passed
        return done
      })
      const entries = newEntries(12)
      for (const entry of entries) await queue.enqueue(entry)
      await queue.consume({ concurrency: 3, deliver: worker.deliver })
      await worker.until('three under way', ({ running }) => running === 3)
      open()
      await worker.until('all twelve', ({ deliveries, running }) => deliveries.length === 12 && running === 0)
      assert.equal(worker.mostAtOnce, 3)
    })

    itWithQueue('goes on beside a delivery that takes long', async ({ queue }) => {
      const slow = newEntry()
      const { passed, open } = gate()
      const worker = new Recorder(async ({ scanId }) => {
        if (scanId === slow.scanId) await passed
        return done
      })
      await queue.enqueue(slow)
      await queue.consume({ concurrency: 2, deliver: worker.deliver })
      await worker.untilDelivered(slow.scanId)
      for (const entry of newEntries(5)) await queue.enqueue(entry)
      await worker.until('the five others', ({ deliveries, running }) => deliveries.length === 6 && running === 1)
      open()
    })

    itWithQueue('keeps the order roughly', async ({ queue }) => {
      const entries = newEntries(50)
      for (const entry of entries) await queue.enqueue(entry)
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.until('all fifty', ({ deliveries }) => deliveries.length === 50)
      const place = new Map(entries.map(({ scanId }, i) => [scanId, i]))
      for (const [i, { scanId }] of worker.deliveries.entries()) {
        const moved = Math.abs(i - (place.get(scanId) ?? Number.NaN))
        assert.ok(moved <= 10, `an entry was moved by ${moved} places`)
      }
    })

    itWithQueue('brings a thousand entries through, each once', async ({ queue }) => {
      const entries = newEntries(1_000)
      for (let i = 0; i < entries.length; i += 50) {
        await Promise.all(entries.slice(i, i + 50).map((entry) => queue.enqueue(entry)))
      }
      const worker = new Recorder()
      await queue.consume({ concurrency: 4, deliver: worker.deliver })
      await worker.until('all thousand', ({ deliveries, running }) => deliveries.length >= 1_000 && running === 0)
      assert.deepEqual(worker.deliveries.map(({ scanId }) => scanId).sort(), entries.map(({ scanId }) => scanId).sort())
    })

    if (capabilities.copies) {
      itWithQueue('delivers copies: what the worker does to one shows nowhere', async ({ queue }) => {
        const entry = newEntry()
        const worker = new Recorder((delivered, nth) => {
          delivered.platformTenantId = 'changed by the worker'
          return nth === 1 ? { kind: 'later', delayMs: 0 } : done
        })
        await queue.enqueue(entry)
        await queue.consume({ concurrency: 1, deliver: worker.deliver })
        await worker.untilDelivered(entry.scanId, 2)
        assert.deepEqual(worker.deliveries, [entry, entry])
      })
    }

    itWithQueue('has one consumer', async ({ queue }) => {
      await queue.consume({ concurrency: 1, deliver: async () => done })
      await assert.rejects(queue.consume({ concurrency: 1, deliver: async () => done }), { code: 'conflict' })
    })
  })

  describe('enqueue', () => {
    itWithQueue('is idempotent while the entry waits', async ({ queue }) => {
      const [entry, marker] = [newEntry(), newEntry()]
      await Promise.all([queue.enqueue(entry), queue.enqueue({ ...entry }), queue.enqueue({ ...entry })])
      await queue.enqueue({ ...entry })
      await queue.enqueue(marker)
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(marker.scanId)
      assert.equal(worker.times(entry.scanId), 1)
    })

    itWithQueue('takes an entry again that is spent', async ({ queue }) => {
      const entry = newEntry()
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await queue.enqueue(entry)
      await worker.until('the first', ({ deliveries, running }) => deliveries.length === 1 && running === 0)
      await queue.enqueue(entry)
      await worker.untilDelivered(entry.scanId, 2)
    })

    itWithQueue('loses no entry that comes while its like is under way', async ({ queue }) => {
      const entry = newEntry()
      const { passed, open } = gate()
      const worker = new Recorder(async () => {
        await passed
        return done
      })
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await queue.enqueue(entry)
      await worker.untilDelivered(entry.scanId)
      await queue.enqueue(entry)
      open()
      await worker.untilDelivered(entry.scanId, 2)
    })
  })
}
