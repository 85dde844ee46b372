import assert from 'node:assert/strict'
import type { SuiteContext } from './context.ts'
import { at, leaseMs, newPlatformTenant } from './samples.ts'

const response = {
  status: 201,
  headers: { 'content-type': 'application/json', location: '/scans/1' },
  body: '{"a":"ä\\u0000"}',
}

export function idempotencyTests({ test: { describe, it }, storage, passTime }: SuiteContext): void {
  const fresh = (overrides: { fingerprint?: string; lockMs?: number } = {}) => {
    const own = { platformTenantId: newPlatformTenant(), key: 'key-1', fingerprint: 'POST /scans abc', ...overrides }
    return { ...own, at, lockMs: overrides.lockMs ?? leaseMs }
  }
  describe('idempotency keys', () => {
    it('give the work to one of many callers at once, and the answer to all later ones', async () => {
      const asked = fresh()
      const kinds = await Promise.all(Array.from({ length: 8 }, () => storage().idempotency.begin(asked)))
      assert.deepEqual(kinds.map(({ kind }) => kind).sort(), [...Array(7).fill('in_progress'), 'new'])
      assert.equal(await storage().idempotency.complete({ ...asked, response }), true)
      assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'done', response })
    })

    it('refuse another request under the same key, done or not', async () => {
      const asked = fresh()
      const other = { ...asked, fingerprint: 'POST /scans xyz' }
      await storage().idempotency.begin(asked)
      assert.deepEqual(await storage().idempotency.begin(other), { kind: 'mismatch' })
      assert.equal(await storage().idempotency.complete({ ...other, response }), false)
      await storage().idempotency.abandon(other)
      assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'in_progress' })
      await storage().idempotency.complete({ ...asked, response })
      assert.deepEqual(await storage().idempotency.begin(other), { kind: 'mismatch' })
    })

    it('are free again once abandoned, and stay done once done', async () => {
      const asked = fresh()
      await storage().idempotency.begin(asked)
      await storage().idempotency.abandon(asked)
      assert.equal(await storage().idempotency.complete({ ...asked, response }), false)
      assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'new' })
      await storage().idempotency.complete({ ...asked, response })
      await storage().idempotency.abandon(asked)
      assert.equal(await storage().idempotency.complete({ ...asked, response: { ...response, status: 500 } }), false)
      assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'done', response })
    })

    it('are taken over, by one, from a process that died', async () => {
      const asked = fresh({ lockMs: 30 })
      await storage().idempotency.begin(asked)
      await passTime(30)
      const again = { ...asked, lockMs: leaseMs }
      const kinds = await Promise.all(Array.from({ length: 4 }, () => storage().idempotency.begin(again)))
      assert.deepEqual(kinds.map(({ kind }) => kind).sort(), ['in_progress', 'in_progress', 'in_progress', 'new'])
    })

    it('of one platform tenant are free for another (S-24)', async () => {
      const asked = fresh()
      await storage().idempotency.begin(asked)
      await storage().idempotency.complete({ ...asked, response })
      const stranger = { ...asked, platformTenantId: newPlatformTenant() }
      assert.equal(await storage().idempotency.complete({ ...stranger, response }), false)
      await storage().idempotency.abandon(stranger)
      assert.deepEqual(await storage().idempotency.begin(stranger), { kind: 'new' })
      assert.deepEqual(await storage().idempotency.begin(asked), { kind: 'done', response })
    })

    it('are pruned by age', async () => {
      const old = { ...fresh(), at: new Date('2001-01-01T00:00:00.000Z') }
      const young = { ...fresh(), at: new Date('2001-01-02T00:00:00.000Z') }
      for (const asked of [old, young]) await storage().idempotency.begin(asked)
      await storage().idempotency.complete({ ...old, response })
      assert.ok((await storage().work.pruneIdempotencyKeys({ olderThan: young.at })) >= 1)
      assert.deepEqual(await storage().idempotency.begin(old), { kind: 'new' })
      assert.deepEqual(await storage().idempotency.begin(young), { kind: 'in_progress' })
    })
  })
}
