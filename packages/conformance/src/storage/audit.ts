import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type AuditEntry, isTenantscopeError, type M365Tenant, type Storage, stateEvent } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import {
  addDelivery,
  addEndpoint,
  auditOf,
  sampleAudit,
  sampleEndpoint,
  sampleException,
  sampleSchedule,
} from './later-samples.ts'
import {
  addRunning,
  addScan,
  addTenant,
  at,
  newPlatformTenant,
  sampleCredential,
  sampleScan,
  sampleTenant,
} from './samples.ts'

type Write = (audit: AuditEntry) => Promise<unknown>

/** Every write that takes an entry: one that does something, and one that does nothing. */
async function audibleWrites(storage: Storage, tenant: M365Tenant) {
  const { platformTenantId, id } = tenant
  const missing = randomUUID()
  const patch = { updatedAt: at, updatedBy: 'ben' }
  const credential = sampleCredential(tenant)
  const scan = sampleScan(tenant)
  const waiting = await addScan(storage, tenant)
  const ended = await addScan(storage, await addTenant(storage, { platformTenantId }))
  await storage.scans.requestCancel({ platformTenantId, scanId: ended.id, at, notRunMessage: 'x' })
  const endpoint = await addEndpoint(storage, platformTenantId)
  const doomedEndpoint = await addEndpoint(storage, platformTenantId)
  const delivery = await addDelivery(storage, endpoint)
  const told = { platformTenantId, eventType: 'test', scanId: null, payload: {}, at } as const
  const exception = sampleException(platformTenantId)
  const schedule = sampleSchedule(tenant)
  const doomed = await addTenant(storage, { platformTenantId })
  const cancelOf = (scanId: string, audit: AuditEntry) =>
    storage.scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x', audit })
  const writes: Record<string, { does: Write; doesNothing: Write }> = {
    'm365Tenants.insert': {
      does: (audit) => storage.m365Tenants.insert({ tenant: sampleTenant(platformTenantId), credential: null, audit }),
      doesNothing: (audit) =>
        storage.m365Tenants.insert({ tenant: { ...tenant, id: randomUUID() }, credential: null, audit }),
    },
    'm365Tenants.update': {
      does: (audit) => storage.m365Tenants.update({ platformTenantId, id, patch, audit }),
      doesNothing: (audit) => storage.m365Tenants.update({ platformTenantId, id: missing, patch, audit }),
    },
    'm365Tenants.delete': {
      does: (audit) => storage.m365Tenants.delete({ platformTenantId, id: doomed.id, audit }),
      doesNothing: (audit) => storage.m365Tenants.delete({ platformTenantId, id: missing, audit }),
    },
    'credentials.put': {
      does: (audit) => storage.credentials.put({ credential, audit }),
      doesNothing: (audit) => storage.credentials.put({ credential: { ...credential, m365TenantId: missing }, audit }),
    },
    'scans.insert': {
      does: (audit) => storage.scans.insert({ scan, event: stateEvent(scan, at), audit }),
      doesNothing: (audit) =>
        storage.scans.insert({ scan: { ...scan, m365TenantId: missing }, event: stateEvent(scan, at), audit }),
    },
    'scans.requestCancel': {
      does: (audit) => cancelOf(waiting.id, audit),
      doesNothing: (audit) => cancelOf(ended.id, audit),
    },
    'webhooks.insertEndpoint': {
      does: (audit) =>
        storage.webhooks.insertEndpoint({ endpoint: sampleEndpoint(platformTenantId), limit: 100, audit }),
      doesNothing: (audit) =>
        storage.webhooks.insertEndpoint({ endpoint: sampleEndpoint(platformTenantId), limit: 1, audit }),
    },
    'webhooks.updateEndpoint': {
      does: (audit) => storage.webhooks.updateEndpoint({ platformTenantId, id: endpoint.id, patch, audit }),
      doesNothing: (audit) => storage.webhooks.updateEndpoint({ platformTenantId, id: missing, patch, audit }),
    },
    'webhooks.deleteEndpoint': {
      does: (audit) => storage.webhooks.deleteEndpoint({ platformTenantId, id: doomedEndpoint.id, audit }),
      doesNothing: (audit) => storage.webhooks.deleteEndpoint({ platformTenantId, id: missing, audit }),
    },
    'webhooks.enqueue': {
      does: (audit) => storage.webhooks.enqueue({ ...told, endpointId: endpoint.id, audit }),
      doesNothing: (audit) => storage.webhooks.enqueue({ ...told, endpointId: missing, audit }),
    },
    'webhooks.redeliver': {
      does: (audit) => storage.webhooks.redeliver({ platformTenantId, deliveryId: delivery.id, at, audit }),
      doesNothing: (audit) => storage.webhooks.redeliver({ platformTenantId, deliveryId: missing, at, audit }),
    },
    'exceptions.insert': {
      does: (audit) => storage.exceptions.insert({ exception, audit }),
      doesNothing: (audit) =>
        storage.exceptions.insert({ exception: sampleException(platformTenantId, { m365TenantId: missing }), audit }),
    },
    'exceptions.update': {
      does: (audit) => storage.exceptions.update({ platformTenantId, id: exception.id, patch, audit }),
      doesNothing: (audit) => storage.exceptions.update({ platformTenantId, id: missing, patch, audit }),
    },
    'exceptions.delete': {
      does: (audit) => storage.exceptions.delete({ platformTenantId, id: exception.id, audit }),
      doesNothing: (audit) => storage.exceptions.delete({ platformTenantId, id: missing, audit }),
    },
    'schedules.insert': {
      does: (audit) => storage.schedules.insert({ schedule, audit }),
      doesNothing: (audit) =>
        storage.schedules.insert({ schedule: sampleSchedule({ platformTenantId, id: missing }), audit }),
    },
    'schedules.update': {
      does: (audit) => storage.schedules.update({ platformTenantId, id: schedule.id, patch, audit }),
      doesNothing: (audit) => storage.schedules.update({ platformTenantId, id: missing, patch, audit }),
    },
    'schedules.delete': {
      does: (audit) => storage.schedules.delete({ platformTenantId, id: schedule.id, audit }),
      doesNothing: (audit) => storage.schedules.delete({ platformTenantId, id: missing, audit }),
    },
  }
  return writes
}

export function auditTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('audit log', () => {
    it('has an entry for each write that did something, with every field, and none for the others', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId } = tenant
      for (const [method, { does, doesNothing }] of Object.entries(await audibleWrites(storage(), tenant))) {
        const entry = sampleAudit(platformTenantId, { action: method })
        await doesNothing(sampleAudit(platformTenantId))
        assert.deepEqual(await auditOf(storage(), platformTenantId, { action: 'm365_tenant.updated' }), [], method)
        await does(entry)
        assert.deepEqual(await auditOf(storage(), platformTenantId, { action: method }), [entry], method)
      }
    })

    it('refuses an entry of another platform tenant, and the write with it', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId, id } = tenant
      const foreign = newPlatformTenant()
      for (const [method, { does }] of Object.entries(await audibleWrites(storage(), tenant))) {
        // What a refused insert did not store cannot be updated or deleted: those have nothing to refuse.
        if (/^(exceptions|schedules)\.(update|delete)$/.test(method)) continue
        await assert.rejects(does(sampleAudit(foreign)), (error) => {
          assert.ok(isTenantscopeError(error) && error.code === 'storage_refused', method)
          return true
        })
      }
      assert.deepEqual(await storage().m365Tenants.get({ platformTenantId, id }), tenant)
      assert.equal(await storage().credentials.get({ platformTenantId, m365TenantId: id }), null)
      assert.deepEqual(await auditOf(storage(), platformTenantId), [])
      assert.deepEqual(await auditOf(storage(), foreign), [])
    })

    it('notes a cancel of a running scan once', async () => {
      const scan = await addRunning(storage())
      const { platformTenantId, id: scanId } = scan
      for (let times = 0; times < 2; times += 1) {
        const audit = sampleAudit(platformTenantId)
        await storage().scans.requestCancel({ platformTenantId, scanId, at, notRunMessage: 'x', audit })
      }
      assert.equal((await auditOf(storage(), platformTenantId)).length, 1)
    })

    it('outlives what it tells of', async () => {
      const { platformTenantId, id } = await addTenant(storage())
      const audit = sampleAudit(platformTenantId, { action: 'm365_tenant.deleted', requestId: null, detail: {} })
      await storage().m365Tenants.delete({ platformTenantId, id, audit })
      assert.deepEqual(await auditOf(storage(), platformTenantId), [audit])
    })

    it('is filtered by resource, action, actor and time', async () => {
      const { platformTenantId, id } = await addTenant(storage())
      const time = (ms: number) => new Date(Date.UTC(2026, 2, 3, 0, 0, 0, ms))
      const wanted = sampleAudit(platformTenantId, { at: time(5) })
      const others = [
        { at: time(4) },
        { at: time(6), actor: 'eve' },
        { at: time(7), action: 'scan.started' },
        { at: time(8), resource: { type: 'scan', id: wanted.resource.id } },
        { at: time(9), resource: { type: 'm365_tenant', id } },
      ].map((overrides) => sampleAudit(platformTenantId, { resource: wanted.resource, ...overrides }))
      for (const audit of [wanted, ...others]) {
        const patch = { updatedAt: at, updatedBy: 'ben' }
        await storage().m365Tenants.update({ platformTenantId, id, patch, audit })
      }
      const { resource, action, actor } = wanted
      const all = { resourceType: resource.type, resourceId: resource.id, action, actor, since: time(5) }
      assert.deepEqual(await auditOf(storage(), platformTenantId, all), [wanted])
      for (const [filter, missed] of Object.entries({
        since: 0,
        actor: 1,
        action: 2,
        resourceType: 3,
        resourceId: 4,
      })) {
        const found = await auditOf(storage(), platformTenantId, { ...all, [filter]: null })
        assert.deepEqual(new Set(found.map((entry) => entry.id)), new Set([wanted.id, others[missed]?.id]), filter)
      }
    })
  })
}
