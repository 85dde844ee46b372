import { storageSuite } from '@tenantscope/conformance'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { pgliteStorage } from '../src/index.ts'

storageSuite({
  name: 'PGlite',
  test: { describe, it, beforeAll, afterAll },
  make: async () => {
    const storage = pgliteStorage()
    return { storage, close: () => storage.close() }
  },
})
