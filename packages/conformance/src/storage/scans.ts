import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type M365Tenant, type SqlTransaction, stateEvent } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { auditOf, sampleAudit } from './later-samples.ts'
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
  sampleScan,
  sampleTenant,
} from './samples.ts'

const everyScan = { m365TenantId: null, status: null, since: null, cursor: null, limit: 50 }

export function scanTests(context: SuiteContext): void {
  const { test, storage } = context
  const { describe, it } = test
  describe('scans', () => {
    it('stores a scan with its first event in one step', async () => {
      const tenant = await addTenant(storage())
      const scan = sampleScan(tenant, {
        options: { level: null, profile: 'E5-L2', controlIds: ['1.1.1', '2.1.1'], outputFormat: 'csv' },
      })
      const event = stateEvent(scan, scan.createdAt)
      const stored = await storage().scans.insert({ scan, event })
      assert.deepEqual(stored, { ...scan, lastSequence: 1 })
      assert.deepEqual(await reload(storage(), scan), stored)
      assert.deepEqual(await eventsOf(storage(), scan), [{ ...event, scanId: scan.id, sequence: 1, attempt: 0 }])
    })

    it('stores neither scan nor event without the M365 tenant', async () => {
      const { platformTenantId } = await addTenant(storage())
      const scan = sampleScan(sampleTenant(platformTenantId))
      assert.equal(await storage().scans.insert({ scan, event: sampleEvent() }), null)
      assert.equal(await storage().scans.get({ platformTenantId, scanId: scan.id }), null)
      assert.deepEqual(await eventsOf(storage(), scan), [])
    })

    it('S-51: takes no more pending scans of a platform tenant than the limit, also when many come at once', async () => {
      const tenants = [await addTenant(storage())]
      const { platformTenantId } = must(tenants[0], 'tenant')
      tenants.push(await addTenant(storage(), { platformTenantId }))
      const start = (tenant: M365Tenant, maxPending: number | null) => {
        const scan = sampleScan(tenant)
        return storage().scans.insert({ scan, event: stateEvent(scan, at), maxPending })
      }
      const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => start(must(tenants[i % 2], 'tenant'), 3)))
      const stored = answers.filter((answer) => answer !== 'limit_reached' && answer !== null)
      assert.equal(stored.length, 3)
      assert.equal(answers.filter((answer) => answer === 'limit_reached').length, 5)
      const page = await storage().scans.list({ platformTenantId, ...everyScan })
      assert.equal(page.data.length, 3)
      // What runs or has ended does not count, nor do others' scans.
      await storage().work.claim({ scanId: must(page.data[0], 'scan').id, workerId: 'w', leaseMs, at })
      assert.notEqual(await start(must(tenants[0], 'tenant'), 3), 'limit_reached')
      assert.equal(await start(must(tenants[0], 'tenant'), 3), 'limit_reached')
      assert.notEqual(await start(await addTenant(storage()), 1), 'limit_reached')
      assert.notEqual(await start(must(tenants[0], 'tenant'), null), 'limit_reached')
      assert.equal(await start(sampleTenant(platformTenantId), 3), null)
    })

    it('stores a scan together with what happens alongside, or neither', async () => {
      // What has no SQL transactions to share does not take it.
      if ((await storage().databaseIdentity?.()) == null) return
      const tenant = await addTenant(storage())
      const { platformTenantId } = tenant
      const insert = (alongside: (transaction: SqlTransaction) => Promise<void>) => {
        const scan = sampleScan(tenant)
        const audit = sampleAudit(platformTenantId)
        return storage().scans.insert({ scan, event: stateEvent(scan, at), audit, alongside })
      }
      const rows: unknown[] = []
      const stored = await insert(async (transaction) => {
        const answer = await transaction.execute('select $1::text as word, $2::int + 1 as number', ['ä', 41])
        rows.push(...answer.rows)
      })
      assert.deepEqual(rows, [{ word: 'ä', number: 42 }])
      const refusals: ((transaction: SqlTransaction) => Promise<void>)[] = [
        () => Promise.reject(new Error('on purpose')),
        async (transaction) => void (await transaction.execute('select 1/0', [])),
        async (transaction) => void (await transaction.execute('select 1/0', []).catch(() => {})),
      ]
      for (const alongside of refusals) await assert.rejects(insert(alongside))
      const page = await storage().scans.list({ platformTenantId, ...everyScan })
      assert.deepEqual(page.data, [stored])
      assert.equal((await auditOf(storage(), platformTenantId)).length, 1)
    })

    it('lists newest first, by M365 tenant, status and since', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId } = tenant
      const other = await addTenant(storage(), { platformTenantId })
      const days = [1, 2, 3].map((day) => new Date(`2026-05-0${day}T00:00:00.000Z`))
      const [a, b, c] = await Promise.all([
        addScan(storage(), tenant, { createdAt: must(days[0], 'day') }),
        addScan(storage(), tenant, { createdAt: must(days[1], 'day') }),
        addScan(storage(), other, { createdAt: must(days[2], 'day') }),
      ])
      await storage().work.claim({ scanId: b.id, workerId: 'w', leaseMs, at })
      const ids = async (filters: Partial<Parameters<ReturnType<typeof storage>['scans']['list']>[0]>) => {
        const all = { platformTenantId, m365TenantId: null, status: null, since: null, cursor: null, limit: 50 }
        return (await storage().scans.list({ ...all, ...filters })).data.map((scan) => scan.id)
      }
      assert.deepEqual(await ids({}), [c.id, b.id, a.id])
      assert.deepEqual(await ids({ m365TenantId: tenant.id }), [b.id, a.id])
      assert.deepEqual(await ids({ m365TenantId: randomUUID() }), [])
      assert.deepEqual(await ids({ status: 'running' }), [b.id])
      assert.deepEqual(await ids({ since: b.createdAt }), [c.id, b.id])
      assert.deepEqual(await ids({ since: new Date(b.createdAt.getTime() + 1), status: 'pending' }), [c.id])
    })
  })
  cancelTests(context)
}

function cancelTests({ test: { describe, it }, storage }: SuiteContext): void {
  const cancel = (scan: { platformTenantId: string; id: string }, when = at) =>
    storage().scans.requestCancel({
      platformTenantId: scan.platformTenantId,
      scanId: scan.id,
      at: when,
      notRunMessage: 'Cancelled before it began.',
    })

  describe('scans.requestCancel', () => {
    it('ends a pending scan at once, every planned control not_run', async () => {
      const scan = await addScan(storage(), await addTenant(storage()))
      const cancelled = must(await cancel(scan), 'requestCancel')
      assert.equal(cancelled.status, 'cancelled')
      assert.deepEqual(cancelled.completedAt, at)
      assert.deepEqual(cancelled.counts, { ...scan.counts, not_run: 4 })
      const results = await resultsOf(storage(), scan)
      assert.deepEqual(
        results.map((result) => [result.controlId, result.status, result.reasonCode, result.message]),
        scan.plannedControls.map((id) => [id, 'not_run', 'cancelled', 'Cancelled before it began.']),
      )
      const events = await eventsOf(storage(), scan)
      assert.equal(events.at(-1)?.type, 'scan.cancelled')
      assert.equal(events.at(-1)?.data.status, 'cancelled')
      assert.deepEqual(await reload(storage(), scan), cancelled)
      assert.equal(await storage().work.claim({ scanId: scan.id, workerId: 'w', leaseMs, at }), null)
    })

    it('keeps what a requeued scan had found', async () => {
      const running = await addRunning(storage())
      await storage().work.record(recordOf(running, { results: [sampleResult(running, '1.1.3')] }))
      await storage().work.release({ scanId: running.id, attempt: 1, at })
      const cancelled = must(await cancel(running), 'requestCancel')
      assert.deepEqual(cancelled.counts, { ...running.counts, pass: 1, not_run: 3 })
    })

    it('asks the worker of a running scan, once', async () => {
      const running = await addRunning(storage())
      const renewal = { scanId: running.id, attempt: 1, workerId: 'worker-1', leaseMs }
      assert.equal(await storage().work.renewLease(renewal), 'ok')
      const asked = must(await cancel(running), 'requestCancel')
      assert.equal(asked.status, 'running')
      assert.deepEqual(asked.cancelRequestedAt, at)
      const again = must(await cancel(running, new Date(at.getTime() + 5000)), 'requestCancel')
      assert.deepEqual(again.cancelRequestedAt, at)
      assert.equal(await storage().work.renewLease(renewal), 'cancel')
      const taken = await storage().work.record(recordOf(running, { results: [sampleResult(running, '1.1.1')] }))
      assert.equal(taken.accepted, true)
      const ended = await storage().work.finish(finishOf(running, { status: 'cancelled' }))
      assert.equal(ended?.status, 'cancelled')
    })

    it('changes nothing of a scan that has ended', async () => {
      const running = await addRunning(storage())
      const ended = must(await storage().work.finish(finishOf(running)), 'finish')
      const events = await eventsOf(storage(), running)
      assert.deepEqual(await cancel(running), ended)
      assert.deepEqual(await eventsOf(storage(), running), events)
    })

    it('answers null for a scan that is not there', async () => {
      const { platformTenantId } = await addTenant(storage())
      assert.equal(await cancel({ platformTenantId, id: randomUUID() }), null)
      assert.equal(await cancel({ platformTenantId, id: 'no-uuid' }), null)
    })
  })
}
