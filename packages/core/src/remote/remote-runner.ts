import { InvalidInputError, RunnerError, SignInError, TenantscopeError } from '../errors/errors.ts'
import type { Runner, RunnerEvent, RunnerHost, RunnerInbox, RunnerJob } from '../runner/runner.ts'
import type { LaunchDocument } from './protocol.ts'
import { MessageReader } from './reader.ts'

/** What a launcher needs to know, and the document for the remote process. */
export interface RemoteLaunch {
  readonly scanId: string
  readonly attempt: number
  readonly m365TenantId: string
  /** The whole run: a launcher that reserves a machine needs it no longer than this. */
  readonly timeoutMs: number
  /**
   * The launch document, one line of JSON with a line feed, for the standard input of `tenantscope-run`. It holds the key of this attempt: never put it into
   * arguments, environment, a log or a file that others can read.
   */
  document(): string
}

/** How a remote process that was started is known to have ended, where the launcher can tell. */
export interface DispatchedRun {
  /** Resolves when the remote process is gone, with words on how it ended (`exit code 1`). Must not reject. */
  ended?: Promise<string>
}

export interface RemoteRunnerOptions {
  /**
   * Starts the run elsewhere: a container job, another machine, a child process. Resolves when it was handed over. `signal` aborts when nobody wants the run
   * any more (cancel, time limit, shutdown) and when it is over; the launcher should then end what it started.
   */
  dispatch(params: { launch: RemoteLaunch; signal: AbortSignal }): Promise<DispatchedRun | undefined> | Promise<void>
  /** Where the remote process finds the API of the Express adapter, e.g. `https://msp.example/api/cspm`. From configuration: never made from a request. */
  receiverUrl: string
  /** Tells the benchmarks, and runs what is no scan: connection tests and preflights. */
  local: Runner
  /** Silence of a remote run that counts as hung. Longer than an outage of the receiver may last. Default 300,000. */
  inactivityMs?: number
  /** A remote process shows that it lives, and learns of a cancel, at least this often. Default 5,000. */
  heartbeatMs?: number
  /** After the launcher said that the process ended: how long its last messages may take. Default 5,000. */
  drainMs?: number
  /** Plain HTTP to a receiver that is not on this machine. Access tokens stay sealed, but findings and evidence would be readable on the way. Default false. */
  allowHttp?: boolean
}

/** Runs each scan elsewhere; what it finds comes back as signed messages through the API (see docs/remote-runs.md). Throws InvalidInputError. */
export function remoteRunner(options: RemoteRunnerOptions): Runner {
  const receiverUrl = checkedUrl(options.receiverUrl, options.allowHttp ?? false)
  const { local } = options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  return {
    name: 'remote',
    benchmarks: () => local.benchmarks(),
    health: () => local.health(),
    run: (params) => {
      if (closing.signal.aborted) throw closedError()
      if (!params.host.openInbox) return local.run(params)
      return tracked(running, runRemotely({ ...options, receiverUrl }, params, closing.signal))
    },
    close: async () => {
      closing.abort(closedError())
      await Promise.all(running)
      await local.close()
    },
  }
}

async function* tracked(
  running: Set<Promise<void>>,
  events: AsyncIterable<RunnerEvent>,
): AsyncGenerator<RunnerEvent, void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  running.add(promise)
  try {
    yield* events
  } finally {
    running.delete(promise)
    resolve()
  }
}

type RunParams = { job: RunnerJob; host: RunnerHost; signal: AbortSignal }

async function* runRemotely(
  options: RemoteRunnerOptions,
  params: RunParams,
  closing: AbortSignal,
): AsyncGenerator<RunnerEvent, void> {
  const { job, host } = params
  const over = new AbortController()
  const signal = AbortSignal.any([params.signal, closing, over.signal])
  signal.throwIfAborted()
  const inbox = await (host.openInbox as () => Promise<RunnerInbox>)()
  const reader = new MessageReader(job.controlIds)
  try {
    const launch = launchOf(job, inbox.key, options)
    const dispatched = await until(signal, (async () => options.dispatch({ launch, signal }))())
    yield* readInbox({ inbox, reader, job, signal, options, ended: dispatched ? dispatched.ended : undefined })
  } finally {
    over.abort(new Error('The remote run is over.'))
    await inbox.close({ consumed: reader.next })
  }
}

async function* readInbox(params: {
  inbox: RunnerInbox
  reader: MessageReader
  job: RunnerJob
  signal: AbortSignal
  options: RemoteRunnerOptions
  ended: Promise<string> | undefined
}): AsyncGenerator<RunnerEvent, void> {
  const { inbox, reader, job, signal, options } = params
  const silence = options.inactivityMs ?? 300_000
  const drain = options.drainMs ?? 5_000
  const departure = watch(params.ended)
  let handled: string[] = []
  let heardAt = performance.now()
  const timeUp = heardAt + job.timeoutMs + silence
  const held = new Set<string>()
  while (true) {
    const waitMs = Math.min(silence, departure.known() === null ? 1_000 : drain / 5)
    const messages = await inbox.next({ handled, held, consumed: reader.next, waitMs, signal })
    signal.throwIfAborted()
    handled = []
    for (const message of messages) {
      // One that has to wait for another is given again each time; it is a sign of life only once.
      if (!held.has(message.id)) heardAt = performance.now()
      const events = reader.read(message)
      if (events === null) {
        held.add(message.id)
        continue
      }
      held.delete(message.id)
      handled.push(message.id)
      for (const event of events) {
        refuseSignIn(event)
        yield event
        if (event.type === 'done') return
      }
    }
    const now = performance.now()
    const gone = departure.known()
    if (gone !== null && handled.length === 0 && now - Math.max(heardAt, gone.at) > drain)
      throw new RunnerError('runner_died', `The remote run ended without its last word (${gone.words}).`)
    if (now - heardAt > silence)
      throw new RunnerError('runner_hung', `Nothing was heard of the remote run for ${Math.round(silence / 1000)} s.`)
    if (now > timeUp) throw new RunnerError('runner_hung', 'The remote run went on after its time was over.')
  }
}

/** What the launcher says about the end of the process, to be looked at without waiting. */
function watch(ended: Promise<string> | undefined): { known(): { words: string; at: number } | null } {
  let known: { words: string; at: number } | null = null
  const note = (words: string) => {
    known = { words, at: performance.now() }
  }
  ended?.then(note, () => note('the launcher lost sight of it'))
  return { known: () => known }
}

/** A remote process whose sign-in Entra ID refused says so in its last word. */
function refuseSignIn(event: RunnerEvent): void {
  if (event.type !== 'done' || event.outcome !== 'failed' || event.error?.code !== 'sign_in_failed') return
  throw new SignInError({ message: event.error.message, aadstsCode: null, reach: 'credential' })
}

function launchOf(job: RunnerJob, key: string, options: RemoteRunnerOptions): RemoteLaunch {
  const { scanId, attempt, timeoutMs } = job
  const { receiverUrl, allowHttp = false, heartbeatMs = 5_000 } = options
  const document = () => {
    const { sources: _, ...rest } = job
    const text: Omit<LaunchDocument, 'job'> & { job: unknown } = {
      format: 'tenantscope-launch/1',
      job: { ...rest, scanStartedAt: job.scanStartedAt.toISOString() },
      receiverUrl,
      allowHttp,
      heartbeatMs,
      key,
    }
    return `${JSON.stringify(text)}\n`
  }
  return Object.freeze({ scanId, attempt, m365TenantId: job.m365Tenant.id, timeoutMs, document })
}

async function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TenantscopeError) throw error
    throw new RunnerError('runner_failed', 'The launcher could not start the remote run.', { cause: error })
  } finally {
    signal.removeEventListener('abort', onAbort)
    // Lost races must not end the host's process.
    promise.catch(() => {})
  }
}

function checkedUrl(text: string, allowHttp: boolean): string {
  const wrong = (detail: string) => new InvalidInputError([{ pointer: '/receiverUrl', detail }])
  if (!URL.canParse(text)) throw wrong('must be an absolute URL.')
  const url = new URL(text)
  if (url.username || url.password || url.search || url.hash)
    throw wrong('must have no user, no query and no fragment.')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (allowHttp || isLoopback(url.hostname))))
    throw wrong('must be https, or http to this very machine; allowHttp lifts that.')
  return url.href.replace(/\/+$/, '')
}

/** A name or address that cannot leave this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

function closedError(): TenantscopeError {
  return new TenantscopeError('closed', 'The runner is closed. Make a new one.')
}
