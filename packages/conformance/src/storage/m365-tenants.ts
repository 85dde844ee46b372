import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
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
  newPlatformTenant,
  recordOf,
  sampleCredential,
  sampleEvidence,
  sampleResult,
  sampleTenant,
} from './samples.ts'

export function m365TenantTests(context: SuiteContext): void {
  tenantInsertTests(context)
  tenantChangeTests(context)
  tenantListTests(context)
}

function tenantInsertTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('m365Tenants', () => {
    it('gives back every field as it was stored', async () => {
      const tenant = sampleTenant(newPlatformTenant(), {
        description: 'Ünïcode 🙂 "quoted" \\ %_',
        status: 'error',
        inputs: { breakGlass: ['a@b.c'], nested: { limit: 3, on: true, none: null } },
        lastTest: {
          status: 'partial',
          at: new Date('2026-02-28T23:59:59.999Z'),
          services: [{ service: 'graph', ok: true, code: null, message: null, durationMs: 12.5 }],
        },
      })
      assert.deepEqual(await storage().m365Tenants.insert({ tenant, credential: null }), tenant)
      const { platformTenantId, id, m365TenantId } = tenant
      assert.deepEqual(await storage().m365Tenants.get({ platformTenantId, id }), tenant)
      assert.deepEqual(await storage().m365Tenants.getByM365TenantId({ platformTenantId, m365TenantId }), tenant)
    })

    it('takes a GUID once per platform tenant, and again under another one (S-24)', async () => {
      const first = await addTenant(storage())
      const { platformTenantId, m365TenantId } = first
      const second = sampleTenant(platformTenantId, { m365TenantId, name: 'Second' })
      const refused = await storage().m365Tenants.insert({ tenant: second, credential: sampleCredential(second) })
      assert.equal(refused, null)
      assert.equal(await storage().credentials.get({ platformTenantId, m365TenantId: second.id }), null)
      assert.deepEqual(await storage().m365Tenants.getByM365TenantId({ platformTenantId, m365TenantId }), first)
      const elsewhere = sampleTenant(newPlatformTenant(), { m365TenantId })
      assert.deepEqual(await storage().m365Tenants.insert({ tenant: elsewhere, credential: null }), elsewhere)
    })

    it('lets one of two insert the same GUID at once', async () => {
      const platformTenantId = newPlatformTenant()
      const m365TenantId = randomUUID()
      const answers = await Promise.all(
        [1, 2, 3, 4].map(() =>
          storage().m365Tenants.insert({ tenant: sampleTenant(platformTenantId, { m365TenantId }), credential: null }),
        ),
      )
      assert.equal(answers.filter((answer) => answer !== null).length, 1)
    })

    it('stores the credential with the M365 tenant', async () => {
      const tenant = sampleTenant(newPlatformTenant())
      const credential = sampleCredential(tenant)
      await storage().m365Tenants.insert({ tenant, credential })
      const { platformTenantId, id } = tenant
      assert.deepEqual(await storage().credentials.get({ platformTenantId, m365TenantId: id }), credential)
    })
  })
}

function tenantChangeTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('m365Tenants, changed and deleted', () => {
    it('updates the fields of the patch and leaves the others', async () => {
      const tenant = await addTenant(storage(), { description: 'old', inputs: { a: 1 } })
      const { platformTenantId, id } = tenant
      const updatedAt = new Date('2026-04-01T00:00:00.007Z')
      const patched = await storage().m365Tenants.update({
        platformTenantId,
        id,
        patch: { name: 'New name', description: null, inputs: { b: 2 }, updatedAt, updatedBy: 'bo' },
      })
      const expected = { ...tenant, name: 'New name', description: null, inputs: { b: 2 }, updatedAt, updatedBy: 'bo' }
      assert.deepEqual(patched, expected)
      assert.deepEqual(await storage().m365Tenants.get({ platformTenantId, id }), expected)
      const lastTest = { status: 'ok' as const, at, services: [] }
      const tested = await storage().m365Tenants.update({
        platformTenantId,
        id,
        patch: { lastTest, status: 'inactive', defaultDomain: 'new.example', updatedAt, updatedBy: 'bo' },
      })
      assert.deepEqual(tested, { ...expected, lastTest, status: 'inactive', defaultDomain: 'new.example' })
      const cleared = await storage().m365Tenants.update({
        platformTenantId,
        id,
        patch: { lastTest: null, updatedAt, updatedBy: 'bo' },
      })
      assert.equal(cleared?.lastTest, null)
    })

    it('gives the M365 tenant and its credential together', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId, id } = tenant
      assert.deepEqual(await storage().m365Tenants.getWithCredential({ platformTenantId, id }), {
        tenant,
        credential: null,
      })
      const credential = sampleCredential(tenant)
      await storage().credentials.put({ credential })
      assert.deepEqual(await storage().m365Tenants.getWithCredential({ platformTenantId, id }), { tenant, credential })
    })

    it('answers null or false for an id that is not there', async () => {
      const { platformTenantId } = await addTenant(storage())
      for (const id of [randomUUID(), 'no-uuid', '']) {
        assert.equal(await storage().m365Tenants.get({ platformTenantId, id }), null)
        assert.equal(await storage().m365Tenants.getWithCredential({ platformTenantId, id }), null)
        assert.equal(
          await storage().m365Tenants.update({ platformTenantId, id, patch: { updatedAt: at, updatedBy: 'bo' } }),
          null,
        )
        assert.equal(await storage().m365Tenants.delete({ platformTenantId, id }), false)
      }
    })

    it('deletes everything that hangs on it, and a running scan of it stores nothing more (S-28)', async () => {
      const running = await addRunning(storage())
      const { platformTenantId, m365TenantId, id: scanId } = running
      const tenant = must(await storage().m365Tenants.get({ platformTenantId, id: m365TenantId }), 'get')
      await storage().credentials.put({ credential: sampleCredential(tenant) })
      const other = await addTenant(storage(), { platformTenantId })
      const survivor = await addScan(storage(), other)
      const parts = { results: [sampleResult(running, '1.1.1')], evidence: [sampleEvidence('graph/users')] }
      await storage().work.record(recordOf(running, { ...parts, progress: true }))

      assert.equal(await storage().m365Tenants.delete({ platformTenantId, id: m365TenantId }), true)

      assert.equal(await storage().m365Tenants.get({ platformTenantId, id: m365TenantId }), null)
      assert.equal(await storage().credentials.get({ platformTenantId, m365TenantId }), null)
      assert.equal(await storage().scans.get({ platformTenantId, scanId }), null)
      assert.equal(await storage().results.get({ platformTenantId, scanId, controlId: '1.1.1' }), null)
      assert.deepEqual(await eventsOf(storage(), running), [])
      assert.deepEqual(await storage().evidence.list({ platformTenantId, scanId }), [])
      assert.deepEqual(await storage().work.record(recordOf(running, parts)), { accepted: false, scan: null })
      assert.equal(await storage().work.finish(finishOf(running)), null)
      const renewal = { scanId, attempt: running.attempt, workerId: 'worker-1', leaseMs }
      assert.equal(await storage().work.renewLease(renewal), 'lost')
      assert.equal(await storage().m365Tenants.delete({ platformTenantId, id: m365TenantId }), false)
      assert.deepEqual(await storage().scans.get({ platformTenantId, scanId: survivor.id }), survivor)
    })
  })
}

function tenantListTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('m365Tenants.list', () => {
    const list = (platformTenantId: string, filters: { status?: 'active' | 'inactive'; q?: string } = {}) =>
      storage()
        .m365Tenants.list({
          platformTenantId,
          status: filters.status ?? null,
          q: filters.q ?? null,
          cursor: null,
          limit: 100,
        })
        .then((page) => page.data.map((tenant) => tenant.name))

    it('filters by status', async () => {
      const { platformTenantId } = await addTenant(storage(), { name: 'on' })
      await addTenant(storage(), { platformTenantId, name: 'off', status: 'inactive' })
      assert.deepEqual(await list(platformTenantId, { status: 'inactive' }), ['off'])
      assert.deepEqual(await list(platformTenantId, { status: 'active' }), ['on'])
    })

    it('finds q in name, domain, description and GUID, whatever its case', async () => {
      const { platformTenantId, m365TenantId } = await addTenant(storage(), { name: 'Fabrikam' })
      await addTenant(storage(), { platformTenantId, name: 'two', defaultDomain: 'fabrikam.example' })
      await addTenant(storage(), { platformTenantId, name: 'three', description: 'once FABRIKAM' })
      await addTenant(storage(), { platformTenantId, name: 'four' })
      assert.deepEqual((await list(platformTenantId, { q: 'fABRi' })).sort(), ['Fabrikam', 'three', 'two'])
      assert.deepEqual(await list(platformTenantId, { q: m365TenantId.slice(4, 20).toUpperCase() }), ['Fabrikam'])
      assert.equal((await list(platformTenantId, { q: '' })).length, 4)
    })

    it('takes %, _, \\ and quotes in q as they are', async () => {
      const { platformTenantId } = await addTenant(storage(), { name: '100% sure' })
      await addTenant(storage(), { platformTenantId, name: 'snake_case' })
      await addTenant(storage(), { platformTenantId, name: 'back\\slash' })
      await addTenant(storage(), { platformTenantId, name: `O'Neill "Q"` })
      assert.deepEqual(await list(platformTenantId, { q: '%' }), ['100% sure'])
      assert.deepEqual(await list(platformTenantId, { q: '_' }), ['snake_case'])
      assert.deepEqual(await list(platformTenantId, { q: '\\' }), ['back\\slash'])
      assert.deepEqual(await list(platformTenantId, { q: `'` }), [`O'Neill "Q"`])
      assert.deepEqual(await list(platformTenantId, { q: '1_0' }), [])
    })
  })
}
