import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { attached, latch } from '../../test/fixture.ts'
import { done, type Script } from '../../test/scripted-runner.ts'
import type { Queue } from '../queue/queue.ts'
import type { PlatformTenantScope, Tenantscope, TenantscopeOptions } from '../tenantscope.ts'

const open: Tenantscope[] = []
afterEach(async () => {
  for (const tenantscope of open.splice(0)) await tenantscope.close()
})

async function working(script: Script, options: Partial<TenantscopeOptions> = {}) {
  const fixture = await attached(script, options)
  open.push(fixture.tenantscope)
  return fixture
}

/** A scan of an M365 tenant of its own, so that no scan has to wait for another one. */
async function startScan(scope: PlatformTenantScope) {
  const tenant = await scope.m365Tenants.register({
    m365TenantId: randomUUID(),
    name: 'Contoso',
    defaultDomain: 'contoso.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId: randomUUID(), clientSecret: 'a-secret-value' },
  })
  return scope.scans.start({ m365TenantId: tenant.id })
}

/** A run that lasts until the test ends it. */
function heldRuns() {
  const running = new Map<string, () => void>()
  const order: string[] = []
  const script: Script = async function* ({ job }) {
    const hold = latch()
    order.push(job.scanId)
    running.set(job.scanId, hold.open)
    await hold.promise
    running.delete(job.scanId)
    yield done()
  }
  const endOldest = () => [...running.values()][0]?.()
  return { running, order, script, endOldest, endAll: () => [...running.values()].forEach((end) => void end()) }
}

describe('turns of platform tenants (R-62)', () => {
  it('starts the one scan of B with the next slot, before the hundred of A', async () => {
    const runs = heldRuns()
    const { tenantscope } = await working(runs.script, { worker: { concurrency: 4, sweepMs: 60_000 } })
    const a = tenantscope.forPlatformTenant('a', { actor: 'ann' })
    const b = tenantscope.forPlatformTenant('b', { actor: 'bob' })
    for (let i = 0; i < 100; i += 1) await startScan(a)
    await expect.poll(() => runs.running.size).toBe(4)
    const only = await startScan(b)
    runs.endOldest()
    await expect.poll(() => runs.order.length).toBe(5)
    expect(runs.order[4]).toBe(only.id)
    // And A's go on, all of them, each once.
    const ending = setInterval(runs.endAll, 1)
    await expect
      .poll(async () => (await a.scans.list({ status: 'completed' })).data.length, { timeout: 20_000 })
      .toBe(50)
    await expect.poll(() => runs.order.length, { timeout: 20_000 }).toBe(101)
    clearInterval(ending)
    runs.endAll()
    expect(new Set(runs.order).size).toBe(101)
  })

  it('takes turns with one slot too, and runs every scan once: an entry is a right to one run', async () => {
    const runs = heldRuns()
    const { tenantscope } = await working(runs.script, { worker: { concurrency: 1, sweepMs: 60_000 } })
    const a = tenantscope.forPlatformTenant('a', { actor: 'ann' })
    const first = await startScan(a)
    await expect.poll(() => runs.order).toEqual([first.id])
    const ofA = [await startScan(a), await startScan(a)]
    const ofB = await startScan(tenantscope.forPlatformTenant('b', { actor: 'bob' }))
    for (const expected of [2, 3, 4]) {
      runs.endOldest()
      await expect.poll(() => runs.order.length).toBe(expected)
    }
    runs.endAll()
    expect(runs.order.slice(0, 2)).toEqual([first.id, ofB.id])
    // Started within one millisecond, neither of A's two is the older one.
    expect(runs.order.slice(2).sort()).toEqual(ofA.map((scan) => scan.id).sort())
    await expect.poll(async () => (await a.scans.list({ status: 'completed' })).data.length).toBe(3)
  })
})

describe('slots (R-63)', () => {
  it('never runs more than its slots, with fifty scans waiting', async () => {
    let most = 0
    const { scope, runner, tenantscope } = await working(
      async function* () {
        most = Math.max(most, runner.open)
        await new Promise((resolve) => setTimeout(resolve, 2))
        yield done()
      },
      { worker: { concurrency: 3, sweepMs: 20 } },
    )
    const scopes = [scope, tenantscope.forPlatformTenant('msp-2', { actor: 'ann' })]
    const scans = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const owner = scopes[i % 2] as PlatformTenantScope
        return { owner, scan: await startScan(owner) }
      }),
    )
    for (const { owner, scan } of scans) {
      expect(await owner.scans.finished(scan.id)).toMatchObject({ status: 'completed', attempt: 1 })
    }
    expect(most).toBe(3)
    expect(runner.jobs).toHaveLength(50)
  })
})

describe('sweep', () => {
  it('hands in a bounded number of entries, and all scans run', async () => {
    const before = await working(async function* () {}, { worker: false })
    for (let i = 0; i < 230; i += 1) await startScan(before.scope)
    const entries: string[] = []
    const recording: Queue = {
      enqueue: async ({ scanId }) => void entries.push(scanId),
      consume: async () => {},
      remove: async () => {},
      close: async () => {},
    }
    const storage = { ...before.storage, close: async () => {} }
    await working(async function* () {}, { storage, queue: recording, worker: { sweepMs: 60_000 } })
    await expect.poll(() => entries.length).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(new Set(entries).size).toBe(200)
    const running = await working(
      async function* () {
        yield done()
      },
      { storage, worker: { concurrency: 4, sweepMs: 10 } },
    )
    const left = async () => (await running.scope.scans.list({ status: 'pending' })).data.length
    await expect.poll(left, { timeout: 20_000 }).toBe(0)
    await expect.poll(() => running.runner.jobs.length).toBe(230)
  })
})
