import { randomBytes } from 'node:crypto'
import { queueSuite } from '@tenantscope/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { missingPostgres, newDatabase, type TestDatabase } from '../../adapter-postgres/test/databases.ts'
import { pgBossQueue } from '../src/index.ts'
import { startScript } from './worker-process.ts'

const missing = missingPostgres()

describe.skipIf(missing)(`PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await newDatabase()
  })
  afterAll(() => database?.drop())

  queueSuite({
    name: 'pg-boss on PostgreSQL',
    test: { describe, it, beforeAll, afterAll },
    capabilities: { shared: true, durable: true, redelivers: true },
    make: async () => {
      const name = `suite-${randomBytes(6).toString('hex')}`
      const options = { connectionString: database.url, name, pollMs: 500, monitorSeconds: 1 }
      return {
        queue: pgBossQueue(options),
        open: async () => pgBossQueue(options),
        openDoomed: async () => {
          const consumer = startScript('stuck-consumer.ts', { connectionString: database.url, name })
          return { took: consumer.line(() => true), die: () => consumer.kill() }
        },
        close: async () => {},
      }
    },
  })
})
