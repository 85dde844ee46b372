import * as z from 'zod'
import type { Benchmark, BenchmarkRef } from '../benchmarks/benchmark.ts'
import type { CredentialKind } from '../credentials/credential.ts'
import { findingSchema } from '../results/result.ts'

export const services = ['graph', 'exchange', 'compliance', 'teams', 'sharepoint', 'fabric'] as const
export type Service = (typeof services)[number]

/** States of a source, as the evidence format defines them. */
export const sourceStates = [
  'read',
  'denied',
  'unlicensed',
  'not_found',
  'throttled',
  'timeout',
  'unavailable',
  'not_supported',
  'not_collected',
] as const
export type SourceState = (typeof sourceStates)[number]

/** What a runner is asked to do. Holds no secret. */
export interface RunnerJob {
  scanId: string
  attempt: number
  benchmark: BenchmarkRef
  /** Controls to judge; may be empty when `sources` is not. */
  controlIds: readonly string[]
  /** Sources to read besides what the controls need (a connection test reads one per service). */
  sources?: readonly string[]
  scanStartedAt: Date
  m365Tenant: { id: string; defaultDomain: string }
  credentialKind: CredentialKind
  cloud: 'commercial' | 'gcc' | 'gccHigh' | 'dod' | 'china'
  inputs: Readonly<Record<string, unknown>>
  keepEvidence: boolean
  /** The whole run; the runner ends with outcome `timed_out` when it is over. */
  timeoutMs: number
}

/** The messages of a run that happens elsewhere, stored by whichever process received them. Belongs to one attempt of one scan. */
export interface RunnerInbox {
  /** Signs the messages of this attempt (Standard Webhooks): `whsec_` and base64. A secret, good until `close`. */
  readonly key: string
  /**
   * Drops the messages of `handled` and gives those that wait, in the order of `sequence`; waits up to `waitMs` for one that is not among `held` (those that
   * the caller knows but cannot use yet). `consumed`: events below this number are known. No new one in the list: nothing came in time, or the signal
   * aborted.
   */
  next(params: {
    handled: readonly string[]
    held: ReadonlySet<string>
    consumed: number
    waitMs: number
    signal: AbortSignal
  }): Promise<readonly RunnerMessage[]>
  /** Ends it: from now on nobody may send. Idempotent. */
  close(params: { consumed: number }): Promise<void>
}

export interface RunnerMessage {
  id: string
  sequence: number
  /** JSON as it was sent. */
  body: unknown
}

/** What the host process answers while a run lasts. All may be called concurrently. */
export interface RunnerHost {
  /** An access token for `scope`. Throws SignInError. `refresh`: the service refused the token given last. */
  token(params: {
    service: Service
    scope: string
    refresh: boolean
    signal: AbortSignal
  }): Promise<{ accessToken: string; expiresAt: Date }>
  /** TXT records as Node's resolver gives them; `[]` when the name has none or does not exist. Throws an error with a Node DNS code otherwise. */
  resolveTxt(name: string): Promise<string[][]>
  /** The inbox of this attempt, empty and with a new key. Absent for runs that are no scans (connection tests). Called once. */
  openInbox?(): Promise<RunnerInbox>
}

const sourceError = z.object({
  code: z.string(),
  message: z.string(),
  permission: z.string().optional(),
  licence: z.string().optional(),
  status: z.number().optional(),
})

export const runnerEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), engine: z.string(), powershell: z.string() }),
  z.object({
    type: z.literal('source.read'),
    sourceId: z.string().max(300),
    state: z.enum(sourceStates),
    durationMs: z.number().nonnegative(),
    requests: z.number().int().nonnegative(),
    items: z.number().int().nonnegative().nullable(),
    error: sourceError.nullable(),
  }),
  z.object({
    type: z.literal('evidence'),
    sourceId: z.string().max(300),
    state: z.enum(sourceStates),
    data: z.unknown(),
    error: sourceError.nullable(),
  }),
  z.object({
    type: z.literal('check.finished'),
    controlId: z.string(),
    status: z.enum(['pass', 'fail', 'manual', 'not_applicable', 'error', 'not_run']),
    reasonCode: z.string().nullable(),
    message: z.string(),
    findings: z.array(findingSchema).max(1000),
    findingsTotal: z.number().int().nonnegative(),
    durationMs: z.number().nonnegative(),
  }),
  z.object({ type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() }),
  z.object({
    type: z.literal('done'),
    outcome: z.enum(['completed', 'cancelled', 'timed_out', 'failed']),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    stats: z.object({
      wallMs: z.number(),
      requests: z.number(),
      sources: z.number(),
      checks: z.number(),
      peakMb: z.number(),
      cpuMs: z.number(),
    }),
  }),
])

/** What a runner says while it works. Core validates each one: a runner's output is not trusted. */
export type RunnerEvent = z.infer<typeof runnerEventSchema>

/**
 * Runs the checks.
 *
 * - `run` may be called concurrently; runs share nothing.
 * - The iterable ends after exactly one `done` event, or throws a RunnerError. Leaving it early (break, return) or aborting the signal ends everything the run
 *   started before the iterator settles: no process is left behind. An aborted run ends with `done: cancelled` when the engine still answers, and with the signal's reason otherwise.
 * - `benchmarks` says what this runner can judge; it is called once and its answer kept.
 */
export interface Runner {
  readonly name: string
  benchmarks(): Promise<readonly Benchmark[]>
  run(params: { job: RunnerJob; host: RunnerHost; signal: AbortSignal }): AsyncIterable<RunnerEvent>
  /** Gets ready what makes the next runs begin sooner; a worker calls it when it starts. Resolves when it is ready, never rejects: runs do not depend on it. */
  prepare?(): Promise<void>
  /** Is the engine there and new enough? Never throws. */
  health(): Promise<{ ok: boolean; detail: string }>
  /** Ends every run still going and frees what the runner holds. */
  close(): Promise<void>
}
