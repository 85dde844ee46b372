import { memoryStorage } from '@tenantscope/core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { storageSuite } from '../src/index.ts'

storageSuite({
  name: 'memory',
  test: { describe, it, beforeAll, afterAll },
  modelRuns: 10_000,
  capabilities: { unstorableText: 'kept' },
  make: async () => {
    let elapsedMs = 0
    const storage = memoryStorage({ monotonicMs: () => performance.now() + elapsedMs })
    const passTime = async (ms: number) => {
      elapsedMs += ms
    }
    return { storage, passTime, close: () => storage.close() }
  },
})
