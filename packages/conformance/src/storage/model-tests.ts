import { resultStatuses } from '@tenantscope/core'
import * as fc from 'fast-check'
import type { StorageSuiteOptions, SuiteContext } from './context.ts'
import type { Step } from './model.ts'
import { playSteps } from './model-run.ts'

const scan = fc.nat({ max: 5 })
/** Mostly the right attempt: a run of refusals shows little. */
const late = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) })

const record = fc.record({
  do: fc.constant('record' as const),
  scan,
  late,
  // Twice the same control in one call happens too; duplicates of a call come from repeats of the step.
  controls: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
  status: fc.constantFrom(...resultStatuses),
  progress: fc.boolean(),
})

const single: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('insert' as const), tenant: fc.nat({ max: 1 }) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('claim' as const), scan }) },
  { weight: 8, arbitrary: record },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), scan, late, stranger: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('expire' as const), scan }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), scan, late }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('finish' as const),
      scan,
      late,
      status: fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), scan }) },
)

const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.tuple(single, fc.boolean()).map(([step, twice]) => (twice && step.do === 'record' ? [step, step] : [step])),
    { minLength: 4, maxLength: 30, size: 'max' },
  )
  .map((parts) => [{ do: 'insert', tenant: 0 }, ...parts.flat()])

/** So that no single test takes longer than test runners allow by default. Who wants thousands has a fast storage. */
const runsPerTestOf = (runs: number) => (runs >= 5_000 ? 500 : 25)

export function modelTests(
  { test: { describe, it }, storage, passTime }: SuiteContext,
  options: StorageSuiteOptions,
): void {
  const runs = Number(process.env.TENANTSCOPE_MODEL_RUNS ?? options.modelRuns ?? 50)
  const seed = Number(process.env.TENANTSCOPE_MODEL_SEED ?? Date.now() % 1_000_000_000)
  const runsPerTest = runsPerTestOf(runs)
  describe('any sequence of calls, against a model of the contract (R-01, R-02)', () => {
    for (let first = 0; first < runs; first += runsPerTest) {
      const numRuns = Math.min(runsPerTest, runs - first)
      it(`answers and ends as the model does (${first + 1} to ${first + numRuns})`, () =>
        // What fast-check throws names the seed and the shortest sequence that it found.
        fc.assert(
          fc.asyncProperty(steps, (sequence) => playSteps({ storage: storage(), passTime, steps: sequence })),
          { numRuns, seed: seed + first },
        ))
    }
  })
}
