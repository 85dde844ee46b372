import assert from 'node:assert/strict'
import type { StorageSuiteOptions, SuiteContext } from './context.ts'
import { addRunning, addTenant, recordOf, sampleEvent } from './samples.ts'

/** How long a hint may take before the test gives up on it. */
const patienceMs = 10_000

export function lifecycleTests(context: SuiteContext, options: StorageSuiteOptions): void {
  const { storage, capabilities } = context
  const { describe, it } = context.test
  describe('life of a storage', () => {
    it('migrates again and again without harm', async () => {
      const tenant = await addTenant(storage())
      await Promise.all([storage().migrate(), storage().migrate()])
      const { platformTenantId, id } = tenant
      assert.deepEqual(await storage().m365Tenants.get({ platformTenantId, id }), tenant)
    })

    it('says that it is well', async () => {
      const { ok, detail } = await storage().health()
      assert.equal(ok, true, detail)
      assert.equal(typeof storage().name, 'string')
    })

    it('closes twice without harm', async () => {
      const made = await options.make()
      await made.storage.close()
      await made.storage.close()
      await made.close()
    })
  })

  if (!capabilities.listen) return
  describe('listen', () => {
    it('tells of growth until it is stopped', async () => {
      const listen = storage().listen
      assert.ok(listen, 'the backend declares listen and has none')
      const scan = await addRunning(storage())
      const hints: number[] = []
      let heard = () => {}
      const until = (sequence: number) =>
        new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`No hint of ${sequence}; heard ${hints}.`)), patienceMs)
          heard = () => {
            if (Math.max(...hints) < sequence) return
            clearTimeout(timer)
            resolve()
          }
        })
      const stop = await listen.call(storage(), ({ scanId, sequence }) => {
        if (scanId !== scan.id) return
        hints.push(sequence)
        heard()
      })
      const second = until(4)
      await storage().work.record(recordOf(scan, { events: [sampleEvent(), sampleEvent()] }))
      await second
      await stop()
      hints.length = 0
      // A listener of its own shows that the next hint went round; the stopped one must not have heard it.
      const other: number[] = []
      const stopOther = await listen.call(storage(), ({ scanId, sequence }) => {
        if (scanId === scan.id) other.push(sequence)
      })
      await storage().work.record(recordOf(scan, { events: [sampleEvent()] }))
      for (let tries = 0; other.length === 0 && tries < patienceMs / 10; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      await stopOther()
      assert.ok(other.includes(5))
      assert.deepEqual(hints, [])
    })
  })
}
