import { once } from 'node:events'
import {
  type Benchmark,
  type Control,
  type Runner,
  RunnerError,
  type RunnerEvent,
  type RunnerHost,
  type RunnerJob,
  TenantscopeError,
} from '@tenantscope/core'
import type { RunnerScenario } from '../src/index.ts'

/** A runner without an engine: shows that the suite asks for what the contract says, not for processes. `open` counts the runs that have not ended. */
export function inMemoryRunner(scenario: RunnerScenario): { runner: Runner; open: () => number } {
  const closing = new AbortController()
  let open = 0
  const closedError = new TenantscopeError('closed', 'The runner is closed.')

  async function* run(job: RunnerJob, host: RunnerHost, signal: AbortSignal): AsyncGenerator<RunnerEvent> {
    closing.signal.throwIfAborted()
    signal.throwIfAborted()
    const overtime = new AbortController()
    const timer = setTimeout(() => overtime.abort(), job.timeoutMs)
    const ended = AbortSignal.any([signal, closing.signal, overtime.signal])
    open += 1
    try {
      if (scenario === 'judges') {
        const refused = await isRefused(host, job, ended)
        ended.throwIfAborted()
        for (const controlId of job.controlIds) yield verdict(controlId, refused ? 'error' : 'pass')
        yield done('completed')
        return
      }
      yield verdict(job.controlIds[0] ?? '', 'pass')
      if (scenario === 'dies') throw new RunnerError('runner_died', 'The engine died on purpose.')
      if (!ended.aborted) await once(ended, 'abort')
      closing.signal.throwIfAborted()
      yield done(signal.aborted ? 'cancelled' : 'timed_out')
    } finally {
      clearTimeout(timer)
      open -= 1
    }
  }

  return {
    open: () => open,
    runner: {
      name: 'in memory',
      benchmarks: async () => [structuredClone(benchmark)],
      run: ({ job, host, signal }) => run(job, host, signal),
      health: async () => ({ ok: !closing.signal.aborted, detail: 'in memory' }),
      close: async () => closing.abort(closedError),
    },
  }
}

async function isRefused(host: RunnerHost, job: RunnerJob, signal: AbortSignal): Promise<boolean> {
  const scope = 'https://graph.microsoft.com/.default'
  const answers = await Promise.allSettled([
    host.token({ service: 'graph', scope, refresh: false, signal }),
    host.resolveTxt(job.m365Tenant.defaultDomain),
  ])
  return answers.some(({ status }) => status === 'rejected')
}

function verdict(controlId: string, status: 'pass' | 'error'): RunnerEvent {
  const reasonCode = status === 'error' ? 'sign_in_failed' : null
  return {
    type: 'check.finished',
    controlId,
    status,
    reasonCode,
    message: 'Judged in memory.',
    findings: [],
    findingsTotal: 0,
    durationMs: 1,
  }
}

function done(outcome: 'completed' | 'cancelled' | 'timed_out'): RunnerEvent {
  const stats = { wallMs: 1, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 }
  return { type: 'done', outcome, error: null, stats }
}

const control = (id: string): Control => ({
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
})

const benchmark: Benchmark = {
  id: 'test',
  version: '1.0.0',
  name: 'A benchmark for tests',
  released: '2025-01-01',
  controls: ['1.1', '1.2', '1.3', '1.4'].map(control),
  inputs: [],
}
