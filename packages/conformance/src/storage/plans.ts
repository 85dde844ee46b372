import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { RiskException, Schedule } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { sampleException, sampleSchedule } from './later-samples.ts'
import { addTenant, at, newPlatformTenant } from './samples.ts'

const stamp = { updatedAt: at, updatedBy: 'cleo' }

/** Exceptions and schedules. */
export function planTests(context: SuiteContext): void {
  exceptionTests(context)
  scheduleTests(context)
}

function exceptionTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('exceptions', () => {
    const add = async (exception: RiskException) => {
      assert.deepEqual(await storage().exceptions.insert({ exception }), exception)
      return exception
    }

    it('come back as they were stored', async () => {
      const { platformTenantId, id: m365TenantId } = await addTenant(storage())
      const overrides = { m365TenantId, entityId: 'user-1', approvedBy: 'ben' }
      const exception = await add(sampleException(platformTenantId, overrides))
      const { id } = exception
      assert.deepEqual(await storage().exceptions.get({ platformTenantId, id }), exception)
      assert.equal(await storage().exceptions.get({ platformTenantId, id: randomUUID() }), null)
      assert.equal(await storage().exceptions.get({ platformTenantId, id: 'x' }), null)
    })

    it('cannot name an M365 tenant of another platform tenant', async () => {
      const { id: m365TenantId } = await addTenant(storage())
      const exception = sampleException(newPlatformTenant(), { m365TenantId })
      assert.equal(await storage().exceptions.insert({ exception }), null)
    })

    it('are found by what they apply to, and while they hold', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId, id: m365TenantId } = tenant
      const other = await addTenant(storage(), { platformTenantId })
      const forAll = await add(sampleException(platformTenantId, { createdAt: new Date(5) }))
      const own = await add(sampleException(platformTenantId, { m365TenantId, createdAt: new Date(4) }))
      const others = await add(sampleException(platformTenantId, { m365TenantId: other.id, createdAt: new Date(3) }))
      const control = await add(sampleException(platformTenantId, { controlId: '2.1.1', createdAt: new Date(2) }))
      const past = { expiresAt: new Date('2025-01-01T00:00:00.000Z'), createdAt: new Date(1) }
      const expired = await add(sampleException(platformTenantId, { ...past, benchmarkId: 'other' }))
      const list = async (filter: object) => {
        const none = { m365TenantId: null, benchmarkId: null, controlId: null, validAt: null, cursor: null, limit: 50 }
        return (await storage().exceptions.list({ platformTenantId, ...none, ...filter })).data
      }
      assert.deepEqual(await list({}), [forAll, own, others, control, expired])
      assert.deepEqual(await list({ m365TenantId }), [forAll, own, control, expired])
      assert.deepEqual(await list({ controlId: '2.1.1' }), [control])
      assert.deepEqual(await list({ benchmarkId: 'other' }), [expired])
      assert.deepEqual(await list({ validAt: at, m365TenantId, controlId: '1.1.1' }), [forAll, own])
      assert.deepEqual(await list({ validAt: past.expiresAt, benchmarkId: 'other' }), [])
    })

    it('change by patch, go by delete, and with their M365 tenant', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId, id: m365TenantId } = tenant
      const exception = await add(sampleException(platformTenantId, { approvedBy: 'ben' }))
      const { id } = exception
      const patch = { reason: 'Other.', requestedBy: 'dan', approvedBy: null, expiresAt: at, ...stamp }
      const updated = await storage().exceptions.update({ platformTenantId, id, patch })
      assert.deepEqual(updated, { ...exception, ...patch })
      assert.deepEqual(await storage().exceptions.update({ platformTenantId, id, patch: stamp }), updated)
      assert.equal(await storage().exceptions.delete({ platformTenantId, id }), true)
      assert.equal(await storage().exceptions.delete({ platformTenantId, id }), false)
      const own = await add(sampleException(platformTenantId, { m365TenantId }))
      const forAll = await add(sampleException(platformTenantId))
      await storage().m365Tenants.delete({ platformTenantId, id: m365TenantId })
      assert.equal(await storage().exceptions.get({ platformTenantId, id: own.id }), null)
      assert.deepEqual(await storage().exceptions.get({ platformTenantId, id: forAll.id }), forAll)
    })
  })
}

function scheduleTests({ test: { describe, it }, storage }: SuiteContext): void {
  describe('schedules', () => {
    const add = async (schedule: Schedule) => {
      assert.deepEqual(await storage().schedules.insert({ schedule }), schedule)
      return schedule
    }

    it('come back as they were stored', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId } = tenant
      const schedule = await add(sampleSchedule(tenant, { lastRunAt: at, lastScanId: randomUUID(), enabled: false }))
      const { id } = schedule
      assert.deepEqual(await storage().schedules.get({ platformTenantId, id }), schedule)
      assert.equal(await storage().schedules.get({ platformTenantId, id: randomUUID() }), null)
      assert.equal(await storage().schedules.get({ platformTenantId, id: 'x' }), null)
    })

    it('cannot name an M365 tenant of another platform tenant', async () => {
      const { id } = await addTenant(storage())
      const schedule = sampleSchedule({ platformTenantId: newPlatformTenant(), id })
      assert.equal(await storage().schedules.insert({ schedule }), null)
    })

    it('are found by M365 tenant and by whether they are enabled', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId, id: m365TenantId } = tenant
      const other = await addTenant(storage(), { platformTenantId })
      const on = await add(sampleSchedule(tenant, { createdAt: new Date(3) }))
      const off = await add(sampleSchedule(tenant, { createdAt: new Date(2), enabled: false }))
      const others = await add(sampleSchedule(other, { createdAt: new Date(1) }))
      const list = async (filter: object) => {
        const none = { m365TenantId: null, enabled: null, cursor: null, limit: 50 }
        return (await storage().schedules.list({ platformTenantId, ...none, ...filter })).data
      }
      assert.deepEqual(await list({}), [on, off, others])
      assert.deepEqual(await list({ m365TenantId }), [on, off])
      assert.deepEqual(await list({ enabled: false }), [off])
      assert.deepEqual(await list({ m365TenantId: other.id, enabled: true }), [others])
    })

    it('change by patch, go by delete, and with their M365 tenant', async () => {
      const tenant = await addTenant(storage())
      const { platformTenantId } = tenant
      const schedule = await add(sampleSchedule(tenant))
      const { id } = schedule
      const patch = {
        cron: '5 4 * * *',
        timeZone: 'UTC',
        benchmark: { id: 'cis-m365', version: '6.0.0' },
        options: { level: null, profile: null, controlIds: null, outputFormat: 'json' },
        enabled: false,
        nextRunAt: null,
        lastRunAt: at,
        lastScanId: randomUUID(),
        ...stamp,
      }
      const updated = await storage().schedules.update({ platformTenantId, id, patch })
      assert.deepEqual(updated, { ...schedule, ...patch })
      assert.deepEqual(await storage().schedules.update({ platformTenantId, id, patch: stamp }), updated)
      assert.equal(await storage().schedules.delete({ platformTenantId, id }), true)
      assert.equal(await storage().schedules.delete({ platformTenantId, id }), false)
      const last = await add(sampleSchedule(tenant))
      await storage().m365Tenants.delete({ platformTenantId, id: tenant.id })
      assert.equal(await storage().schedules.get({ platformTenantId, id: last.id }), null)
    })
  })
}
