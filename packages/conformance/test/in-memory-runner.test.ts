import { afterAll, beforeAll, describe, it } from 'vitest'
import { runnerSuite } from '../src/index.ts'
import { inMemoryRunner } from './in-memory-runner.ts'

runnerSuite({
  name: 'in memory',
  test: { describe, it, beforeAll, afterAll },
  // There is no engine that could refuse to listen, or babble.
  capabilities: { scenarios: ['judges', 'endless', 'dies'] },
  make: async (scenario) => {
    const { runner, open } = inMemoryRunner(scenario)
    return { runner, leftovers: async () => Array.from({ length: open() }, () => 'a run') }
  },
})
