import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Runner, RunnerEvent, RunnerHost, RunnerJob } from '@tenantscope/core'
import { type PwshRunnerOptions, pwshRunner } from '../src/runner.ts'

const engine = fileURLToPath(new URL('hostile-engine.mjs', import.meta.url))

/** A runner whose engine is a small script that behaves as `mode` says. */
export function hostileRunner(mode: string, options: PwshRunnerOptions = {}): Runner {
  return pwshRunner({ command: [process.execPath, engine, mode], graceMs: 500, termMs: 500, ...options })
}

export function job(changes: Partial<RunnerJob> = {}): RunnerJob {
  return {
    scanId: 'scan-1',
    attempt: 1,
    benchmark: { id: 'cis-m365', version: '5.0.0' },
    controlIds: ['1.1.1'],
    scanStartedAt: new Date('2026-11-01T08:00:00Z'),
    m365Tenant: { id: '11111111-2222-4333-8444-555555555555', defaultDomain: 'contoso.onmicrosoft.com' },
    credentialKind: 'client_secret',
    cloud: 'commercial',
    inputs: {},
    keepEvidence: true,
    timeoutMs: 60_000,
    ...changes,
  }
}

export const host: RunnerHost = {
  token: async () => ({ accessToken: 'eyJ0eXAi.synthetic-token.value', expiresAt: new Date('2026-11-01T09:00:00Z') }),
  resolveTxt: async () => [['v=spf1 ', '-all']],
}

export interface Run {
  events: RunnerEvent[]
  error: unknown
}

/** Runs a job to its end; an error of the run is part of the answer. */
export async function collect(
  runner: Runner,
  params: { job?: RunnerJob; host?: RunnerHost; signal?: AbortSignal; onEvent?: (event: RunnerEvent) => void } = {},
): Promise<Run> {
  const run: Run = { events: [], error: null }
  try {
    const { signal = new AbortController().signal } = params
    for await (const event of runner.run({ job: params.job ?? job(), host: params.host ?? host, signal })) {
      run.events.push(event)
      params.onEvent?.(event)
    }
  } catch (error) {
    run.error = error
  }
  return run
}

export function logs(events: readonly RunnerEvent[]): string[] {
  return events.filter((event) => event.type === 'log').map((event) => event.message)
}

export function types(events: readonly RunnerEvent[]): string[] {
  return events.map((event) => event.type)
}

/** Process ids that an engine told as `pid N`. */
export function toldPids(events: readonly RunnerEvent[]): number[] {
  return logs(events).flatMap((message) => (/^pid \d+$/.test(message) ? [Number(message.slice(4))] : []))
}

/** Is it running? A zombie is not, and only the state letter tells: a signal of 0 reaches zombies too. */
export async function isRunning(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null)
  if (text === null) return false
  const state = text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)
  return state !== 'Z' && state !== 'X'
}
