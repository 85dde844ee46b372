import { addScan, addTenant, type Furnished, foreignCalls, furnish, newPlatformTenant } from '@tenantscope/conformance'
import type { Scan, Storage } from '@tenantscope/core'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostConnections } from '../src/driver/connections.ts'
import type { Driver, Session } from '../src/driver/driver.ts'
import { PostgresDriver } from '../src/driver/postgres-driver.ts'
import { postgresStorage } from '../src/index.ts'
import { sqlStorage } from '../src/storage.ts'
import { missingPostgres, newDatabase, type TestDatabase } from './databases.ts'

const tables = [
  'm365_tenants',
  'credentials',
  'scans',
  'scan_results',
  'scan_events',
  'evidence',
  'webhook_endpoints',
  'webhook_deliveries',
  'audit_log',
  'idempotency_keys',
  'exceptions',
  'schedules',
]
const missing = missingPostgres()

describe.skipIf(missing)(`isolation in PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  let storage: Storage
  let sql: postgres.Sql
  let mine: Scan
  let theirs: Scan
  let furnished: Furnished

  beforeAll(async () => {
    database = await newDatabase()
    sql = postgres(database.url, { max: 4, onnotice: () => {} })
    storage = postgresStorage({ sql })
    await storage.migrate()
    mine = (await furnish(storage)).scan
    furnished = await furnish(storage)
    theirs = furnished.scan
  })
  afterAll(async () => {
    await storage?.close()
    await sql?.end({ timeout: 5 })
    await database?.drop()
  })

  /** One transaction as a role of ours, the way the storage opens it. */
  const as = async <T>(
    role: string,
    platformTenantId: string | null,
    run: (tx: postgres.ReservedSql) => Promise<T>,
  ) => {
    const tx = await sql.reserve()
    try {
      await tx`begin`
      if (platformTenantId !== null)
        await tx`select set_config('tenantscope.platform_tenant', ${platformTenantId}, true)`
      await tx`select set_config('role', ${role}, true)`
      return await run(tx)
    } finally {
      await tx`rollback`
      tx.release()
    }
  }
  const count = async (tx: postgres.ReservedSql, table: string) => {
    const [row] = await tx.unsafe(`select count(*)::int as n from tenantscope.${table}`)
    return row?.n as number
  }

  it('shows the app role the rows of one platform tenant, of every table', async () => {
    for (const table of tables) {
      const all = await database.admin<{ n: number }>(`select count(*)::int as n from tenantscope.${table}`)
      const own = await as('tenantscope_app', mine.platformTenantId, (tx) => count(tx, table))
      expect(own, table).toBeGreaterThan(0)
      expect(own, table).toBeLessThan(all[0]?.n ?? 0)
    }
  })

  it('shows nothing without a platform tenant, nor to the owner', async () => {
    for (const table of tables) {
      expect(await as('tenantscope_app', null, (tx) => count(tx, table)), table).toBe(0)
      expect(await as('tenantscope_app', '', (tx) => count(tx, table)), table).toBe(0)
    }
    const login = await database.addLogin()
    await database.admin(`alter table tenantscope.scans owner to ${login.name}`)
    await database.admin(`grant usage on schema tenantscope to ${login.name}`)
    const seen = await as(login.name, mine.platformTenantId, (tx) => count(tx, 'scans'))
    await database.admin('alter table tenantscope.scans owner to current_user')
    await database.admin(`drop owned by ${login.name}`)
    expect(seen).toBe(0)
  })

  it('shows the worker role scans only, and the rest of the platform tenant that it entered', async () => {
    const worker = 'tenantscope_worker'
    expect(await as(worker, null, (tx) => count(tx, 'scans'))).toBeGreaterThanOrEqual(2)
    for (const table of ['scan_results', 'scan_events', 'evidence', 'remote_runs', 'remote_messages']) {
      expect(await as(worker, null, (tx) => count(tx, table)), table).toBe(0)
      expect(await as(worker, mine.platformTenantId, (tx) => count(tx, table)), table).toBeGreaterThan(0)
    }
    const closed = ['m365_tenants', 'credentials', 'audit_log', 'exceptions', 'schedules']
    for (const table of closed) {
      await expect(
        as(worker, mine.platformTenantId, (tx) => count(tx, table)),
        table,
      ).rejects.toThrow('permission denied')
    }
    for (const column of ['webhook_endpoints.secrets', 'idempotency_keys.key', 'idempotency_keys.response']) {
      const [table, name] = column.split('.')
      await expect(
        as(worker, mine.platformTenantId, (tx) =>
          Promise.resolve(tx.unsafe(`select ${name} from tenantscope.${table}`)),
        ),
        column,
      ).rejects.toThrow('permission denied')
    }
  })

  it('refuses rows of another platform tenant, and what would go round row security (S-23)', async () => {
    const forbidden: Record<string, [string, RegExp]> = {
      'an insert elsewhere': [
        `insert into tenantscope.scan_events select '${theirs.platformTenantId}', '${theirs.id}', 99, 'x', 1, now(), '{}'`,
        /row-level security/,
      ],
      'a scan moved elsewhere': [
        `update tenantscope.scans set platform_tenant_id = '${theirs.platformTenantId}'`,
        /permission denied/,
      ],
      'an M365 tenant moved elsewhere': [
        `update tenantscope.m365_tenants set platform_tenant_id = '${theirs.platformTenantId}'`,
        /row-level security|foreign key/,
      ],
      truncate: ['truncate tenantscope.scan_events', /permission denied/],
      'deleting a log': ['delete from tenantscope.scan_events', /permission denied/],
      'changing the audit log': [`update tenantscope.audit_log set actor = 'x'`, /permission denied/],
      'deleting from the audit log': ['delete from tenantscope.audit_log', /permission denied/],
      'a new table': ['create table tenantscope.mine (x int)', /permission denied/],
      'no more row security': ['alter table tenantscope.scans disable row level security', /must be owner/],
    }
    for (const [what, [statement, refusal]] of Object.entries(forbidden)) {
      const attempt = as('tenantscope_app', mine.platformTenantId, (tx) => Promise.resolve(tx.unsafe(statement)))
      await expect(attempt, what).rejects.toThrow(refusal)
    }
    const touched = await as('tenantscope_app', mine.platformTenantId, async (tx) => {
      return tx.unsafe(
        `update tenantscope.m365_tenants set name = 'x' where platform_tenant_id = '${theirs.platformTenantId}' returning 1`,
      )
    })
    expect([...touched]).toEqual([])
  })

  it('S-20, F-40: keeps platform tenants apart when every statement forgets its own predicate', async () => {
    const driver = new PostgresDriver({
      connections: hostConnections(sql, { acquireTimeoutMs: 5_000 }),
      openListener: async () => sql,
      owned: false,
      queryTimeoutMs: 5_000,
    })
    const forgetful = forgetPredicates(driver)
    const careless = sqlStorage(forgetful.driver, { statementTimeoutMs: 5_000 })
    const stranger = newPlatformTenant()
    for (const { method, call, answer } of foreignCalls(careless, furnished, stranger)) {
      expect(await call(), method).toEqual(answer)
    }
    expect(forgetful.forgotten()).toBeGreaterThan(30)
  })

  it('S-21: leaves nothing on pooled connections, however transactions end', async () => {
    const platforms = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const tenant = await addTenant(storage, { name: `tenant-${i}` })
        return { platformTenantId: tenant.platformTenantId, name: tenant.name }
      }),
    )
    let foreign = 0
    await Promise.all(
      Array.from({ length: 200 }, async (_, request) => {
        const { platformTenantId, name } = platforms[request % 20] ?? { platformTenantId: '', name: '' }
        for (let read = 0; read < 5; read += 1) {
          if ((request + read) % 10 === 0) {
            // Fails inside its transaction: the worker names an impossible lease.
            await storage.work
              .renewLease({ scanId: mine.id, attempt: 1, workerId: 'w', leaseMs: Number.NaN })
              .catch(() => {})
            const bad = addScan(storage, await addTenant(storage, { platformTenantId: newPlatformTenant() }), {
              attempt: -1,
            })
            await expect(bad).rejects.toMatchObject({ code: 'storage_refused' })
          }
          const page = await storage.m365Tenants.list({
            platformTenantId,
            status: null,
            q: null,
            cursor: null,
            limit: 50,
          })
          if (page.data.length !== 1 || page.data[0]?.name !== name) foreign += 1
        }
      }),
    )
    expect(foreign).toBe(0)
    for (let i = 0; i < 8; i += 1) {
      const [left] =
        await sql`select current_setting('tenantscope.platform_tenant', true) as tenant, current_user::text as role,
        session_user::text as login, current_setting('search_path') as path, current_setting('statement_timeout') as timeout`
      expect(left?.tenant ?? '').toBe('')
      expect(left?.role).toBe(left?.login)
      expect(left?.path).not.toBe('pg_catalog')
      expect(left?.timeout).toBe('0')
    }
  })

  it('S-25: tells listeners ids and nothing else', async () => {
    const payloads: string[] = []
    const { unlisten } = await sql.listen('tenantscope_growth', (payload) => payloads.push(payload))
    const scan = await addScan(storage, await addTenant(storage, { name: 'secret name' }))
    for (let tries = 0; payloads.length === 0 && tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await unlisten()
    expect(payloads).toEqual([`${scan.id}:1`])
  })

  it('S-22: finds roles that row security does not bind, and refuses to work with them', async () => {
    const role = `risky_${Date.now().toString(36)}`
    await database.admin(`create role ${role} bypassrls`)
    const risky = postgresStorage({ sql, schema: 'risky', appRole: role })
    await expect(risky.migrate()).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining(`role ${role} has BYPASSRLS`),
    })
    expect(await risky.health()).toMatchObject({ ok: false, detail: expect.stringContaining('BYPASSRLS') })
    await database.admin(`alter role ${role} nobypassrls`)
    await database.admin('alter table risky.scans no force row level security')
    expect(await risky.health()).toMatchObject({ ok: false, detail: expect.stringContaining('table scans') })
    await database.admin('alter table risky.scans force row level security')
    await risky.migrate()
    expect(await risky.health()).toMatchObject({ ok: true })
    await database.admin('drop schema risky cascade')
    await database.admin(`drop role ${role}`)
  })
})

/** The same driver, with the tenant predicate taken out of every statement: row security is all that is left. */
function forgetPredicates(driver: Driver): { driver: Driver; forgotten: () => number } {
  let forgotten = 0
  const forgetting = (session: Session): Session => ({
    ...session,
    query: ({ text, params }) => {
      const changed = text.replace(/\b\w+\.platform_tenant_id = \$(\d+)::text/g, (_, n) => {
        forgotten += 1
        // The parameter must still be mentioned, or the server would not know its type.
        return `($${n}::text is null or true)`
      })
      return session.query({ text: changed, params })
    },
  })
  return {
    forgotten: () => forgotten,
    driver: {
      ...driver,
      name: driver.name,
      sessions: driver.sessions,
      transaction: (opening, fn, access) => driver.transaction(opening, (session) => fn(forgetting(session)), access),
      listen: (channel, onPayload) => driver.listen(channel, onPayload),
      close: () => driver.close(),
    },
  }
}
