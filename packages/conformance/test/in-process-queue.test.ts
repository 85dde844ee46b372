import { inProcessQueue } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { queueSuite } from '../src/index.ts'

queueSuite({
  name: 'in process',
  test: { describe, it, beforeAll, afterAll },
  make: async () => ({ queue: inProcessQueue(), close: async () => {} }),
})
