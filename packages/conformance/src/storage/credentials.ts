import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { SuiteContext } from './context.ts'
import { addTenant, sampleCredential, sampleTenant } from './samples.ts'

export function credentialTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('credentials', () => {
    it('has none until one is put, and gives back every field', async () => {
      const tenant = await addTenant(storage())
      const key = { platformTenantId: tenant.platformTenantId, m365TenantId: tenant.id }
      assert.equal(await storage().credentials.get(key), null)
      const credential = sampleCredential(tenant)
      assert.equal(await storage().credentials.put({ credential }), true)
      assert.deepEqual(await storage().credentials.get(key), credential)
    })

    it('replaces the one there was', async () => {
      const tenant = await addTenant(storage())
      await storage().credentials.put({ credential: sampleCredential(tenant) })
      const credential = sampleCredential(tenant, {
        kind: 'client_secret',
        clientId: null,
        thumbprint: null,
        expiresAt: null,
        sealed: { client_secret: { envelope: 'BBBB', keyId: 'k2', keyVersion: 1 } },
      })
      assert.equal(await storage().credentials.put({ credential }), true)
      const key = { platformTenantId: tenant.platformTenantId, m365TenantId: tenant.id }
      assert.deepEqual(await storage().credentials.get(key), credential)
    })

    it('stores nothing for an M365 tenant that is not there', async () => {
      const { platformTenantId } = await addTenant(storage())
      const credential = sampleCredential(sampleTenant(platformTenantId))
      assert.equal(await storage().credentials.put({ credential }), false)
      assert.equal(await storage().credentials.get({ platformTenantId, m365TenantId: credential.m365TenantId }), null)
      assert.equal(await storage().credentials.get({ platformTenantId, m365TenantId: randomUUID() }), null)
    })
  })
}
