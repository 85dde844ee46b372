import assert from 'node:assert/strict'
import { isTerminal, type ResultCounts, resultStatuses, type Scan, type Storage } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addScan,
  addTenant,
  at,
  eventsOf,
  finishOf,
  leaseMs,
  must,
  recordOf,
  reload,
  resultsOf,
  sampleEvent,
  sampleResult,
} from './samples.ts'

/** Small and seeded: a failure can be run again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export function randomTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('any order of calls', () => {
    for (const seed of [1, 2, 3]) {
      it(`leaves scans that add up (seed ${seed})`, async () => {
        const random = randomOf(seed)
        const tenant = await addTenant(storage())
        const scans = [await addScan(storage(), tenant), await addScan(storage(), tenant)]
        const ended = new Map<string, Scan>()
        for (let step = 0; step < 60; step += 1) {
          // Two calls at once, so that they also meet.
          await Promise.all([1, 2].map(() => call(storage(), must(scans[random(2)], 'scan'), random)))
          const now = await Promise.all(scans.map((scan) => reload(storage(), scan)))
          assert.ok(now.filter((scan) => scan.status === 'running').length <= 1, 'one running scan per M365 tenant')
          for (const scan of now) {
            const end = ended.get(scan.id)
            if (end) assert.deepEqual(scan, end, 'an ended scan never changes')
            else if (isTerminal(scan.status)) ended.set(scan.id, scan)
          }
        }
        for (const scan of scans) await addsUp(storage(), scan)
      })
    }
  })
}

/** One call with an attempt that is right, too low or too high. */
async function call(storage: Storage, scan: Scan, random: (below: number) => number): Promise<unknown> {
  const { platformTenantId, id: scanId } = scan
  const attempt = (await reload(storage, scan)).attempt + (random(4) === 0 ? random(3) - 1 : 0)
  const control = must(scan.plannedControls[random(4)], 'control')
  const status = must(resultStatuses[random(6)], 'status')
  const parts = { attempt, results: [sampleResult(scan, control, { status })], events: [sampleEvent()] }
  switch (random(16)) {
    case 0:
      return storage.work.release({ scanId, attempt, at })
    case 1:
      return storage.work.finish(finishOf(scan, { attempt, status: random(2) === 0 ? 'failed' : 'completed' }))
    case 2:
      return random(4) === 0 ? storage.scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x' }) : null
    case 3:
      return storage.work.renewLease({ scanId, attempt, workerId: 'w', leaseMs })
    case 4:
    case 5:
    case 6:
    case 7:
      return storage.work.claim({ scanId, workerId: 'w', leaseMs, at })
    default:
      return storage.work.record(recordOf(scan, { ...parts, progress: random(2) === 0 }))
  }
}

async function addsUp(storage: Storage, { id, platformTenantId }: Scan): Promise<void> {
  const scan = must(await storage.scans.get({ platformTenantId, scanId: id }), 'scan')
  const counted: ResultCounts = { pass: 0, fail: 0, manual: 0, not_applicable: 0, error: 0, not_run: 0 }
  for (const result of await resultsOf(storage, scan)) counted[result.status] += 1
  assert.deepEqual(scan.counts, counted)
  const log = await eventsOf(storage, scan)
  assert.deepEqual(
    log.map((event) => event.sequence),
    Array.from({ length: scan.lastSequence }, (_, i) => i + 1),
  )
  if (!isTerminal(scan.status)) return
  assert.equal(log.filter((event) => event.type === `scan.${scan.status}`).length, 1)
  assert.equal((await resultsOf(storage, scan)).length, scan.plannedControls.length)
}
