import { inProcessQueue } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { queueSuite } from '../src/index.ts'

queueSuite({
  name: 'in process',
  test: { describe, it, beforeAll, afterAll },
  // It hands the worker the very object that it keeps.
  capabilities: { copies: false },
  make: async () => ({ queue: inProcessQueue(), close: async () => {} }),
})
