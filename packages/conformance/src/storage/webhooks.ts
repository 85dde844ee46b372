import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { WebhookEventType } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { addDelivery, addEndpoint, deliveriesOf, sampleEndpoint } from './later-samples.ts'
import { addRunning, addScan, addTenant, at, must, newPlatformTenant } from './samples.ts'

export function webhookTests(context: SuiteContext): void {
  endpointTests(context)
  deliveryTests(context)
}

function endpointTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('webhook endpoints', () => {
    it('come back as they were stored', async () => {
      const endpoint = sampleEndpoint(newPlatformTenant(), {
        description: 'Ticket system',
        eventTypes: ['scan.failed', 'credential.expiring'],
        status: 'disabled',
        disabledReason: 'gone',
      })
      const { platformTenantId, id } = endpoint
      assert.deepEqual(await storage().webhooks.insertEndpoint({ endpoint, limit: 1 }), endpoint)
      assert.deepEqual(await storage().webhooks.getEndpoint({ platformTenantId, id }), endpoint)
      assert.equal(await storage().webhooks.getEndpoint({ platformTenantId, id: randomUUID() }), null)
      assert.equal(await storage().webhooks.getEndpoint({ platformTenantId, id: 'no uuid' }), null)
    })

    it('keep what a patch does not name', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant(), { description: 'x' })
      const { platformTenantId, id } = endpoint
      const stamp = { updatedAt: at, updatedBy: 'cleo' }
      const first = await storage().webhooks.updateEndpoint({ platformTenantId, id, patch: stamp })
      assert.deepEqual(first, { ...endpoint, ...stamp })
      const changes = {
        url: 'https://other.example.com/',
        description: null,
        eventTypes: ['test'] as WebhookEventType[],
        status: 'disabled' as const,
        disabledReason: 'by hand',
        secrets: endpoint.secrets.slice(0, 1),
        ...stamp,
      }
      const second = await storage().webhooks.updateEndpoint({ platformTenantId, id, patch: changes })
      assert.deepEqual(second, { ...endpoint, ...changes })
      assert.deepEqual(await storage().webhooks.getEndpoint({ platformTenantId, id }), second)
    })

    it('are no more than the limit, also when many are made at once', async () => {
      const platformTenantId = newPlatformTenant()
      const made = await Promise.all(
        Array.from({ length: 6 }, () =>
          storage().webhooks.insertEndpoint({ endpoint: sampleEndpoint(platformTenantId), limit: 3 }),
        ),
      )
      assert.equal(made.filter((one) => one === 'limit_reached').length, 3)
      const { data } = await storage().webhooks.listEndpoints({ platformTenantId, cursor: null, limit: 50 })
      assert.equal(data.length, 3)
      // Another platform tenant has a limit of its own.
      await addEndpoint(storage(), newPlatformTenant())
    })

    it('take their deliveries with them', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      const { platformTenantId, id } = endpoint
      const { id: deliveryId } = await addDelivery(storage(), endpoint)
      assert.equal(await storage().webhooks.deleteEndpoint({ platformTenantId, id }), true)
      assert.equal(await storage().webhooks.deleteEndpoint({ platformTenantId, id }), false)
      assert.equal(await storage().webhooks.getDelivery({ platformTenantId, deliveryId }), null)
      assert.deepEqual(await deliveriesOf(storage(), endpoint), [])
    })
  })
}

function deliveryTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('webhook deliveries', () => {
    const enqueue = (platformTenantId: string, eventType: WebhookEventType, endpointId: string | null = null) =>
      storage().webhooks.enqueue({ platformTenantId, eventType, scanId: null, payload: { n: 1 }, endpointId, at })

    it('go to each enabled endpoint that wants the type', async () => {
      const platformTenantId = newPlatformTenant()
      const all = await addEndpoint(storage(), platformTenantId)
      const some = await addEndpoint(storage(), platformTenantId, { eventTypes: ['test', 'scan.failed'] })
      const off = await addEndpoint(storage(), platformTenantId, { status: 'disabled' })
      const foreign = await addEndpoint(storage(), newPlatformTenant())
      assert.equal(await enqueue(platformTenantId, 'scan.failed'), 2)
      assert.equal(await enqueue(platformTenantId, 'credential.expiring'), 1)
      const typesOf = async (endpoint: typeof all) =>
        (await deliveriesOf(storage(), endpoint)).map(({ eventType }) => eventType).sort()
      assert.deepEqual(await typesOf(all), ['credential.expiring', 'scan.failed'])
      assert.deepEqual(await typesOf(some), ['scan.failed'])
      assert.deepEqual([...(await typesOf(off)), ...(await typesOf(foreign))], [])
    })

    it('go to one endpoint alone when it is named, whatever types it wants, if it is enabled', async () => {
      const platformTenantId = newPlatformTenant()
      const named = await addEndpoint(storage(), platformTenantId, { eventTypes: ['scan.failed'] })
      const off = await addEndpoint(storage(), platformTenantId, { status: 'disabled' })
      const other = await addEndpoint(storage(), platformTenantId)
      assert.equal(await enqueue(platformTenantId, 'test', named.id), 1)
      assert.equal(await enqueue(platformTenantId, 'test', off.id), 0)
      assert.equal(await enqueue(platformTenantId, 'test', randomUUID()), 0)
      assert.equal(await enqueue(newPlatformTenant(), 'test', named.id), 0)
      assert.deepEqual(await deliveriesOf(storage(), other), [])
    })

    it('carry what they were given', async () => {
      const scan = await addRunning(storage())
      const { platformTenantId } = scan
      const endpoint = await addEndpoint(storage(), platformTenantId)
      const payload = { expiresAt: '2026-05-01', days: 14, nested: [null, { a: 'ä' }] }
      const delivery = await addDelivery(storage(), endpoint, { payload, scanId: scan.id, eventType: 'test' })
      const { id, nextAttemptAt, ...rest } = delivery
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
      assert.ok(nextAttemptAt instanceof Date)
      assert.deepEqual(rest, {
        platformTenantId,
        endpointId: endpoint.id,
        eventType: 'test',
        scanId: scan.id,
        payload,
        status: 'pending',
        attempts: 0,
        lastAttemptAt: null,
        responseStatus: null,
        error: null,
        createdAt: at,
        completedAt: null,
      })
      assert.deepEqual(await storage().webhooks.getDelivery({ platformTenantId, deliveryId: id }), delivery)
    })

    it('about a scan are made for a scan of the platform tenant only, and go with it', async () => {
      const tenant = await addTenant(storage())
      const scan = await addScan(storage(), tenant)
      const { platformTenantId } = tenant
      const endpoint = await addEndpoint(storage(), platformTenantId)
      const stranger = await addEndpoint(storage(), newPlatformTenant())
      const about = (to: typeof endpoint, scanId: string) =>
        storage().webhooks.enqueue({
          platformTenantId: to.platformTenantId,
          eventType: 'test',
          scanId,
          payload: null,
          endpointId: to.id,
          at,
        })
      assert.equal(await about(endpoint, randomUUID()), 0)
      assert.equal(await about(stranger, scan.id), 0)
      assert.equal(await about(endpoint, scan.id), 1)
      await addDelivery(storage(), endpoint)
      await storage().m365Tenants.delete({ platformTenantId, id: tenant.id })
      assert.deepEqual(
        (await deliveriesOf(storage(), endpoint)).map(({ scanId }) => scanId),
        [null],
      )
    })

    it('are listed by status', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      const { platformTenantId, id: endpointId } = endpoint
      await addDelivery(storage(), endpoint)
      const list = (status: 'pending' | 'failed') =>
        storage().webhooks.listDeliveries({ platformTenantId, endpointId, status, cursor: null, limit: 50 })
      assert.equal((await list('pending')).data.length, 1)
      assert.equal((await list('failed')).data.length, 0)
    })

    it('that nobody has are not there', async () => {
      const endpoint = await addEndpoint(storage(), newPlatformTenant())
      const { platformTenantId } = endpoint
      for (const deliveryId of [randomUUID(), 'x']) {
        assert.equal(await storage().webhooks.getDelivery({ platformTenantId, deliveryId }), null)
        assert.equal(await storage().webhooks.redeliver({ platformTenantId, deliveryId, at }), null)
      }
      must(await storage().webhooks.getEndpoint({ platformTenantId, id: endpoint.id }), 'getEndpoint')
    })
  })
}
