import assert from 'node:assert/strict'
import type { QueueSuiteContext } from './context.ts'
import { done, gate, later, newEntry, Recorder } from './recorder.ts'

export function removeTests({ test: { describe }, itWithQueue }: QueueSuiteContext): void {
  describe('remove', () => {
    itWithQueue('drops a waiting entry and no other', async ({ queue }) => {
      const [dropped, kept] = [newEntry(), newEntry()]
      await queue.enqueue(dropped)
      await queue.enqueue(kept)
      await queue.remove({ scanId: dropped.scanId })
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(kept.scanId)
      assert.equal(worker.times(dropped.scanId), 0)
    })

    itWithQueue('drops an entry that was put off', async ({ queue }) => {
      const [dropped, longer] = [newEntry(), newEntry()]
      const worker = new Recorder(({ scanId }, nth) => {
        if (nth > 1) return done
        return later(scanId === dropped.scanId ? 1_000 : 2_500)
      })
      await queue.enqueue(dropped)
      await queue.enqueue(longer)
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(longer.scanId)
      await queue.remove({ scanId: dropped.scanId })
      await worker.untilDelivered(longer.scanId, 2)
      assert.equal(worker.times(dropped.scanId), 1)
    })

    itWithQueue('does nothing to what is not there, or under way', async ({ queue }) => {
      const entry = newEntry()
      const { passed, open } = gate()
      const worker = new Recorder(async () => {
        await passed
        return done
      })
      await queue.remove({ scanId: newEntry().scanId })
      await queue.enqueue(entry)
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(entry.scanId)
      await queue.remove({ scanId: entry.scanId })
      assert.equal(worker.running, 1)
      open()
      await worker.until('the end', ({ running }) => running === 0)
    })

    itWithQueue('lets the same scan wait again', async ({ queue }) => {
      const entry = newEntry()
      await queue.enqueue(entry)
      await queue.remove({ scanId: entry.scanId })
      await queue.enqueue(entry)
      const worker = new Recorder()
      await queue.consume({ concurrency: 1, deliver: worker.deliver })
      await worker.untilDelivered(entry.scanId)
    })
  })
}
