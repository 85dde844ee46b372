import { storageSuite } from '@tenantscope/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { missingPostgres, newDatabase } from './databases.ts'

const missing = missingPostgres()

describe.skipIf(missing)(`PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  storageSuite({
    name: 'PostgreSQL by url',
    test: { describe, it, beforeAll, afterAll },
    make: async () => {
      const database = await newDatabase()
      const storage = postgresStorage({ url: database.url, maxConnections: 5 })
      return {
        storage,
        close: async () => {
          await storage.close()
          await database.drop()
        },
      }
    },
  })
})
