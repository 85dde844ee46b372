import assert from 'node:assert/strict'
import { type Runner, type RunnerEvent, type RunnerHost, type RunnerJob, runnerEventSchema } from '@tenantscope/core'

export const canaryToken = 'eyJ0eXAiOiJKV1QifQ.canary-of-the-suite.c2lnbmF0dXJl'

export function hostOf(changes: Partial<RunnerHost> = {}): RunnerHost {
  return {
    token: async () => ({ accessToken: canaryToken, expiresAt: new Date(Date.now() + 3_600_000) }),
    resolveTxt: async () => [['v=spf1 ', '-all']],
    ...changes,
  }
}

export interface Ran {
  events: RunnerEvent[]
  error: unknown
}

/** Runs a job to its end. An error of the run is part of the answer; each event is held against the contract's schema. */
export async function runToEnd(
  runner: Runner,
  params: { job: RunnerJob; host?: RunnerHost; signal?: AbortSignal; onEvent?: (event: RunnerEvent) => unknown },
): Promise<Ran> {
  const ran: Ran = { events: [], error: null }
  const { job, host = hostOf(), signal = new AbortController().signal, onEvent } = params
  try {
    for await (const event of runner.run({ job, host, signal })) {
      const { success, error } = runnerEventSchema.safeParse(event)
      assert.ok(success, `an event is not of the contract: ${error?.message}`)
      ran.events.push(event)
      await onEvent?.(event)
    }
  } catch (error) {
    ran.error = error
  }
  assert.ok(ran.events.filter(({ type }) => type === 'done').length <= 1, 'there was more than one done')
  return ran
}

export function verdicts(events: readonly RunnerEvent[]) {
  return events.filter((event) => event.type === 'check.finished')
}

export function doneOf({ events, error }: Ran) {
  assert.equal(error, null)
  const last = events.at(-1)
  assert.ok(last?.type === 'done', `the last event is ${last?.type}, not done`)
  return last
}

/** An error of the library with one of these codes. */
export function assertCode(error: unknown, ...codes: readonly string[]): void {
  const code = (error as { code?: unknown } | null)?.code
  assert.ok(typeof code === 'string' && codes.includes(code), `expected ${codes.join(' or ')}, got ${String(error)}`)
}
