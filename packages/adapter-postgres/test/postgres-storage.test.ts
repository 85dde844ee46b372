import { randomBytes } from 'node:crypto'
import { storageSuite } from '@tenantscope/conformance'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { postgresStorage } from '../src/index.ts'
import { missingPostgres, newDatabase } from './databases.ts'

const missing = missingPostgres()

describe.skipIf(missing)(`PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  const test = { describe, it, beforeAll, afterAll }

  storageSuite({
    name: 'PostgreSQL by url',
    test,
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

  // Everything a host may do differently: its own pool with its own types and transforms, a login that is no superuser, names of its own.
  storageSuite({
    name: "PostgreSQL by the host's sql",
    test,
    make: async () => {
      const database = await newDatabase()
      const login = await database.addLogin()
      const suffix = randomBytes(4).toString('hex')
      const names = { schema: 'user', appRole: `app_${suffix}`, workerRole: `worker_${suffix}` }
      const sql = postgres(login.url, {
        max: 3,
        onnotice: () => {},
        transform: postgres.camel,
        connection: { TimeZone: 'Asia/Kolkata', DateStyle: 'German', default_transaction_isolation: 'serializable' },
        types: {
          date: { to: 1184, from: [1082, 1114, 1184], serialize: (x: unknown) => String(x), parse: (x: string) => x },
          json: { to: 114, from: [114, 3802], serialize: JSON.stringify, parse: (x: string) => x },
        },
      })
      const storage = postgresStorage({ sql, ...names })
      return {
        storage,
        close: async () => {
          await storage.close()
          await sql`select 1`
          await sql.end({ timeout: 5 })
          await database.drop([names.appRole, names.workerRole])
        },
      }
    },
  })
})
