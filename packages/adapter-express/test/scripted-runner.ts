import type { Benchmark, Control, Runner, RunnerEvent, RunnerHost, RunnerJob, SignIn } from '@tenantscope/core'

export type Script = (params: { job: RunnerJob; host: RunnerHost; signal: AbortSignal }) => AsyncIterable<RunnerEvent>

/** A runner that plays a script: the only way to make a run do exactly what a test needs. */
export function scriptedRunner(script: Script): Runner {
  return {
    name: 'scripted',
    benchmarks: async () => [benchmark],
    run: (params) => script(params),
    health: async () => ({ ok: true, detail: 'scripted' }),
    close: async () => {},
  }
}

export const acceptingSignIn: SignIn = {
  acquire: async () => ({ accessToken: 'token', expiresAt: new Date(Date.now() + 3_600_000) }),
  forget: () => {},
}

function control(id: string, overrides: Partial<Control> = {}): Control {
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
    manualSteps: ['look'],
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
    control('1.1.2', { title: 'Two emergency accounts' }),
    control('1.2.1', { level: 'L2', profiles: ['E3-L2', 'E5-L2'], inputs: ['approvedPublicGroups'] }),
    control('5.1.2.2', { section: '5.1.2 Users' }),
  ],
  inputs: [{ name: 'approvedPublicGroups', type: 'string[]', description: 'Groups that may be public.' }],
}

export function checked(
  controlId: string,
  status: 'pass' | 'fail' | 'error' | 'manual' | 'not_applicable' = 'pass',
  overrides: Partial<Extract<RunnerEvent, { type: 'check.finished' }>> = {},
): RunnerEvent {
  return {
    type: 'check.finished',
    controlId,
    status,
    reasonCode: status === 'error' ? 'permission_missing' : null,
    message: `${controlId} is ${status}.`,
    findings: [],
    findingsTotal: 0,
    durationMs: 1500,
    ...overrides,
  }
}

export const finding = {
  resourceId: 'r1',
  resourceName: 'Ann',
  property: 'isAdmin',
  expected: false,
  actual: true,
  compliant: false,
}

export function done(outcome: 'completed' | 'failed' = 'completed'): RunnerEvent {
  const error = outcome === 'failed' ? { code: 'engine', message: 'The engine gave up on purpose.' } : null
  return { type: 'done', outcome, error, stats: { wallMs: 1, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 } }
}

/** Judges every planned control: the third fails, the others pass. */
export const goodScan: Script = async function* ({ job }) {
  if (job.sources) {
    for (const sourceId of job.sources) {
      yield { type: 'source.read', sourceId, state: 'read', durationMs: 5, requests: 1, items: 1, error: null }
    }
  }
  for (const id of job.controlIds) {
    if (id === '1.2.1') yield checked(id, 'fail', { findings: [finding], findingsTotal: 1 })
    else yield checked(id)
  }
  yield done()
}

/** A promise to be settled from outside. */
export function latch(): { promise: Promise<void>; open: () => void } {
  let open = () => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}
