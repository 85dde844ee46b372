import assert from 'node:assert/strict'
import { isTenantscopeError, type Page } from '@tenantscope/core'
import type { SuiteContext } from './context.ts'
import { addDelivery, addEndpoint, sampleAudit, sampleException, sampleSchedule } from './later-samples.ts'
import { addRunning, addScan, addTenant, must, newPlatformTenant, recordOf, sampleResult } from './samples.ts'

type Turn = (cursor: string | null, limit: number) => Promise<Page<unknown>>

/** A list of seven entries, with names for them. */
interface Listed {
  list: Turn
  name: (entry: never) => string
  names: string[]
}

/** With a way to put one more at its beginning. */
interface Growing extends Listed {
  prepend: () => Promise<void>
}

export function pagingTests(context: SuiteContext): void {
  pagesOf(context, 'm365Tenants.list', () => sevenTenants(context))
  growingPagesOf(context, 'm365Tenants.list', () => sevenTenants(context))
  pagesOf(context, 'scans.list', () => sevenScans(context))
  growingPagesOf(context, 'scans.list', () => sevenScans(context))
  pagesOf(context, 'results.list', () => sevenResults(context))
  pagesOf(context, 'webhooks.listEndpoints', () => sevenEndpoints(context))
  growingPagesOf(context, 'webhooks.listEndpoints', () => sevenEndpoints(context))
  pagesOf(context, 'webhooks.listDeliveries', () => sevenDeliveries(context))
  growingPagesOf(context, 'webhooks.listDeliveries', () => sevenDeliveries(context))
  pagesOf(context, 'audit.list', () => sevenAuditEntries(context))
  growingPagesOf(context, 'audit.list', () => sevenAuditEntries(context))
  pagesOf(context, 'exceptions.list', () => sevenExceptions(context))
  pagesOf(context, 'schedules.list', () => sevenSchedules(context))
}

function pagesOf({ test: { describe, it } }: SuiteContext, name: string, make: () => Promise<Listed>): void {
  describe(`pages of ${name}`, () => {
    it('lead forwards and back through every entry once', async () => {
      const { list, name, names } = await make()
      const pages: string[][] = []
      let page = await list(null, 3)
      assert.equal(page.prev, null)
      for (;;) {
        pages.push(page.data.map((entry) => name(entry as never)))
        if (page.next === null) break
        page = await list(page.next, 3)
      }
      assert.deepEqual(pages, [names.slice(0, 3), names.slice(3, 6), names.slice(6)])
      const back: string[][] = []
      while (page.prev !== null) {
        page = await list(page.prev, 3)
        back.unshift(page.data.map((entry) => name(entry as never)))
      }
      assert.deepEqual(back, [names.slice(0, 3), names.slice(3, 6)])
      assert.notEqual(page.next, null)
      const forth = await list(page.next, 3)
      assert.deepEqual(
        forth.data.map((entry) => name(entry as never)),
        names.slice(3, 6),
      )
    })

    it('end exactly at the last entry', async () => {
      const { list, names } = await make()
      const whole = await list(null, names.length)
      assert.deepEqual([whole.data.length, whole.next, whole.prev], [names.length, null, null])
      assert.equal((await list(null, names.length - 1)).next === null, false)
    })

    it('refuse a cursor that they never gave', async () => {
      const { list } = await make()
      const shaped = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const garbage = [
        '',
        'x',
        '%%%',
        '\u0000',
        'a'.repeat(5000),
        shaped(null),
        shaped([1, 'after', []]),
        shaped([1, 'after', [true, {}]]),
        shaped([1, 'sideways', [1, 'x']]),
        shaped([9, 'after', [1, 'x']]),
      ]
      for (const cursor of garbage) {
        await assert.rejects(list(cursor, 3), (error) => {
          assert.ok(isTenantscopeError(error), cursor)
          assert.deepEqual([error.code, error.errors[0]?.pointer], ['invalid_input', '/cursor'], cursor)
          return true
        })
      }
    })
  })
}

function growingPagesOf({ test: { describe, it } }: SuiteContext, name: string, make: () => Promise<Growing>): void {
  describe(`pages of ${name} while it grows`, () => {
    it('stay where they are when entries are added before them', async () => {
      const { list, name, names, prepend } = await make()
      const first = await list(null, 3)
      await prepend()
      const second = await list(must(first.next, 'next'), 3)
      assert.deepEqual(
        second.data.map((entry) => name(entry as never)),
        names.slice(3, 6),
      )
      const again = await list(must(second.prev, 'prev'), 3)
      assert.deepEqual(
        again.data.map((entry) => name(entry as never)),
        names.slice(0, 3),
      )
      assert.notEqual(again.prev, null)
    })
  })
}

async function sevenTenants({ storage }: SuiteContext): Promise<Growing> {
  const createdAt = (i: number) => new Date(Date.UTC(2026, 1, 1, 0, 0, 0, Math.floor(i / 2)))
  const first = await addTenant(storage(), { name: 't0', createdAt: createdAt(0) })
  const { platformTenantId } = first
  const all = [first]
  for (let i = 1; i < 7; i += 1)
    all.push(await addTenant(storage(), { platformTenantId, name: `t${i}`, createdAt: createdAt(i) }))
  return {
    list: (cursor, limit) => storage().m365Tenants.list({ platformTenantId, status: null, q: null, cursor, limit }),
    name: (tenant: { name: string }) => tenant.name,
    names: newestFirst(all).map((tenant) => tenant.name),
    prepend: async () => {
      await addTenant(storage(), { platformTenantId, name: 'new', createdAt: createdAt(100) })
    },
  }
}

async function sevenScans({ storage }: SuiteContext): Promise<Growing> {
  const tenant = await addTenant(storage())
  const { platformTenantId } = tenant
  const createdAt = (i: number) => new Date(Date.UTC(2026, 1, 1, 0, 0, 0, Math.floor(i / 3)))
  const all = []
  for (let i = 0; i < 7; i += 1) all.push(await addScan(storage(), tenant, { createdAt: createdAt(i) }))
  return {
    list: (cursor, limit) =>
      storage().scans.list({ platformTenantId, m365TenantId: tenant.id, status: null, since: null, cursor, limit }),
    name: (scan: { id: string }) => scan.id,
    names: newestFirst(all).map((scan) => scan.id),
    prepend: async () => {
      await addScan(storage(), tenant, { createdAt: createdAt(100) })
    },
  }
}

async function sevenResults({ storage }: SuiteContext): Promise<Listed> {
  const plannedControls = ['7', '6.10', '6.9', '5', 'x', 'a', 'Z']
  const scan = await addRunning(storage(), { plannedControls })
  const results = [...plannedControls].sort().map((id) => sampleResult(scan, id))
  await storage().work.record(recordOf(scan, { results }))
  const { platformTenantId, id: scanId } = scan
  return {
    list: (cursor, limit) =>
      storage().results.list({ platformTenantId, scanId, status: null, controlIds: null, q: null, cursor, limit }),
    name: (result: { controlId: string }) => result.controlId,
    names: plannedControls,
  }
}

const moment = (i: number) => new Date(Date.UTC(2026, 1, 1, 0, 0, 0, Math.floor(i / 2)))

async function sevenEndpoints({ storage }: SuiteContext): Promise<Growing> {
  const platformTenantId = newPlatformTenant()
  const add = (i: number) => addEndpoint(storage(), platformTenantId, { createdAt: moment(i) })
  const all = []
  for (let i = 0; i < 7; i += 1) all.push(await add(i))
  return {
    list: (cursor, limit) => storage().webhooks.listEndpoints({ platformTenantId, cursor, limit }),
    name: ({ id }: { id: string }) => id,
    names: newestFirst(all).map(({ id }) => id),
    prepend: async () => void (await add(100)),
  }
}

async function sevenDeliveries({ storage }: SuiteContext): Promise<Growing> {
  const endpoint = await addEndpoint(storage(), newPlatformTenant())
  const { platformTenantId, id: endpointId } = endpoint
  const all = []
  for (let i = 0; i < 7; i += 1) all.push(await addDelivery(storage(), endpoint, { at: moment(i) }))
  return {
    list: (cursor, limit) =>
      storage().webhooks.listDeliveries({ platformTenantId, endpointId, status: null, cursor, limit }),
    name: ({ id }: { id: string }) => id,
    names: newestFirst(all).map(({ id }) => id),
    prepend: async () => void (await addDelivery(storage(), endpoint, { at: moment(100) })),
  }
}

async function sevenAuditEntries({ storage }: SuiteContext): Promise<Growing> {
  const { platformTenantId, id } = await addTenant(storage())
  const add = async (i: number) => {
    const audit = sampleAudit(platformTenantId, { at: moment(i) })
    const patch = { updatedAt: moment(i), updatedBy: 'ana' }
    await storage().m365Tenants.update({ platformTenantId, id, patch, audit })
    return { id: audit.id, createdAt: audit.at }
  }
  const all = []
  for (let i = 0; i < 7; i += 1) all.push(await add(i))
  const any = { resourceType: null, resourceId: null, action: null, actor: null, since: null }
  return {
    list: (cursor, limit) => storage().audit.list({ platformTenantId, ...any, cursor, limit }),
    name: (entry: { id: string }) => entry.id,
    names: newestFirst(all).map((entry) => entry.id),
    prepend: async () => void (await add(100)),
  }
}

async function sevenExceptions({ storage }: SuiteContext): Promise<Listed> {
  const platformTenantId = newPlatformTenant()
  const all = Array.from({ length: 7 }, (_, i) => sampleException(platformTenantId, { createdAt: moment(i) }))
  for (const exception of all) await storage().exceptions.insert({ exception })
  const any = { m365TenantId: null, benchmarkId: null, controlId: null, validAt: null }
  return {
    list: (cursor, limit) => storage().exceptions.list({ platformTenantId, ...any, cursor, limit }),
    name: ({ id }: { id: string }) => id,
    names: newestFirst(all).map(({ id }) => id),
  }
}

async function sevenSchedules({ storage }: SuiteContext): Promise<Listed> {
  const tenant = await addTenant(storage())
  const { platformTenantId } = tenant
  const all = Array.from({ length: 7 }, (_, i) => sampleSchedule(tenant, { createdAt: moment(i) }))
  for (const schedule of all) await storage().schedules.insert({ schedule })
  return {
    list: (cursor, limit) =>
      storage().schedules.list({ platformTenantId, m365TenantId: null, enabled: null, cursor, limit }),
    name: ({ id }: { id: string }) => id,
    names: newestFirst(all).map(({ id }) => id),
  }
}

/** Ids break ties, so that entries of one millisecond have an order too. */
function newestFirst<T extends { createdAt: Date; id: string }>(all: T[]): T[] {
  return [...all].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
}
