import { addScan, addTenant, newPlatformTenant, recordOf, resultsOf, sampleResult } from '@tenantscope/conformance'
import { isTenantscopeError, type Storage } from '@tenantscope/core'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hostConnections } from '../src/driver/connections.ts'
import { LinkLost } from '../src/driver/driver.ts'
import { PostgresDriver } from '../src/driver/postgres-driver.ts'
import { postgresStorage } from '../src/index.ts'
import { blackHole } from './black-hole.ts'
import { startPostgres, type TestServer, whyNoPostgres } from './postgres-server.ts'

const given = process.env.TENANTSCOPE_TEST_POSTGRES_URL
const missing = whyNoPostgres() ?? (given ? 'a given server must not be crashed by tests' : null)

describe.skipIf(missing)(`faults of the database${missing ? ` (${missing})` : ''}`, () => {
  let server: TestServer
  let url: string
  let uncaught: unknown[]
  const remember = (error: unknown) => uncaught.push(error)
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    server = await startPostgres()
    url = await server.createDatabase()
  })
  afterAll(async () => {
    await server?.stop()
  })
  beforeEach(() => {
    uncaught = []
    process.on('uncaughtExceptionMonitor', remember)
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    process.removeListener('uncaughtExceptionMonitor', remember)
    expect(uncaught).toEqual([])
  })

  const open = (options: Partial<Parameters<typeof postgresStorage>[0]> = {}): Storage => {
    const storage = postgresStorage(options.sql ? options : { url, maxConnections: 4, ...options })
    closers.unshift(() => storage.close())
    return storage
  }
  const hosts = () => {
    // As the README tells hosts to.
    const sql = postgres(url, { max: 4, onnotice: () => {}, connect_timeout: 2, backoff: () => 0.25 })
    closers.unshift(() => sql.end({ timeout: 1 }))
    return sql
  }

  it.for(['its own pool', "the host's pool"])('R-20: bears a crash and a restart under load, on %s', async (whose) => {
    const storage = whose === 'its own pool' ? open() : open({ sql: hosts() })
    await storage.migrate()
    const tenant = await addTenant(storage)
    const traffic = startTraffic(storage, tenant.platformTenantId)
    for (let round = 0; round < 3; round += 1) {
      await traffic.until((seen) => seen.succeeded > 20)
      await server.crash()
      await traffic.until((seen) => seen.failed > 5)
      await server.start()
      traffic.reset()
      await traffic.until((seen) => seen.succeeded > 20)
    }
    await traffic.stop()
    expect(await storage.m365Tenants.get({ platformTenantId: tenant.platformTenantId, id: tenant.id })).toEqual(tenant)
  })

  it('R-21: loses no accepted result while backends are killed', async () => {
    const storage = open()
    await storage.migrate()
    const plannedControls = Array.from({ length: 120 }, (_, i) => `c${i}`)
    const scan = await addScan(storage, await addTenant(storage), { plannedControls })
    const running = await storage.work.claim({ scanId: scan.id, workerId: 'w', leaseMs: 600_000, at: new Date() })
    if (!running) throw new Error('not claimed')
    const admin = postgres(url, { max: 1, onnotice: () => {} })
    closers.unshift(() => admin.end({ timeout: 1 }))
    const accepted: string[] = []
    let writing = true
    const killer = (async () => {
      while (writing) {
        await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
    })()
    await Promise.all(
      plannedControls.map(async (controlId) => {
        for (let tries = 0; tries < 50; tries += 1) {
          try {
            const answer = await storage.work.record(recordOf(running, { results: [sampleResult(running, controlId)] }))
            if (answer.accepted) accepted.push(controlId)
            return
          } catch (error) {
            expect(isTenantscopeError(error) && error.code === 'storage_failed' && error.retryable).toBe(true)
          }
        }
      }),
    )
    writing = false
    await killer
    const stored = (await retried(() => resultsOf(storage, running))).map((result) => result.controlId)
    expect(stored).toEqual(expect.arrayContaining(accepted))
    const after = await retried(() => storage.scans.get({ platformTenantId: scan.platformTenantId, scanId: scan.id }))
    expect(after?.counts.pass).toBe(stored.length)
    expect(stored.length).toBe(plannedControls.length)
  })

  it('says so when the connection dies between two statements', async () => {
    const sql = hosts()
    const driver = new PostgresDriver({
      connections: hostConnections(sql, { acquireTimeoutMs: 5_000 }),
      openListener: async () => sql,
      owned: false,
      queryTimeoutMs: 5_000,
    })
    const admin = postgres(url, { max: 1, onnotice: () => {} })
    closers.unshift(() => admin.end({ timeout: 1 }))
    const death = driver.transaction(null, async (session) => {
      const [pid] = await session.query({ text: 'select pg_backend_pid()::text', params: [] })
      await admin`select pg_terminate_backend(${Number(pid)})`
      // Nothing is in flight: nobody tells us, except the close that the link watches.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await session.query({ text: 'select 1::text', params: [] })
    })
    const error = await death.catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(LinkLost)
    expect(error).toMatchObject({ committed: 'no' })
    const rows = await driver.transaction(null, (session) => session.query({ text: 'select 7::text', params: [] }))
    expect(rows).toEqual(['7'])
  })

  it('R-22: gives up on a server that swallows everything, and recovers when it answers again', async () => {
    const proxy = await blackHole(new URL(url))
    closers.unshift(() => proxy.close())
    const storage = open({ url: proxy.url, statementTimeoutMs: 200, acquireTimeoutMs: 500 })
    await storage.migrate()
    const platformTenantId = newPlatformTenant()
    const page = () =>
      storage.scans.list({ platformTenantId, m365TenantId: null, status: null, since: null, cursor: null, limit: 1 })
    await page()
    proxy.swallow(true)
    await expect(page()).rejects.toMatchObject({ code: 'storage_failed', retryable: true })
    proxy.swallow(false)
    expect((await retried(page)).data).toEqual([])
  })

  it('ends a statement that takes too long on the server, and keeps the connection', async () => {
    const storage = open({ statementTimeoutMs: 100, maxConnections: 1 })
    await storage.migrate()
    const tenant = await addTenant(storage)
    const { platformTenantId, id } = tenant
    const blocker = postgres(url, { max: 1 })
    closers.unshift(() => blocker.end({ timeout: 1 }))
    const held = await blocker.reserve()
    await held`begin`
    await held`select 1 from tenantscope.m365_tenants where id = ${id} for update`
    const patch = { name: 'x', updatedAt: new Date(), updatedBy: 'x' }
    const late = await storage.m365Tenants.update({ platformTenantId, id, patch }).catch((error: unknown) => error)
    await held`rollback`
    held.release()
    expect(late).toMatchObject({ code: 'storage_failed', retryable: true })
    expect(String(late)).toContain('57014')
    expect(await storage.m365Tenants.get({ platformTenantId, id })).toEqual(tenant)
  })

  it('R-23: goes on telling of growth after a restart', async () => {
    const storage = open()
    await storage.migrate()
    const scan = await addScan(storage, await addTenant(storage))
    const heard = new Set<string>()
    await storage.listen?.(({ scanId }) => heard.add(scanId))
    await server.crash()
    await server.start()
    await retried(async () => {
      const { id } = await addScan(storage, await addTenant(storage, { platformTenantId: scan.platformTenantId }))
      await new Promise((resolve) => setTimeout(resolve, 50))
      if (!heard.has(id)) throw new Error('not heard yet')
    })
  })

  it('names what is wrong when there is no server', async () => {
    const storage = open({ url: 'postgres://nobody@127.0.0.1:1/none' })
    await expect(storage.migrate()).rejects.toMatchObject({ code: 'storage_failed', retryable: true })
    expect(await storage.health()).toMatchObject({ ok: false, detail: expect.stringContaining('cannot be reached') })
  })
})

/** Tries again for a while: what a worker does with a retryable error. */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (tries >= 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Eight callers that read and write without a pause. Every one of their promises must settle, as a success or as a typed error. */
function startTraffic(storage: Storage, platformTenantId: string) {
  const seen = { succeeded: 0, failed: 0 }
  let going = true
  const wrong: unknown[] = []
  const callers = Array.from({ length: 8 }, async () => {
    while (going) {
      try {
        const tenant = await addTenant(storage, { platformTenantId })
        await storage.m365Tenants.delete({ platformTenantId, id: tenant.id })
        seen.succeeded += 1
      } catch (error) {
        if (!isTenantscopeError(error) || error.code !== 'storage_failed' || !error.retryable) wrong.push(error)
        seen.failed += 1
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })
  return {
    reset: () => Object.assign(seen, { succeeded: 0, failed: 0 }),
    until: async (reached: (counts: typeof seen) => boolean) => {
      for (let tries = 0; !reached(seen); tries += 1) {
        if (tries > 1500) throw new Error(`Traffic stands still: ${JSON.stringify(seen)}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    stop: async () => {
      going = false
      await Promise.all(callers)
      expect(wrong).toEqual([])
    },
  }
}
