import type { Benchmark, Control } from '../src/benchmarks/benchmark.ts'
import type { Runner, RunnerEvent, RunnerHost, RunnerJob } from '../src/runner/runner.ts'
import type { SignIn } from '../src/runner/sign-in.ts'

export type Script = (params: { job: RunnerJob; host: RunnerHost; signal: AbortSignal }) => AsyncIterable<unknown>

/** A runner that plays a script: what core does with a run is core's own matter, and this is the only way to make a run do exactly so. */
export function scriptedRunner(script: Script): Runner & { jobs: RunnerJob[]; open: number } {
  const jobs: RunnerJob[] = []
  const runner = {
    name: 'scripted',
    jobs,
    open: 0,
    benchmarks: async () => [benchmark],
    run: async function* (params: Parameters<Runner['run']>[0]) {
      jobs.push(params.job)
      runner.open += 1
      try {
        yield* script(params) as AsyncIterable<RunnerEvent>
      } finally {
        runner.open -= 1
      }
    },
    health: async () => ({ ok: true, detail: 'scripted' }),
    close: async () => {},
  }
  return runner
}

export function control(id: string, overrides: Partial<Control> = {}): Control {
  return {
    id,
    check: `entra/check-${id}`,
    title: `Control ${id}`,
    level: 'L1',
    licence: 'E3',
    profiles: ['E3-L1', 'E5-L1'],
    section: '1.1 Users',
    assessment: 'automated',
    automated: true,
    severity: 'high',
    rationale: 'why',
    impact: 'none',
    remediation: { portal: 'here', command: null, note: null },
    references: [],
    manualSteps: [],
    sources: ['graph/organization'],
    inputs: [],
    ...overrides,
  }
}

export const benchmark: Benchmark = {
  id: 'cis-m365',
  version: '5.0.0',
  name: 'CIS Microsoft 365 Foundations Benchmark',
  released: '2025-04-30',
  controls: [
    control('1.1.1'),
    control('1.2.1', { level: 'L2', profiles: ['E3-L2', 'E5-L2'], inputs: ['approvedPublicGroups'] }),
    control('5.1.2.2', { section: '5.1.2 Users' }),
    control('9.1.1', { section: '9.1 Tenant settings' }),
  ],
  inputs: [{ name: 'approvedPublicGroups', type: 'string[]', description: 'Groups that may be public.' }],
}

export function checked(controlId: string, status: 'pass' | 'fail' | 'error' = 'pass'): RunnerEvent {
  return {
    type: 'check.finished',
    controlId,
    status,
    reasonCode: status === 'error' ? 'permission_missing' : null,
    message: `${controlId} is ${status}.`,
    findings: [],
    findingsTotal: 0,
    durationMs: 3,
  }
}

export function done(outcome: 'completed' | 'cancelled' | 'timed_out' | 'failed' = 'completed'): RunnerEvent {
  const error = outcome === 'failed' ? { code: 'engine', message: 'The engine gave up on purpose.' } : null
  return { type: 'done', outcome, error, stats: { wallMs: 1, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 } }
}

/** Signs in with everything. */
export const acceptingSignIn: SignIn = {
  acquire: async () => ({ accessToken: 'token', expiresAt: new Date(Date.now() + 3_600_000) }),
  forget: () => {},
}
