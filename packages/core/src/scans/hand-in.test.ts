import { describe, expect, it } from 'vitest'
import { attached, guid, started } from '../../test/fixture.ts'
import { done } from '../../test/scripted-runner.ts'
import { inProcessQueue } from '../queue/in-process-queue.ts'
import type { Queue } from '../queue/queue.ts'
import { memoryStorage } from '../storage/memory/memory-storage.ts'
import type { Storage } from '../storage/storage.ts'

async function* quick() {
  yield done()
}

describe('pending scans', () => {
  it('S-51: are no more than the limit of a platform tenant, and room comes back', async () => {
    const options = { worker: false as const, limits: { pendingScansPerPlatformTenant: 2 } }
    const { tenantscope, scope, tenant } = await started(quick, options)
    const start = () => scope.scans.start({ m365TenantId: tenant.id })
    const first = await start()
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'limit_reached', retryable: true })
    expect((await scope.scans.list()).data).toHaveLength(2)
    expect((await scope.audit.list({ action: 'scan.started' })).data).toHaveLength(2)
    const other = tenantscope.forPlatformTenant('msp-2', { actor: 'bob' })
    const theirs = await other.m365Tenants.register({
      m365TenantId: guid,
      name: 'Fabrikam',
      defaultDomain: 'fabrikam.onmicrosoft.com',
      credential: { kind: 'client_secret', clientId: guid, clientSecret: 'a-secret-value' },
    })
    await other.scans.start({ m365TenantId: theirs.id })
    await scope.scans.cancel(first.id)
    await start()
    await tenantscope.close()
  })

  it.each([0, 1.5, Number.NaN])('refuse a limit of %s', async (pendingScansPerPlatformTenant) => {
    await expect(attached(quick, { limits: { pendingScansPerPlatformTenant } })).rejects.toMatchObject({
      errors: [{ pointer: '/limits/pendingScansPerPlatformTenant' }],
    })
  })
})

describe('a new scan', () => {
  /** A storage and a queue that say where they live, and what was done with the queue. */
  const housed = (mine: string | null, its: string | null) => {
    const memory = memoryStorage()
    const calls: string[] = []
    let refuse = false
    const transaction = { execute: async () => ({ rows: [] }) }
    const storage: Storage = {
      ...memory,
      databaseIdentity: async () => mine,
      scans: {
        ...memory.scans,
        insert: async ({ alongside, ...scan }) => {
          await alongside?.(transaction)
          return memory.scans.insert(scan)
        },
      },
    }
    const queue: Queue = {
      ...inProcessQueue(),
      databaseIdentity: async () => its,
      enqueue: async () => void calls.push('after'),
      enqueueWithin: async (params) => {
        calls.push(params.transaction === transaction ? 'within' : 'elsewhere')
        if (refuse) throw new Error('on purpose')
      },
    }
    return { storage, queue, calls, refuse: () => (refuse = true), allow: () => (refuse = false) }
  }

  it.each([
    ['db-1', 'db-1', 'within'],
    ['db-1', 'db-2', 'after'],
    ['db-1', null, 'after'],
    [null, null, 'after'],
  ])('is enqueued with the row only in one database: %s, %s', async (mine, its, expected) => {
    const { storage, queue, calls } = housed(mine, its)
    const { tenantscope, scope, tenant } = await started(quick, { storage, queue, worker: false })
    await scope.scans.start({ m365TenantId: tenant.id })
    expect(calls).toEqual([expected])
    await tenantscope.close()
  })

  it('is enqueued afterwards where the queue refuses, which is not tried for ever', async () => {
    const { storage, queue, calls, refuse, allow } = housed('db-1', 'db-1')
    const { tenantscope, scope, tenant } = await started(quick, { storage, queue, worker: false })
    const start = () => scope.scans.start({ m365TenantId: tenant.id })
    refuse()
    for (let i = 0; i < 2; i += 1) await start()
    allow()
    await start()
    expect(calls).toEqual(['within', 'after', 'within', 'after', 'within'])
    refuse()
    for (let i = 0; i < 4; i += 1) await start()
    expect(calls.slice(5)).toEqual(['within', 'after', 'within', 'after', 'within', 'after', 'after'])
    expect((await scope.scans.list()).data).toHaveLength(7)
    await tenantscope.close()
  })
})

describe('health', () => {
  it('tells of the queue too', async () => {
    const { tenantscope } = await started(quick)
    expect(await tenantscope.health()).toMatchObject({
      ok: true,
      queue: { ok: true, detail: 'in this process, 0 waiting' },
    })
    await tenantscope.close()
    const sick: Queue = { ...inProcessQueue(), health: async () => ({ ok: false, detail: 'gone' }) }
    const { tenantscope: other } = await started(quick, { queue: sick })
    expect(await other.health()).toMatchObject({
      ok: false,
      storage: { ok: true },
      queue: { ok: false, detail: 'gone' },
    })
    await other.close()
  })
})

it('old idempotency keys are removed by the worker, young ones stay', async () => {
  const storage = memoryStorage()
  const keyed = (key: string, hoursAgo: number) => ({
    platformTenantId: 'msp-1',
    key,
    fingerprint: 'f',
    at: new Date(Date.now() - hoursAgo * 3_600_000),
    lockMs: 3_600_000,
  })
  await storage.idempotency.begin(keyed('old', 25))
  await storage.idempotency.begin(keyed('young', 23))
  const { tenantscope } = await attached(quick, { storage })
  await expect.poll(() => storage.idempotency.begin(keyed('old', 0))).toEqual({ kind: 'new' })
  expect(await storage.idempotency.begin(keyed('young', 0))).toEqual({ kind: 'in_progress' })
  await tenantscope.close()
})
