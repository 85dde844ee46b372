import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { pgliteStorage, postgresStorage } from '@tenantscope/adapter-postgres'
import {
  createTenantscope,
  envelopeSecretStore,
  type PlatformTenantScope,
  type SqlTransaction,
  type Storage,
  staticKeys,
} from '@tenantscope/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { missingPostgres, newDatabase, type TestDatabase } from '../../adapter-postgres/test/databases.ts'
import { type PgBossQueue, pgBossQueue } from '../src/index.ts'
import { acceptingSignIn, pacedRunner } from './paced-runner.ts'

const key = createHash('sha256').update('only a test').digest()
const missing = missingPostgres()
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** What happens to the process while it stores scan and entry. */
type Crash = (transaction: SqlTransaction, enqueue: () => Promise<void>) => Promise<void>

interface Installation {
  scope: PlatformTenantScope
  queue: PgBossQueue
  tenantId: string
  /** What is done in place of a plain enqueueWithin. */
  crash: Crash | null
  /** How often an entry was enqueued after its scan was stored. */
  afterwards: number
  warnings: string[]
}

/** A process that serves the API only. What it enqueues stays where it is. */
async function installation(storage: Storage, queue: PgBossQueue): Promise<Installation> {
  const made: Installation = { queue, crash: null, afterwards: 0, warnings: [] } as never
  const { scans } = storage
  const insert: typeof scans.insert = async (params) => {
    if (!params.alongside && made.crash) throw new Error('A dead process goes no other way.')
    return scans.insert(params)
  }
  const tenantscope = createTenantscope({
    storage: { ...storage, scans: { ...scans, insert } },
    queue: {
      ...queue,
      enqueue: async (entry) => {
        made.afterwards += 1
        await queue.enqueue(entry)
      },
      enqueueWithin: async ({ entry, transaction }) => {
        const enqueue = () => queue.enqueueWithin({ entry, transaction })
        await (made.crash ?? ((_, go) => go()))(transaction, enqueue)
      },
    },
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key }]) }),
    runner: pacedRunner({ pauseMs: 1, note: () => {}, take: async () => async () => {} }),
    signIn: acceptingSignIn,
    worker: false,
    logger: { debug: () => {}, info: () => {}, warn: (message) => void made.warnings.push(message), error: () => {} },
  })
  closers.push(async () => {
    await queue.close()
    await tenantscope.close()
  })
  await tenantscope.start()
  made.scope = tenantscope.forPlatformTenant('msp', { actor: 'ann' })
  const tenant = await made.scope.m365Tenants.register({
    m365TenantId: randomUUID(),
    name: 'Contoso',
    defaultDomain: 'contoso.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId: randomUUID(), clientSecret: 'a-secret-of-a-test' },
  })
  made.tenantId = tenant.id
  return made
}

/**
 * 200 starts. Of four one dies when the scan is written and the entry is not, two die when both are and nothing is committed, and one lives. One death in five cuts
 * the connection, the others end the transaction by an error. Gives the ids of those that lived.
 */
async function crashes(made: Installation, cut: ((transaction: SqlTransaction) => Promise<void>) | null) {
  const started: string[] = []
  for (let i = 0; i < 200; i += 1) {
    const place = i % 4
    let dead = false
    made.crash = async (transaction, enqueue) => {
      const die = async () => {
        const first = !dead
        dead = true
        if (first && cut && i % 5 === 0) await cut(transaction)
        throw new Error('A crash, on purpose.')
      }
      if (place === 0 || dead) await die()
      await enqueue()
      if (place !== 3) await die()
    }
    const scan = await made.scope.scans.start({ m365TenantId: made.tenantId }).catch(() => null)
    if (scan) started.push(scan.id)
  }
  return started
}

describe.skipIf(missing)(`a scan and its entry on PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await newDatabase()
  })
  afterAll(() => database?.drop())

  const open = async (storageUrl = database.url, queueUrl = database.url) => {
    const storage = postgresStorage({ url: storageUrl, maxConnections: 3 })
    const name = `test-${randomBytes(6).toString('hex')}`
    return { made: await installation(storage, pgBossQueue({ connectionString: queueUrl, name, pollMs: 500 })), name }
  }
  const rows = async (name: string) => {
    const scans = await database.admin<{ id: string }>('select id::text from tenantscope.scans')
    const jobs = await database.admin<{ id: string }>(
      `select data ->> 'scanId' as id from tenantscope_queue.job where name = '${name}'`,
    )
    const ids = (of: { id: string }[]) => of.map(({ id }) => id).sort()
    return { scans: ids(scans), jobs: ids(jobs) }
  }

  it('R-16: are both there or neither, after 200 crashes in between', async () => {
    const { made, name } = await open()
    await database.admin('delete from tenantscope.scans')
    const started = await crashes(made, async (transaction) => {
      // The server sees what it sees of a process that is killed: the connection is gone in the middle of the transaction.
      await transaction.execute('select pg_terminate_backend(pg_backend_pid())::text as gone', [])
    })
    const stored = await rows(name)
    expect(stored.scans).toEqual(stored.jobs)
    expect(stored.scans).toEqual(started.sort())
    expect([started.length, made.afterwards]).toEqual([50, 0])
  })

  it('live and die apart, with a warning, when the login may not write the queue, and together when it may', async () => {
    const login = await database.addLogin()
    const { made: first } = await open()
    await first.scope.scans.start({ m365TenantId: first.tenantId })
    expect(first.afterwards).toBe(0)
    await database.admin(`grant tenantscope_app, tenantscope_worker to ${login.name}`)
    await database.admin(`grant usage on schema tenantscope to ${login.name}`)
    await database.admin(`grant select on tenantscope.migrations to ${login.name}`)
    const { made, name } = await open(login.url)
    const started: string[] = []
    for (let i = 0; i < 5; i += 1) started.push((await made.scope.scans.start({ m365TenantId: made.tenantId })).id)
    expect(made.afterwards).toBe(5)
    expect(made.warnings).toHaveLength(3)
    expect((await rows(name)).jobs).toEqual(started.sort())
    await database.admin(`grant usage on schema tenantscope_queue to ${login.name}`)
    await database.admin(`grant select, insert on all tables in schema tenantscope_queue to ${login.name}`)
    const { made: granted } = await open(login.url)
    await granted.scope.scans.start({ m365TenantId: granted.tenantId })
    expect([granted.afterwards, granted.warnings]).toEqual([0, []])
    await database.admin(`drop owned by ${login.name}`)
  })

  it('S-28: are both gone when the M365 tenant is removed', async () => {
    const { made, name } = await open()
    for (let i = 0; i < 3; i += 1) await made.scope.scans.start({ m365TenantId: made.tenantId })
    expect((await rows(name)).jobs).toHaveLength(3)
    await made.scope.m365Tenants.remove(made.tenantId)
    expect((await rows(name)).jobs).toEqual([])
    const left = await database.admin(`select 1 from tenantscope.scans where m365_tenant_id = '${made.tenantId}'`)
    expect(left).toEqual([])
  })

  it('live and die apart when the queue lives in another database of the server', async () => {
    const other = await newDatabase()
    try {
      const { made } = await open(database.url, other.url)
      expect(await made.queue.databaseIdentity()).not.toBeNull()
      await made.scope.scans.start({ m365TenantId: made.tenantId })
      expect([made.afterwards, made.warnings]).toEqual([1, []])
    } finally {
      for (const close of closers.splice(0).reverse()) await close()
      await other.drop()
    }
  })
})

describe('a scan and its entry on PGlite', () => {
  it('R-16: are both there or neither, after 200 failures in between', async () => {
    const db = await PGlite.create()
    closers.push(() => db.close())
    const storage = pgliteStorage({ db })
    const made = await installation(storage, pgBossQueue({ pglite: db, pollMs: 500 }))
    const started = await crashes(made, null)
    const ids = async (sql: string) => (await db.query<{ id: string }>(sql)).rows.map(({ id }) => id).sort()
    const scans = await ids('select id::text as id from tenantscope.scans')
    expect(scans).toEqual(await ids(`select data ->> 'scanId' as id from tenantscope_queue.job`))
    expect(scans).toEqual(started.sort())
    expect([started.length, made.afterwards]).toEqual([50, 0])
  })

  it('live and die apart in two instances', async () => {
    const [one, two] = [await PGlite.create(), await PGlite.create()]
    closers.push(
      () => one.close(),
      () => two.close(),
    )
    const made = await installation(pgliteStorage({ db: one }), pgBossQueue({ pglite: two, pollMs: 500 }))
    await made.scope.scans.start({ m365TenantId: made.tenantId })
    expect([made.afterwards, made.warnings]).toEqual([1, []])
  })
})
