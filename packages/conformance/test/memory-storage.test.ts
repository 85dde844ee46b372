import { memoryStorage } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { storageSuite } from '../src/index.ts'

storageSuite({
  name: 'memory',
  test: { describe, it, beforeAll, afterAll },
  capabilities: { unstorableText: 'kept' },
  make: async () => {
    const storage = memoryStorage()
    return { storage, close: () => storage.close() }
  },
})
