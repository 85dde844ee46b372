import assert from 'node:assert/strict'
import type { QueueSuiteContext } from './context.ts'
import { done, gate, newEntries, newEntry, pause, Recorder } from './recorder.ts'

/** Long enough for a delivery that should not be to show itself. */
const quietMs = 1_500

export function closeTests({ test: { describe }, itWithQueue }: QueueSuiteContext): void {
  describe('close', () => {
    itWithQueue('waits for what is under way, and delivers nothing more', async ({ queue }) => {
      const entries = newEntries(6)
      const { passed, open } = gate()
      const worker = new Recorder(async () => {
        await passed
        return done
      })
      for (const entry of entries) await queue.enqueue(entry)
      await queue.consume({ concurrency: 2, deliver: worker.deliver })
      await worker.until('two under way', ({ running }) => running === 2)
      let closed = false
      const closing = queue.close().then(() => {
        closed = true
      })
      await pause(200)
      assert.equal(closed, false)
      open()
      await closing
      assert.equal(worker.running, 0)
      const delivered = worker.deliveries.length
      assert.equal(delivered, 2)
      await pause(quietMs)
      assert.equal(worker.deliveries.length, delivered)
    })

    itWithQueue('closes twice, and without ever having been used', async ({ queue }) => {
      await Promise.all([queue.close(), queue.close()])
      await queue.close()
    })

    itWithQueue('closes with nothing to do', async ({ queue }) => {
      await queue.consume({ concurrency: 2, deliver: async () => done })
      await queue.close()
    })

    itWithQueue('is well until then, where it says how it is', async ({ queue }) => {
      if (!queue.health) return
      const { ok, detail } = await queue.health()
      assert.equal(ok, true, detail)
      await queue.close()
      assert.equal((await queue.health()).ok, false)
    })

    itWithQueue('takes no entry afterwards, and says so', async ({ queue }) => {
      await queue.enqueue(newEntry())
      await queue.close()
      await assert.rejects(queue.enqueue(newEntry()), { code: 'closed' })
      await queue.remove({ scanId: newEntry().scanId })
    })
  })
}
