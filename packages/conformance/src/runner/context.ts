import type { Runner, RunnerJob } from '@tenantscope/core'
import type { TestApi } from '../storage/context.ts'

/**
 * What the engine behind the runner is to do, whatever the job:
 *
 * - `judges`: asks the host for a Graph token and for the TXT records of a name, gives one verdict on each control of the job, and ends as completed. When the
 *   token is refused no verdict is pass or fail.
 * - `endless`: gives a verdict on the first control and then works on, until it is asked to end.
 * - `stubborn`: like `endless`, but does not listen when it is asked to end.
 * - `dies`: gives a verdict on the first control and is gone without a last word.
 * - `babbles`: gives a verdict on the first control, then says what no engine may say.
 */
export type RunnerScenario = 'judges' | 'endless' | 'stubborn' | 'dies' | 'babbles'

export interface RunnerCapabilities {
  /** Scenarios that can be arranged; `judges` must be among them. Default all. */
  scenarios?: readonly RunnerScenario[]
}

export interface MadeRunner {
  runner: Runner
  /** Changes the suite's job into one that the engine takes; the control ids must stay. */
  job?: (job: RunnerJob) => RunnerJob
  /** What the runs that have ended left behind: processes, files. Must be empty after each run. */
  leftovers?: () => Promise<readonly string[]>
  /** After the runner was closed. */
  close?: () => Promise<void>
}

export interface RunnerSuiteOptions {
  name: string
  /** Called for each test: a runner whose engine does what the scenario says. */
  make: (scenario: RunnerScenario) => Promise<MadeRunner>
  test: TestApi
  capabilities?: RunnerCapabilities
  /** Registered inside the suite's describe. */
  additionalTests?: (context: RunnerSuiteContext) => void
}

export interface RunnerSuiteContext {
  test: TestApi
  capabilities: Required<RunnerCapabilities>
  /** Defines a test, unless the scenario is one that cannot be arranged. The runner is closed afterwards, whatever happens. */
  itWithRunner(name: string, scenario: RunnerScenario, run: (made: OpenRunner) => Promise<void>): void
}

export interface OpenRunner {
  runner: Runner
  /** A job on the first controls of the first benchmark. */
  job(changes?: Partial<RunnerJob>): Promise<RunnerJob>
  /** Fails when the ended runs left something behind. */
  nothingIsLeft(): Promise<void>
}
