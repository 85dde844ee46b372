import assert from 'node:assert/strict'
import type { RunnerJob } from '@tenantscope/core'
import type { MadeRunner, OpenRunner, RunnerSuiteContext, RunnerSuiteOptions } from './context.ts'
import { endingTests } from './ending.ts'
import { judgingTests } from './judging.ts'

const everyScenario = ['judges', 'endless', 'stubborn', 'dies', 'babbles'] as const

/** What every Runner must do. Registers its tests with the runner that is handed in; each test gets a Runner of its own from `make`. */
export function runnerSuite(options: RunnerSuiteOptions): void {
  const { test } = options
  const context: RunnerSuiteContext = {
    test,
    capabilities: { scenarios: everyScenario, ...options.capabilities },
    itWithRunner: (name, scenario, run) => {
      if (!context.capabilities.scenarios.includes(scenario)) return
      test.it(name, async () => {
        const made = await options.make(scenario)
        try {
          await run(openRunner(made))
        } finally {
          await made.runner.close()
          await made.close?.()
        }
      })
    },
  }
  test.describe(`runner suite: ${options.name}`, () => {
    judgingTests(context)
    endingTests(context)
    options.additionalTests?.(context)
  })
}

function openRunner(made: MadeRunner): OpenRunner {
  const { runner } = made
  return {
    runner,
    job: async (changes = {}) => {
      const [benchmark] = await runner.benchmarks()
      assert.ok(benchmark, 'the runner knows no benchmark')
      const job: RunnerJob = {
        scanId: 'a7c1f0de-0000-4000-8000-000000000001',
        attempt: 1,
        benchmark: { id: benchmark.id, version: benchmark.version },
        controlIds: benchmark.controls.slice(0, 3).map(({ id }) => id),
        scanStartedAt: new Date('2026-11-01T08:00:00Z'),
        m365Tenant: { id: '11111111-2222-4333-8444-555555555555', defaultDomain: 'contoso.onmicrosoft.com' },
        credentialKind: 'client_secret',
        cloud: 'commercial',
        inputs: {},
        keepEvidence: true,
        timeoutMs: 60_000,
        ...changes,
      }
      return made.job?.(job) ?? job
    },
    nothingIsLeft: async () => {
      assert.deepEqual([...((await made.leftovers?.()) ?? [])], [], 'the run left something behind')
    },
  }
}
