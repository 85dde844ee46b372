import * as Effect from 'effect/Effect'
import { InvalidInputError, isTenantscopeError, NotFoundError, TenantscopeError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import {
  type CoreServices,
  EventHubService,
  LoggerService,
  now,
  SecretsService,
  type StorageService,
  withStorage,
} from '../internal/services.ts'
import type { RunnerJob } from '../runner/runner.ts'
import type { Scan } from '../scans/scan.ts'
import type { RemoteRun } from '../storage/remote-runs.ts'
import { isTooDeep } from './depth.ts'
import { inboxNudge, runKeyContext } from './inbox.ts'
import { type RemoteMessage, remoteMessageSchema } from './protocol.ts'
import { type Rate, rate } from './rate.ts'
import { spooledEvents } from './spool.ts'
import { answerToken } from './tokens.ts'

export interface RemoteRunsOptions {
  /** Messages of one scan that this process takes per second, and at once after a pause. Default 20 and 200. */
  messagesPerSecond?: number
  messageBurst?: number
  /** Questions for tokens of one scan per second, and at once. Default 2 and 30. */
  tokensPerSecond?: number
  tokenBurst?: number
  /** How long after its end a run is told that it is over (410); then its key is unknown (401). Default 60,000. */
  graceMs?: number
  /** What may wait in one scan's inbox before its sender must wait, in bytes of messages. Default 32 MiB. */
  waitingBytes?: number
}

/** Who may send for a scan now. Made by {@link RemoteRuns.keyFor}, handed back to `accept` and `token`. */
export interface RemoteRunKey {
  readonly scanId: string
  readonly attempt: number
  /** `whsec_…`. A secret: not enumerable, so that no serialiser shows it. */
  readonly key: string
}

/**
 * `stored`, `known` (it was here before, nothing happened), `ended` (this attempt is over: the sender must stop), `rejected` (its content is not this
 * run's: counted, nothing else happened), `busy` (send it again after `retryAfterMs`).
 */
export type Acceptance =
  | { kind: 'stored' }
  | { kind: 'known' }
  | { kind: 'ended' }
  | { kind: 'rejected'; detail: string }
  | { kind: 'busy'; retryAfterMs: number }

export type TokenReply =
  | { kind: 'answer'; sealed: string }
  | { kind: 'ended' }
  | { kind: 'rejected'; detail: string }
  | { kind: 'busy'; retryAfterMs: number }

/** How a run elsewhere stands. */
export interface RemoteRunStatus {
  attempt: number
  openedAt: Date
  closedAt: Date | null
  lastMessageAt: Date | null
  /** Messages taken in, and messages with a good signature that were refused for what they say. */
  accepted: number
  rejected: number
}

/**
 * The receiving side of scans that run elsewhere, on any process that has the storage and the secrets. A receiver asks for the key, checks the signature
 * over the raw bytes itself, and only then hands the content on.
 */
export interface RemoteRuns {
  /** Milliseconds to wait when this scan has sent too much of late; null when not. Costs nothing: to be asked before anything is read. */
  busy(scanId: string): number | null
  /** null: nobody may send for this scan now (unknown, over, another attempt). The same answer for each reason. */
  keyFor(scanId: string): Promise<RemoteRunKey | null>
  /** Takes a message whose signature holds. `bytes`: its size as it came. Rejects only when an adapter fails: then it may be sent again. */
  accept(params: { run: RemoteRunKey; id: string; payload: unknown; bytes: number }): Promise<Acceptance>
  /** Answers a signed question for an access token; the answer is sealed under the run's key. */
  token(params: { run: RemoteRunKey; id: string; payload: unknown; signal: AbortSignal }): Promise<TokenReply>
  /**
   * The second channel: takes in what a remote run left in its spool (JSON lines) when it could not deliver it, while its attempt is still running. The caller
   * vouches for the file. What is known already counts once. Throws NotFoundError, InvalidInputError (not a spool of this scan) and `conflict` when the
   * attempt is over.
   */
  reconcile(params: {
    platformTenantId: string
    scanId: string
    attempt: number
    spool: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>
  }): Promise<{ events: number }>
  /** null when the scan never ran elsewhere, or is not the platform tenant's. */
  status(params: { platformTenantId: string; scanId: string }): Promise<RemoteRunStatus | null>
}

export interface RemoteSettings {
  cloud: RunnerJob['cloud']
  remoteRuns: RemoteRunsOptions
}

interface Limits {
  messages: Rate
  tokens: Rate
  graceMs: number
  waitingBytes: number
}

/** Messages that may wait in one inbox, however small. */
const waitingMessages = 512
/** A sender whose inbox is full may try again after this. */
const fullRetryMs = 1_000

export function remoteRuns(run: Run, settings: RemoteSettings): RemoteRuns {
  const given = settings.remoteRuns
  const limits: Limits = {
    messages: rate({ perSecond: given.messagesPerSecond ?? 20, burst: given.messageBurst ?? 200 }),
    tokens: rate({ perSecond: given.tokensPerSecond ?? 2, burst: given.tokenBurst ?? 30 }),
    graceMs: given.graceMs ?? 60_000,
    waitingBytes: given.waitingBytes ?? 32 * 1024 * 1024,
  }
  return {
    busy: (scanId) => limits.messages.look(scanId),
    keyFor: (scanId) => run(keyFor(scanId, limits.graceMs)),
    accept: (params) => {
      const retryAfterMs = limits.messages.take(params.run.scanId)
      if (retryAfterMs !== null) return Promise.resolve({ kind: 'busy', retryAfterMs })
      return run(accept(params, limits))
    },
    token: (params) => {
      const retryAfterMs = limits.tokens.take(params.run.scanId)
      if (retryAfterMs !== null) return Promise.resolve({ kind: 'busy', retryAfterMs })
      return run(answerToken(params, settings.cloud), params.signal)
    },
    reconcile: (params) => reconcile(run, params, limits),
    status: ({ platformTenantId, scanId }) => run(status(platformTenantId, scanId)),
  }
}

function keyFor(scanId: string, graceMs: number): Effect.Effect<RemoteRunKey | null, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const found = yield* withStorage((storage) => storage.remoteRuns.find({ scanId }))
    if (!found) return null
    const { run, scan } = found
    const at = yield* now
    const running = scan.status === 'running' && scan.attempt === run.attempt && run.closedAt === null
    // A run that ended in order is told so for a while. Its scan may wait for the next attempt, but another attempt's key is good for nothing.
    const grace =
      run.closedAt !== null && scan.attempt === run.attempt && at.getTime() - run.closedAt.getTime() < graceMs
    if (!running && !grace) return null
    const opened = yield* openKey(run)
    if (opened === null) return null
    const key = { scanId, attempt: run.attempt }
    Object.freeze(Object.defineProperty(key, 'key', { value: opened, enumerable: false }))
    known.set(key, found)
    return key as RemoteRunKey
  })
}

/** null when it cannot be opened for good. Fails when a later try may succeed (a key service that is away): then nobody is told that the key is wrong. */
function openKey(run: RemoteRun): Effect.Effect<string | null, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const secrets = yield* SecretsService
    const log = yield* LoggerService
    return yield* Effect.tryPromise({
      try: () => secrets.open({ sealed: run.sealedKey, context: runKeyContext(run) }),
      catch: (error) =>
        isTenantscopeError(error) && !error.retryable
          ? error
          : new TenantscopeError('storage_failed', 'The key of a remote run cannot be opened now.', {
              retryable: true,
              cause: error,
            }),
    }).pipe(
      Effect.catchAll((error) => {
        if (error.retryable) return Effect.fail(error)
        log.error('the key of a remote run cannot be opened; its messages are refused', { scanId: run.scanId })
        return Effect.succeed(null)
      }),
    )
  })
}

/** What was found when a key was asked for: its message comes in the same request, and need not look again. */
const known = new WeakMap<object, Found>()

type Found = { run: RemoteRun; scan: Scan }

function foundOf(key: RemoteRunKey): Effect.Effect<Found | null, TenantscopeError, StorageService> {
  const found = known.get(key)
  return found ? Effect.succeed(found) : withStorage((storage) => storage.remoteRuns.find({ scanId: key.scanId }))
}

function accept(
  params: { run: RemoteRunKey; id: string; payload: unknown; bytes: number },
  limits: Limits,
): Effect.Effect<Acceptance, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { scanId, attempt } = params.run
    const found = yield* foundOf(params.run)
    if (found?.run.attempt !== attempt) return { kind: 'ended' } as const
    const checked = contentOf(params.payload, found.run, found.scan.plannedControls)
    if (typeof checked === 'string') return yield* reject(params.run, checked)
    const outcome = yield* append(params, checked, limits)
    if (outcome === 'full') return { kind: 'busy', retryAfterMs: fullRetryMs } as const
    if (outcome !== 'ended') return { kind: outcome } as const
    // What was known when the run ended is no reason to stop: its sender only missed the answer.
    const after = yield* withStorage((storage) => storage.remoteRuns.find({ scanId }))
    const past = after?.run.attempt === attempt && after.run.closedAt !== null && checked.events.length > 0
    const taken = past && checked.sequence + checked.events.length <= after.run.consumed
    return { kind: taken ? 'known' : 'ended' } as const
  })
}

function append(
  params: { run: RemoteRunKey; id: string; payload: unknown; bytes: number },
  message: RemoteMessage,
  limits: Limits,
) {
  return Effect.gen(function* () {
    const { id, payload, bytes } = params
    const { scanId, attempt } = params.run
    const { waitingBytes: maxWaitingBytes } = limits
    const { sequence, events, fragment } = message
    const count = fragment ? 1 : events.length
    const inbox = { id, sequence, offset: fragment?.offset ?? 0, events: count, bytes, body: payload }
    const at = yield* now
    const outcome = yield* withStorage((storage) =>
      storage.remoteRuns.append({ scanId, attempt, message: inbox, at, maxWaitingBytes, maxWaiting: waitingMessages }),
    )
    const hub = yield* EventHubService
    if (outcome === 'stored') hub.notify(inboxNudge(scanId))
    return outcome
  })
}

/** The message, or what is wrong with it in words for its sender. */
function contentOf(payload: unknown, run: RemoteRun, plannedControls: readonly string[]): RemoteMessage | string {
  if (isTooDeep(payload)) return 'The message is nested too deep.'
  const parsed = remoteMessageSchema.safeParse(payload)
  if (!parsed.success) return 'The message is not one of this protocol.'
  const message = parsed.data
  if (message.scan_id !== run.scanId || message.attempt !== run.attempt)
    return 'The message names another scan or another attempt than the one whose key signed it.'
  if (message.fragment && message.events.length > 0) return 'A message holds events or a piece of one, not both.'
  const planned = new Set(plannedControls)
  for (const event of message.events) {
    if (event.type === 'check.finished' && !planned.has(event.controlId))
      return 'The message has a result for a control that this scan does not have.'
  }
  return message
}

function reject(
  run: RemoteRunKey,
  detail: string,
): Effect.Effect<{ kind: 'rejected'; detail: string }, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { scanId, attempt } = run
    const at = yield* now
    const log = yield* LoggerService
    log.warn('a signed message was refused for what it says', { scanId, attempt, detail })
    yield* withStorage((storage) => storage.remoteRuns.countRejected({ scanId, attempt, at }))
    return { kind: 'rejected', detail } as const
  })
}

/** Events of a spool are put into messages of this many bytes, far below what an inbox takes. */
const reconciledBytes = 512 * 1024
const fullWaitMs = 200

async function reconcile(
  run: Run,
  params: Parameters<RemoteRuns['reconcile']>[0],
  limits: Limits,
): Promise<{ events: number }> {
  const { platformTenantId, scanId, attempt } = params
  const found = await run(withStorage((storage) => storage.remoteRuns.find({ scanId })))
  if (found?.run.platformTenantId !== platformTenantId) throw new NotFoundError('remote run')
  const key = { scanId, attempt, key: '' }
  const over = () =>
    new TenantscopeError('conflict', 'This attempt of the scan is over: what it left is not taken any more.')
  if (found.run.attempt !== attempt) throw over()
  let taken = 0
  const send = async (sequence: number, events: readonly unknown[], bytes: number) => {
    const payload = { scan_id: scanId, attempt, sequence, events }
    const checked = contentOf(payload, found.run, found.scan.plannedControls)
    if (typeof checked === 'string') throw new InvalidInputError([{ pointer: '/spool', detail: checked }])
    const message = { run: key, id: `spool:${sequence}:${events.length}`, payload, bytes }
    for (;;) {
      const outcome = await run(append(message, checked, limits))
      if (outcome === 'ended') throw over()
      if (outcome !== 'full') break
      await new Promise((resolve) => setTimeout(resolve, fullWaitMs))
    }
    taken += events.length
  }
  let batch: { sequence: number; events: unknown[]; bytes: number } | null = null
  for await (const { number, event, bytes } of spooledEvents(params.spool, { scanId, attempt })) {
    if (batch && (batch.sequence + batch.events.length !== number || batch.bytes + bytes > reconciledBytes)) {
      await send(batch.sequence, batch.events, batch.bytes)
      batch = null
    }
    batch ??= { sequence: number, events: [], bytes: 0 }
    batch.events.push(event)
    batch.bytes += bytes
  }
  if (batch) await send(batch.sequence, batch.events, batch.bytes)
  return { events: taken }
}

function status(platformTenantId: string, scanId: string) {
  return Effect.gen(function* () {
    const found = yield* withStorage((storage) => storage.remoteRuns.find({ scanId }))
    if (found?.run.platformTenantId !== platformTenantId) return null
    const { attempt, openedAt, closedAt, lastMessageAt, accepted, rejected } = found.run
    return { attempt, openedAt, closedAt, lastMessageAt, accepted, rejected }
  })
}
