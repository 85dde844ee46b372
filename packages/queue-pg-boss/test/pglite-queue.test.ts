import { randomBytes } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { queueSuite } from '@tenantscope/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { pgBossQueue } from '../src/index.ts'

let database: PGlite

beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database?.close())

queueSuite({
  name: 'pg-boss on PGlite',
  test: { describe, it, beforeAll, afterAll },
  // One process, but several queues in it see the same entries.
  capabilities: { shared: true, durable: true },
  make: async () => {
    const name = `suite-${randomBytes(6).toString('hex')}`
    const open = () => pgBossQueue({ pglite: database, name, pollMs: 500 })
    return { queue: open(), open: async () => open(), close: async () => {} }
  },
})
