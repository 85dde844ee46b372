import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { addScan, addTenant, resultsOf } from '@tenantscope/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pgliteStorage, postgresStorage } from '../src/index.ts'

describe('PGlite storage', () => {
  let folder: string
  let db: PGlite
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantscope-pglite-'))
    db = await PGlite.create()
  })
  afterAll(async () => {
    await db?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('keeps its data in a folder from one process to the next', async () => {
    const dataDir = join(folder, 'data')
    const first = pgliteStorage({ dataDir })
    await first.migrate()
    const tenant = await addTenant(first)
    await first.close()
    const second = pgliteStorage({ dataDir })
    await second.migrate()
    const { platformTenantId, id } = tenant
    expect(await second.m365Tenants.get({ platformTenantId, id })).toEqual(tenant)
    await second.close()
  })

  it("leaves the caller's instance open, and as it was", async () => {
    const storage = pgliteStorage({ db, schema: 'first' })
    await storage.migrate()
    const tenant = await addTenant(storage)
    await storage.close()
    await storage.close()
    const { rows } = await db.query(
      `select current_user::text as role, current_setting('tenantscope.platform_tenant', true) as tenant`,
    )
    expect(rows).toEqual([{ role: 'postgres', tenant: '' }])
    const closed = storage.m365Tenants.get({ platformTenantId: tenant.platformTenantId, id: tenant.id })
    await expect(closed).rejects.toMatchObject({ code: 'closed' })
  })

  it('bears the host using the same instance meanwhile', async () => {
    const storage = pgliteStorage({ db, schema: 'second' })
    await storage.migrate()
    const tenant = await addTenant(storage)
    const calls = Array.from({ length: 20 }, async (_, i) => {
      if (i % 2 === 0) return addScan(storage, tenant)
      return db.transaction(async (tx) => tx.query('select current_user'))
    })
    await Promise.all(calls)
    const page = { status: null, since: null, cursor: null, limit: 50 }
    const { data } = await storage.scans.list({
      platformTenantId: tenant.platformTenantId,
      m365TenantId: null,
      ...page,
    })
    expect(data).toHaveLength(10)
    for (const scan of data) expect(await resultsOf(storage, scan)).toEqual([])
    await storage.close()
  })

  it('sees one platform tenant at a time although its login is a superuser', async () => {
    const storage = pgliteStorage({ db, schema: 'third' })
    await storage.migrate()
    const [a, b] = [await addTenant(storage), await addTenant(storage)]
    const seen = await db.transaction(async (tx) => {
      await tx.query(
        `select set_config('tenantscope.platform_tenant', $1, true), set_config('role', 'tenantscope_app', true)`,
        [a.platformTenantId],
      )
      return tx.query('select id from third.m365_tenants')
    })
    expect(seen.rows).toEqual([{ id: a.id }])
    const all = await db.query('select id from third.m365_tenants')
    expect(all.rows).toHaveLength(2)
    expect(b.id).not.toBe(a.id)
    await storage.close()
  })
})

describe('postgresStorage', () => {
  it('wants one of sql and url', () => {
    expect(() => postgresStorage({})).toThrow('either sql')
  })

  it('opens nothing before it is used, and closes without having been', async () => {
    const storage = postgresStorage({ url: 'postgres://nobody@127.0.0.1:1/none' })
    await storage.close()
    await expect(storage.work.listPending({ limit: 1 })).rejects.toMatchObject({ code: 'closed' })
  })

  it('refuses a pool with which the library would wait for ever', () => {
    const sql = { options: { fetch_types: false } } as never
    expect(() => postgresStorage({ sql })).toThrow('/sql: has fetch_types')
  })
})
