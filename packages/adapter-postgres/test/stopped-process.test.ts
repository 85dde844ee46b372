import { setTimeout as sleep } from 'node:timers/promises'
import { addDelivery, addEndpoint, newPlatformTenant } from '@tenantscope/conformance'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '../src/database.ts'
import { hostConnections } from '../src/driver/connections.ts'
import { PostgresDriver } from '../src/driver/postgres-driver.ts'
import { postgresStorage, type SqlStorage } from '../src/index.ts'
import { schemaNames } from '../src/schema-names.ts'
import { lockName } from '../src/stores/lock.ts'
import { missingPostgres, newDatabase, type TestDatabase } from './databases.ts'

const missing = missingPostgres()

describe.skipIf(missing)(`a process that is stopped in a transaction${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  let sql: postgres.Sql
  let storage: SqlStorage
  beforeAll(async () => {
    database = await newDatabase()
    sql = postgres(database.url, { max: 4, onnotice: () => {}, backoff: () => 0.05 })
    storage = postgresStorage({ sql })
    await storage.migrate()
  })
  afterAll(async () => {
    await storage?.close()
    await sql?.end({ timeout: 5 })
    await database?.drop()
  })

  it('does not keep the others from the outbox: the database ends its transaction', async () => {
    const endpoint = await addEndpoint(storage, newPlatformTenant())
    const { id } = await addDelivery(storage, endpoint)
    const driver = new PostgresDriver({
      connections: hostConnections(sql, { acquireTimeoutMs: 5_000 }),
      openListener: async () => sql,
      owned: false,
      queryTimeoutMs: 5_000,
    })
    const limits = { statementTimeoutMs: 5_000, idleInTransactionMs: 150 }
    const stopped = new Database(driver, schemaNames({}), limits)
    let held = () => {}
    const holding = new Promise<void>((resolve) => {
      held = resolve
    })
    const errors: unknown[] = []
    const work = stopped.asWorker(async (tx) => {
      if (errors.length > 0) return 'begun anew'
      await lockName(stopped, tx, 'webhook_deliveries')
      held()
      await sleep(1_000)
      await tx.texts('select 1::text').catch((error: unknown) => {
        errors.push(error)
        throw error
      })
      return 'not ended'
    })
    await holding
    const claimed = await storage.work.claimDeliveries({ workerId: 'w', leaseMs: 60_000, limit: 10 })
    expect(claimed.map((delivery) => delivery.id)).toEqual([id])
    expect(await work).toBe('begun anew')
    expect(errors).toHaveLength(1)
  })
})
