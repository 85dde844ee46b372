import * as Effect from 'effect/Effect'
import { InvalidInputError, type TenantscopeError } from '../errors/errors.ts'
import { call, RunnerService } from '../internal/services.ts'
import type { Benchmark, BenchmarkRef } from './benchmark.ts'

/** What the runner can judge. Runners keep their own answer, so this costs nothing after the first call. */
export const benchmarks: Effect.Effect<readonly Benchmark[], TenantscopeError, RunnerService> = Effect.flatMap(
  RunnerService,
  (runner) => call('runner_failed', 'Reading the benchmarks', () => runner.benchmarks()),
)

/** The benchmark asked for; the runner's first when none was. */
export function findBenchmark(ref: BenchmarkRef | null): Effect.Effect<Benchmark, TenantscopeError, RunnerService> {
  return Effect.gen(function* () {
    const known = yield* benchmarks
    const found = ref ? known.find((one) => one.id === ref.id && one.version === ref.version) : known[0]
    if (found) return found
    const names = known.map((one) => `${one.id} ${one.version}`).join(', ')
    return yield* Effect.fail(
      new InvalidInputError([{ pointer: '/benchmark', detail: `is not known here; known: ${names}.` }]),
    )
  })
}
