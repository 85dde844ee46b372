import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Scan, Storage } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addRunning,
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

export function leaseTests(context: SuiteContext): void {
  claimTests(context)
  renewTests(context)
  releaseTests(context)
  sweepTests(context)
}

function claimTests({ test: { describe, it }, storage }: SuiteContext): void {
  const claim = (scan: Scan, workerId = 'worker-1') => storage().work.claim({ scanId: scan.id, workerId, leaseMs, at })

  describe('work.claim', () => {
    it('makes a pending scan running, with attempt, owner, lease and event (R-10)', async () => {
      const scan = await addScan(storage(), await addTenant(storage()))
      const claimed = must(await claim(scan), 'claim')
      const lease = must(claimed.leaseExpiresAt, 'leaseExpiresAt')
      assert.deepEqual(claimed, {
        ...scan,
        status: 'running',
        attempt: 1,
        workerId: 'worker-1',
        leaseExpiresAt: lease,
        startedAt: at,
        lastSequence: 2,
      })
      assert.deepEqual(await reload(storage(), scan), claimed)
      const last = must((await eventsOf(storage(), scan)).at(-1), 'event')
      assert.deepEqual([last.type, last.attempt, last.sequence, last.at], ['scan.running', 1, 2, at])
      assert.equal(last.data.status, 'running')
    })

    it('gives a scan to one of many who claim it at once', async () => {
      const scan = await addScan(storage(), await addTenant(storage()))
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map((workerId) => claim(scan, workerId)))
      assert.equal(answers.filter((answer) => answer !== null).length, 1)
      assert.equal((await reload(storage(), scan)).attempt, 1)
      assert.equal((await eventsOf(storage(), scan)).length, 2)
    })

    it('runs one scan of an M365 tenant at a time (R-62)', async () => {
      const tenant = await addTenant(storage())
      const scans = await Promise.all([1, 2, 3, 4].map(() => addScan(storage(), tenant)))
      const answers = await Promise.all(scans.map((scan) => claim(scan)))
      const won = answers.filter((answer) => answer !== null)
      assert.equal(won.length, 1)
      const running = must(won[0], 'claim')
      const waiting = must(
        scans.find((scan) => scan.id !== running.id),
        'scan',
      )
      assert.equal(await claim(waiting), null)
      assert.equal((await reload(storage(), waiting)).status, 'pending')
      await storage().work.finish(finishOf(running))
      assert.equal((await claim(waiting))?.status, 'running')
    })

    it('runs scans of the same GUID under two platform tenants side by side', async () => {
      const first = await addTenant(storage())
      const second = await addTenant(storage(), { m365TenantId: first.m365TenantId })
      assert.notEqual(await claim(await addScan(storage(), first)), null)
      assert.notEqual(await claim(await addScan(storage(), second)), null)
    })

    it('answers null for what is not pending or not there', async () => {
      const running = await addRunning(storage())
      assert.equal(await claim(running, 'worker-2'), null)
      await storage().work.finish(finishOf(running))
      assert.equal(await claim(running), null)
      assert.equal(await claim({ ...running, id: randomUUID() }), null)
      assert.equal(await claim({ ...running, id: 'no-uuid' }), null)
    })
  })
}

function renewTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.renewLease', () => {
    it('moves the lease for its owner and nobody else (R-10)', async () => {
      const scan = await addRunning(storage())
      const renewal = { scanId: scan.id, attempt: 1, workerId: 'worker-1', leaseMs: leaseMs * 2 }
      assert.equal(await storage().work.renewLease({ ...renewal, workerId: 'worker-2' }), 'lost')
      assert.equal(await storage().work.renewLease({ ...renewal, attempt: 2 }), 'lost')
      assert.equal(await storage().work.renewLease({ ...renewal, scanId: randomUUID() }), 'lost')
      assert.deepEqual(await reload(storage(), scan), scan)
      assert.equal(await storage().work.renewLease(renewal), 'ok')
      const before = must(scan.leaseExpiresAt, 'lease')
      const after = must((await reload(storage(), scan)).leaseExpiresAt, 'lease')
      assert.ok(after > before, 'the lease ends later than before')
    })
  })

  describe('work.listPending', () => {
    it('gives pending scans of all platform tenants, oldest first', async () => {
      // Older than anything that other tests leave waiting.
      const times = [0, 1, 2].map((n) => new Date(Date.UTC(1990, 0, 1) + n))
      const scans: Scan[] = []
      for (const createdAt of times) scans.push(await addScan(storage(), await addTenant(storage()), { createdAt }))
      const mine = async (limit: number) =>
        (await storage().work.listPending({ limit }))
          .map((scan) => scan.id)
          .filter((id) => scans.some((s) => s.id === id))
      assert.deepEqual(
        await mine(1000),
        scans.map((scan) => scan.id),
      )
      assert.equal((await storage().work.listPending({ limit: 2 })).length, 2)
      await storage().work.claim({ scanId: must(scans[0], 'scan').id, workerId: 'worker-1', leaseMs, at })
      assert.deepEqual(
        await mine(1000),
        scans.slice(1).map((scan) => scan.id),
      )
    })
  })
}

function releaseTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('work.release', () => {
    it('gives the scan back; the next claim is the next attempt and keeps the first start', async () => {
      const running = await addRunning(storage())
      await storage().work.record(recordOf(running, { results: [sampleResult(running, '1.1.1')] }))
      const released = must(await storage().work.release({ scanId: running.id, attempt: 1, at }), 'release')
      assert.deepEqual(
        [released.status, released.attempt, released.workerId, released.leaseExpiresAt, released.counts.pass],
        ['pending', 1, null, null, 1],
      )
      assert.equal((await eventsOf(storage(), running)).at(-1)?.type, 'scan.requeued')
      assert.deepEqual(await storage().work.finishedControls({ scanId: running.id }), ['1.1.1'])
      const later = new Date(at.getTime() + 60_000)
      const claimed = await storage().work.claim({ scanId: running.id, workerId: 'worker-2', leaseMs, at: later })
      assert.deepEqual([claimed?.attempt, claimed?.workerId, claimed?.startedAt], [2, 'worker-2', at])
    })

    it('refuses the late attempt everything (R-14)', async () => {
      const first = await addRunning(storage())
      await storage().work.release({ scanId: first.id, attempt: 1, at })
      const parts = { results: [sampleResult(first, '1.1.1')], events: [sampleEvent()], progress: true }
      const attempts = async () => {
        assert.deepEqual(await storage().work.record(recordOf(first, parts)), { accepted: false, scan: null })
        assert.equal(await storage().work.finish(finishOf(first)), null)
        assert.equal(await storage().work.release({ scanId: first.id, attempt: 1, at }), null)
        const renewal = { scanId: first.id, attempt: 1, workerId: 'worker-1', leaseMs }
        assert.equal(await storage().work.renewLease(renewal), 'lost')
      }
      await attempts()
      const second = must(
        await storage().work.claim({ scanId: first.id, workerId: 'worker-1', leaseMs, at }),
        'second claim',
      )
      await attempts()
      assert.deepEqual(await reload(storage(), first), second)
      assert.deepEqual(await resultsOf(storage(), first), [])
    })
  })
}

/** Sweeps until this scan was swept: another test's sweep cannot take it, tests of one suite run one after the other. */
async function sweepUntil(storage: Storage, scan: Scan, maxAttempts: number): Promise<Scan> {
  for (let tries = 0; tries < 500; tries += 1) {
    const swept = (await storage.work.sweep({ maxAttempts, at })).find((changed) => changed.id === scan.id)
    if (swept) return swept
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('The lease never ended.')
}

function sweepTests({ test: { describe, it }, storage }: SuiteContext): void {
  const runBriefly = async (scan?: Scan) => {
    const pending = scan ?? (await addScan(storage(), await addTenant(storage())))
    return must(await storage().work.claim({ scanId: pending.id, workerId: 'worker-1', leaseMs: 1, at }), 'claim')
  }

  describe('work.sweep', () => {
    it('leaves scans alone whose lease is not over', async () => {
      const running = await addRunning(storage())
      const swept = await storage().work.sweep({ maxAttempts: 3, at })
      assert.equal(
        swept.some((scan) => scan.id === running.id),
        false,
      )
      assert.deepEqual(await reload(storage(), running), running)
    })

    it('gives a scan of a lost worker back, and the lost worker nothing more', async () => {
      const running = await runBriefly()
      await storage().work.record(recordOf(running, { results: [sampleResult(running, '1.1.3')] }))
      const swept = await sweepUntil(storage(), running, 3)
      assert.deepEqual([swept.status, swept.attempt, swept.workerId, swept.counts.pass], ['pending', 1, null, 1])
      assert.deepEqual(await reload(storage(), running), swept)
      assert.equal((await eventsOf(storage(), running)).at(-1)?.type, 'scan.requeued')
      const renewal = { scanId: running.id, attempt: 1, workerId: 'worker-1', leaseMs }
      assert.equal(await storage().work.renewLease(renewal), 'lost')
      assert.equal((await storage().work.record(recordOf(running, { events: [sampleEvent()] }))).accepted, false)
      assert.equal(await storage().work.finish(finishOf(running)), null)
    })

    it('cancels it when a cancel was asked for', async () => {
      const running = await runBriefly()
      const { platformTenantId, id: scanId } = running
      await storage().scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x' })
      const swept = await sweepUntil(storage(), running, 3)
      assert.equal(swept.status, 'cancelled')
      assert.equal(swept.counts.not_run, 4)
      assert.deepEqual(swept.completedAt, at)
      assert.equal((await eventsOf(storage(), running)).at(-1)?.type, 'scan.cancelled')
    })

    it('fails it as poison after the last attempt, with what it had found (R-15)', async () => {
      let running = await runBriefly()
      await storage().work.record(recordOf(running, { results: [sampleResult(running, '2.1.1', { status: 'fail' })] }))
      assert.equal((await sweepUntil(storage(), running, 2)).status, 'pending')
      running = await runBriefly(running)
      assert.equal(running.attempt, 2)
      const swept = await sweepUntil(storage(), running, 2)
      assert.deepEqual([swept.status, swept.failureReason], ['failed', 'poison'])
      assert.deepEqual([swept.counts.fail, swept.counts.not_run], [1, 3])
      assert.equal((await eventsOf(storage(), running)).at(-1)?.type, 'scan.failed')
      assert.equal(await storage().work.claim({ scanId: running.id, workerId: 'w', leaseMs, at }), null)
    })

    it('fails it as worker_lost when there is one attempt only', async () => {
      const swept = await sweepUntil(storage(), await runBriefly(), 1)
      assert.deepEqual([swept.status, swept.failureReason], ['failed', 'worker_lost'])
    })

    it('changes a scan once when two sweep at the same time', async () => {
      const running = await runBriefly()
      for (let tries = 0; ; tries += 1) {
        const answers = await Promise.all([1, 2, 3].map(() => storage().work.sweep({ maxAttempts: 3, at })))
        const swept = answers.flat().filter((scan) => scan.id === running.id)
        if (swept.length > 0 || tries > 500) {
          assert.equal(swept.length, 1)
          break
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      const requeued = (await eventsOf(storage(), running)).filter((event) => event.type === 'scan.requeued')
      assert.equal(requeued.length, 1)
    })
  })
}
