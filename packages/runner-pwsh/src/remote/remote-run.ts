import {
  defaultMessageBytes,
  isTenantscopeError,
  type LaunchDocument,
  type Runner,
  type RunnerEvent,
  type SignInError,
} from '@tenantscope/core'
import { DeliveryEnd, exitCodes } from './outcomes.ts'
import { remoteHost } from './remote-host.ts'
import { Sender } from './sender.ts'
import { defaultPostTimes, type PostTimes } from './signed-post.ts'
import { Spool } from './spool.ts'

export interface RemoteRunOptions {
  document: LaunchDocument
  /** Aborted: the process was told to end. */
  signal: AbortSignal
  /** Words for people: what goes wrong and what is left where. Never a secret. */
  say: (words: string) => void
  /** After the engine's end: how long what is left may be tried. Default 15 minutes. */
  giveUpAfterMs?: number
  times?: PostTimes
  gatherMs?: number
  maxMessageBytes?: number
}

const giveUpAfterMs = 15 * 60_000
/** A process that was told to end has less time: whoever told it will not wait long. */
const hurriedMs = 5_000

type DoneEvent = Extract<RunnerEvent, { type: 'done' }>

/** Runs the job of a launch document and reports it. Resolves with the exit code. */
export async function runLaunch(
  options: RemoteRunOptions & {
    runner: Runner
    resolveTxt: (name: string) => Promise<string[][]>
    spoolFolder: string | null
  },
): Promise<number> {
  const { document, say, runner } = options
  const { job } = document
  const spool = await Spool.create({ folder: options.spoolFolder, scanId: job.scanId, attempt: job.attempt })
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  let refusal: SignInError | null = null
  const sender = senderOf(spool, options)
  const host = remoteHost({
    receiver: receiverOf(document),
    attempt: job.attempt,
    times: options.times ?? defaultPostTimes,
    resolveTxt: options.resolveTxt,
    onFailure: (words) => say(`a question for a token: ${words}`),
    onRefused: (error) => {
      refusal ??= error
      stop.abort(error)
    },
  })
  let outcome: DoneEvent['outcome'] = 'failed'
  const running = async () => {
    const emit = async (event: RunnerEvent) => {
      await spool.push(event)
      sender.poke()
    }
    const end = await playRun(runner.run({ job, host, signal }), emit)
    const last = refusal === null ? end : doneOf('failed', 'sign_in_failed', (refusal as SignInError).message)
    outcome = last.outcome
    await emit(last)
  }
  return deliver({
    spool,
    sender,
    say,
    work: running,
    giveUpAfterMs: options.giveUpAfterMs ?? giveUpAfterMs,
    hurry: options.signal,
    stop: (reason) => stop.abort(reason),
    codeAtEnd: () => (outcome === 'completed' ? exitCodes.delivered : exitCodes.engineFailed),
  })
}

/** Sends what an earlier process left in its spool. A run that it did not finish is told to have failed. */
export async function resumeSpool(options: RemoteRunOptions & { spoolPath: string }): Promise<number> {
  const { document, say } = options
  const { scanId, attempt } = document.job
  const { spool, hasDone } = await Spool.reopen({ path: options.spoolPath, scanId, attempt })
  const sender = senderOf(spool, options)
  const lost = doneOf(
    'failed',
    'remote_lost',
    'The remote process ended before the scan did; what it had found was sent later.',
  )
  return deliver({
    spool,
    sender,
    say,
    work: async () => {
      if (!hasDone) await spool.push(lost)
    },
    giveUpAfterMs: options.giveUpAfterMs ?? giveUpAfterMs,
    hurry: options.signal,
    stop: () => {},
    codeAtEnd: () => exitCodes.delivered,
  })
}

async function deliver(params: {
  spool: Spool
  sender: Sender
  say: (words: string) => void
  /** Fills the spool. */
  work: () => Promise<void>
  giveUpAfterMs: number
  hurry: AbortSignal
  stop: (reason: unknown) => void
  codeAtEnd: () => number
}): Promise<number> {
  const { spool, sender, say, stop } = params
  let sent = false
  const sending = sender.run().then(
    () => {
      sent = true
      return null
    },
    (error: unknown) => {
      // Nobody takes what the engine finds: it need not go on.
      stop(error)
      return error
    },
  )
  let failure: unknown = null
  try {
    await params.work()
  } catch (error) {
    failure = error
  }
  const hurried = Math.min(hurriedMs, params.giveUpAfterMs)
  sender.finish(params.hurry.aborted ? hurried : params.giveUpAfterMs)
  params.hurry.addEventListener('abort', () => sender.finish(hurried), { once: true })
  const trouble = (await sending) ?? failure
  if (trouble === null) {
    await spool.close(false)
    return params.codeAtEnd()
  }
  const code = trouble instanceof DeliveryEnd ? trouble.code : exitCodes.unexpected
  const keep = code !== exitCodes.stopped && !sent
  await spool.close(keep)
  say(trouble instanceof Error ? trouble.message : 'Something went wrong.')
  if (keep) say(`What could not be sent lies in ${spool.path}`)
  return code
}

/** Hands on every event but the last word, which it returns; a run that throws has its last word made for it. */
async function playRun(
  events: AsyncIterable<RunnerEvent>,
  emit: (event: RunnerEvent) => Promise<void>,
): Promise<DoneEvent> {
  try {
    for await (const event of events) {
      if (event.type === 'done') return event
      if (event.type !== 'ready' && !(event.type === 'log' && event.level === 'debug')) await emit(event)
    }
  } catch (error) {
    if (isTenantscopeError(error)) return doneOf('failed', error.code, error.message)
    return doneOf('failed', 'runner_failed', 'The engine could not be run: an unexpected error.')
  }
  return doneOf('failed', 'runner_output', 'The engine ended without its last word.')
}

function doneOf(outcome: DoneEvent['outcome'], code: string, message: string): DoneEvent {
  const stats = { wallMs: 0, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 }
  return { type: 'done', outcome, error: { code, message }, stats }
}

function receiverOf({ receiverUrl, key, job }: LaunchDocument) {
  return { url: receiverUrl, key, scanId: job.scanId }
}

function senderOf(spool: Spool, options: RemoteRunOptions): Sender {
  const { document, say } = options
  return new Sender(spool, {
    receiver: receiverOf(document),
    attempt: document.job.attempt,
    maxMessageBytes: options.maxMessageBytes ?? defaultMessageBytes,
    heartbeatMs: document.heartbeatMs,
    gatherMs: options.gatherMs ?? 200,
    times: options.times ?? defaultPostTimes,
    onFailure: (words) => say(`the receiver: ${words}`),
  })
}
