import { addEndpoint, addScan, addTenant, auditOf, deliveriesOf, sampleAudit } from '@tenantscope/conformance'
import type { Storage } from '@tenantscope/core'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.ts'
import { hostConnections } from '../src/driver/connections.ts'
import { PostgresDriver } from '../src/driver/postgres-driver.ts'
import { migrations, postgresStorage } from '../src/index.ts'
import { migrate } from '../src/migrations/migrate.ts'
import { plannedMigrations } from '../src/migrations/migrations.ts'
import { schemaNames } from '../src/schema-names.ts'
import { missingPostgres, newDatabase, type TestDatabase } from './databases.ts'

const missing = missingPostgres()
const newest = plannedMigrations().length

describe.skipIf(missing)(`migrations on PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  let sql: postgres.Sql
  beforeEach(async () => {
    database = await newDatabase()
    sql = postgres(database.url, { max: 8, onnotice: () => {} })
  })
  afterEach(async () => {
    await sql?.end({ timeout: 5 })
    await database?.drop()
  })
  const db = () =>
    new Database(
      new PostgresDriver({
        connections: hostConnections(sql, { acquireTimeoutMs: 5_000 }),
        openListener: async () => sql,
        owned: false,
        queryTimeoutMs: 10_000,
      }),
      schemaNames({}),
      { statementTimeoutMs: 10_000 },
    )
  const ledger = () =>
    database.admin<{ version: number }>('select version, name from tenantscope.migrations order by version')

  it('brings an empty database up once, however many do it at the same time', async () => {
    const storages: Storage[] = Array.from({ length: 6 }, () => postgresStorage({ sql }))
    await Promise.all(storages.map((storage) => storage.migrate()))
    expect((await ledger()).map((row) => row.version)).toEqual(plannedMigrations().map((m) => m.version))
    await addTenant(storages[0] as Storage)
  })

  it('does the same for two schemas of one server at the same time', async () => {
    const other = await newDatabase()
    const elsewhere = postgresStorage({ url: other.url })
    try {
      await Promise.all([
        postgresStorage({ sql }).migrate(),
        elsewhere.migrate(),
        postgresStorage({ sql, schema: 's2' }).migrate(),
      ])
      expect(await elsewhere.health()).toMatchObject({ ok: true })
    } finally {
      await elsewhere.close()
      await other.drop()
    }
  })

  it('goes on where it stopped, and undoes a migration that failed half way', async () => {
    await migrate(db())
    const shipped = plannedMigrations().length
    const next = {
      version: shipped + 1,
      name: 'next',
      checksum: 'c2',
      sql: 'create table :schema.next (x int); alter table :schema.next enable row level security; alter table :schema.next force row level security;',
    }
    const broken = { ...next, sql: `${next.sql} select 1/0;` }
    await expect(migrate(db(), [...plannedMigrations(), broken])).rejects.toMatchObject({ code: 'storage_refused' })
    expect(await ledger()).toHaveLength(shipped)
    expect(await database.admin(`select to_regclass('tenantscope.next')::text as t`)).toEqual([{ t: null }])
    await migrate(db(), [...plannedMigrations(), next])
    expect(await ledger()).toHaveLength(shipped + 1)
  })

  it('brings a schema with rows from each earlier version up, and keeps the rows', async () => {
    for (let version = 1; version < newest; version += 1) {
      await database.admin('drop schema if exists tenantscope cascade')
      await migrate(db(), plannedMigrations().slice(0, version))
      const storage = postgresStorage({ sql })
      const tenant = await addTenant(storage)
      const scan = await addScan(storage, tenant)
      await storage.migrate()
      const { platformTenantId } = tenant
      expect(await storage.m365Tenants.get({ platformTenantId, id: tenant.id })).toEqual(tenant)
      expect(await storage.scans.get({ platformTenantId, scanId: scan.id })).toEqual(scan)
      const endpoint = await addEndpoint(storage, platformTenantId)
      const audit = sampleAudit(platformTenantId)
      const at = new Date()
      await storage.scans.requestCancel({ platformTenantId, scanId: scan.id, at, notRunMessage: 'x', audit })
      expect((await deliveriesOf(storage, endpoint)).map(({ scanId }) => scanId)).toEqual([scan.id])
      expect(await auditOf(storage, platformTenantId)).toEqual([audit])
      expect(await storage.doctor()).not.toContainEqual(expect.objectContaining({ severity: 'error' }))
    }
  })

  it('refuses a schema that is newer than the package, naming both versions', async () => {
    await migrate(db())
    await database.admin(`insert into tenantscope.migrations values (${newest + 5}, 'future', 'x')`)
    await expect(postgresStorage({ sql }).migrate()).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringMatching(new RegExp(`version ${newest + 5}.*up to ${newest}`)),
    })
  })

  it('refuses a schema whose migration had another text', async () => {
    await migrate(db())
    await database.admin(`update tenantscope.migrations set checksum = 'other' where version = 1`)
    await expect(postgresStorage({ sql }).migrate()).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining('Migration 1 (scans)'),
    })
  })

  it('finds nothing to do after a host applied the exported SQL itself, also without the right to change the schema', async () => {
    const login = await database.addLogin()
    for (const migration of migrations()) await database.admin(`begin; ${migration.sql} commit;`)
    await database.admin(`grant tenantscope_app, tenantscope_worker to ${login.name}`)
    await database.admin(`grant usage on schema tenantscope to ${login.name}`)
    await database.admin(`grant select on tenantscope.migrations to ${login.name}`)
    await database.admin(`alter role ${login.name} nocreaterole`)
    const storage = postgresStorage({ url: login.url })
    try {
      await storage.migrate()
      await addTenant(storage)
      expect(await storage.health()).toMatchObject({ ok: true })
    } finally {
      await storage.close()
      await database.admin(`drop owned by ${login.name}`)
    }
  })

  it('says to migrate when nobody did', async () => {
    const storage = postgresStorage({ sql, schema: 'nowhere' })
    await expect(addTenant(storage)).rejects.toMatchObject({
      code: 'storage_refused',
      message: expect.stringContaining('migrate()'),
    })
    expect(await storage.health()).toMatchObject({ ok: false, detail: expect.stringContaining('migrate()') })
  })
})

describe('migrations as text', () => {
  it('carry the names asked for, and no placeholder', () => {
    const [first] = migrations({ schema: 'msp', appRole: 'msp_app', workerRole: 'msp_worker' })
    expect(first?.sql).toContain('create table "msp".scans')
    expect(first?.sql).toContain('to "msp_worker"')
    expect(first?.sql).not.toMatch(/(?<!:):(schema|app|worker|channel)/)
  })

  it('are never edited once shipped', () => {
    expect(plannedMigrations().map((m) => [m.version, m.name, m.checksum])).toMatchInlineSnapshot(`
      [
        [
          1,
          "scans",
          "6f4e5b2950ac90c77da1ee46414a2ffbeed7a82d5be6cc21e84acb6a0f361af9",
        ],
        [
          2,
          "turns",
          "7ca34ab6562375394e711c4c096fcb3a834c26f1677e55a656e39f3b64d83334",
        ],
        [
          3,
          "remote-runs",
          "75bfba14016e11931d8c0db901bc9fcf3c4f865883cbae7a69273819c04ea4b5",
        ],
        [
          4,
          "outbox",
          "6760905dd0889e467504d4fc50938599e2be59a73867295d4eef7051d303f2b2",
        ],
      ]
    `)
  })

  it.for(['', 'Upper', 'with space', 'x"; drop schema public; --', '1st', 'pg_mine', 'a'.repeat(49)])(
    'refuse the schema name %j',
    (schema) => {
      expect(() => migrations({ schema })).toThrow('/schema')
      expect(() => postgresStorage({ url: 'postgres://h/d', schema })).toThrow('/schema')
    },
  )
})
