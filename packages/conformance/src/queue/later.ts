import assert from 'node:assert/strict'
import type { QueueSuiteContext } from './context.ts'
import { done, later, newEntry, Recorder } from './recorder.ts'

export function laterTests({ test: { describe }, itWithQueue }: QueueSuiteContext): void {
  describe('later', () => {
    itWithQueue('delivers again, not before the time', async ({ queue }) => {
      const entry = newEntry()
      const at: number[] = []
      const worker = new Recorder((_, nth) => {
        at.push(performance.now())
        return nth === 1 ? later(700) : done
      })
      await queue.enqueue(entry)
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(entry.scanId, 2)
      const [first = 0, second = 0] = at
      // A little less: the clocks of timers, database and process tick differently.
      assert.ok(second - first >= 600, `came back after ${second - first} ms`)
    })

    itWithQueue('may be said again and again', async ({ queue }) => {
      const entry = newEntry()
      const worker = new Recorder((_, nth) => (nth < 5 ? later(0) : done))
      await queue.enqueue(entry)
      await queue.consume({ concurrency: 2, deliver: worker.deliver })
      await worker.until('the fifth', ({ deliveries, running }) => deliveries.length === 5 && running === 0)
      assert.deepEqual(worker.overlapping, [])
    })

    itWithQueue('frees the place for others meanwhile', async ({ queue }) => {
      const [put, other] = [newEntry(), newEntry()]
      const worker = new Recorder(({ scanId }, nth) => (scanId === put.scanId && nth === 1 ? later(3_000) : done))
      await queue.enqueue(put)
      await queue.enqueue(other)
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(other.scanId)
      await worker.untilDelivered(put.scanId, 2)
    })

    itWithQueue('counts as waiting: enqueue adds nothing', async ({ queue }) => {
      const [entry, marker] = [newEntry(), newEntry()]
      const worker = new Recorder(({ scanId }, nth) => (scanId === entry.scanId && nth === 1 ? later(1_000) : done))
      await queue.enqueue(entry)
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.until('the first', ({ deliveries, running }) => deliveries.length === 1 && running === 0)
      // The outcome is on its way into the queue; a second entry shows that it has arrived.
      const before = newEntry()
      await queue.enqueue(before)
      await worker.untilDelivered(before.scanId)
      await queue.enqueue(entry)
      await queue.enqueue(entry)
      await worker.untilDelivered(entry.scanId, 2)
      await queue.enqueue(marker)
      await worker.untilDelivered(marker.scanId)
      assert.equal(worker.times(entry.scanId), 2)
    })
  })
}
