import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Control, Runner, RunnerEvent, RunnerJob, SignIn } from '@tenantscope/core'

/** What a run tells the test, beside what it tells the library. */
export type RunNote =
  | { event: 'start'; scanId: string; attempt: number; tenant: string; controls: readonly string[] }
  | { event: 'check'; scanId: string; attempt: number; control: string }
  | { event: 'overlap'; scanId: string; tenant: string }
  | { event: 'end'; scanId: string; attempt: number; aborted: boolean }

export interface PacedRunnerOptions {
  pauseMs: number
  note: (note: RunNote) => void
  /** Takes the M365 tenant for one run alone, in all processes; null when another run has it. */
  take: (tenant: string) => Promise<(() => Promise<void>) | null>
}

export const lethalDomain = 'lethal.onmicrosoft.com'
const controlIds = ['1.1.1', '1.1.2', '1.1.3', '1.2.1', '1.2.2', '1.3.1']

/** Judges one control every `pauseMs`. A tenant of the lethal domain kills the process after the first. */
export function pacedRunner(options: PacedRunnerOptions): Runner {
  return {
    name: 'paced',
    benchmarks: async () => [benchmark],
    run: ({ job, signal }) => run(job, signal, options),
    health: async () => ({ ok: true, detail: 'paced' }),
    close: async () => {},
  }
}

async function* run(job: RunnerJob, signal: AbortSignal, options: PacedRunnerOptions): AsyncGenerator<RunnerEvent> {
  const { note, pauseMs, take } = options
  const { scanId, attempt, controlIds: controls } = job
  const tenant = job.m365Tenant.id
  const release = await take(tenant)
  if (release === null) note({ event: 'overlap', scanId, tenant })
  note({ event: 'start', scanId, attempt, tenant, controls })
  try {
    for (const control of controls) {
      await sleep(pauseMs, undefined, { signal })
      yield finished(control, attempt)
      note({ event: 'check', scanId, attempt, control })
      if (job.m365Tenant.defaultDomain === lethalDomain) process.kill(process.pid, 'SIGKILL')
    }
    yield { type: 'done', outcome: 'completed', error: null, stats: noStats }
  } finally {
    await release?.()
    note({ event: 'end', scanId, attempt, aborted: signal.aborted })
  }
}

const noStats = { wallMs: 0, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 }

function finished(controlId: string, attempt: number): RunnerEvent {
  return {
    type: 'check.finished',
    controlId,
    status: 'pass',
    reasonCode: null,
    message: `Judged in attempt ${attempt}.`,
    findings: [],
    findingsTotal: 0,
    durationMs: 1,
  }
}

export const acceptingSignIn: SignIn = {
  acquire: async () => ({ accessToken: 'token', expiresAt: new Date(Date.now() + 3_600_000) }),
  forget: () => {},
}

function control(id: string): Control {
  return {
    id,
    check: `entra/check-${id}`,
    title: `Control ${id}`,
    level: 'L1',
    licence: 'E3',
    profiles: ['E3-L1'],
    section: '1.1 Users',
    assessment: 'automated',
    automated: true,
    severity: 'high',
    rationale: 'why',
    impact: 'none',
    remediation: { portal: 'here', command: null, note: null },
    references: [],
    manualSteps: [],
    sources: [],
    inputs: [],
  }
}

const benchmark: Benchmark = {
  id: 'test',
  version: '1.0.0',
  name: 'A benchmark for tests',
  released: '2025-01-01',
  controls: controlIds.map(control),
  inputs: [],
}
