import { setTimeout as sleep } from 'node:timers/promises'
import { RunnerError, type RunnerEvent, type RunnerHost, type RunnerJob } from '@tenantscope/core'
import type { EngineProcess, Exit } from '../process/engine-process.ts'
import type { Engine } from '../process/standby-engines.ts'
import { type Frame, type FrameLimits, FrameReader, OutputLimitError } from '../protocol/frame-reader.ts'
import { type DoneEvent, readFrame } from '../protocol/frames.ts'
import { HostRequests } from '../protocol/host-requests.ts'
import { Redactor } from '../protocol/redactor.ts'
import { StderrTail } from '../protocol/stderr-tail.ts'
import { EventQueue } from './event-queue.ts'
import { describeExit } from './exit-words.ts'
import { type JobSettings, jobLine } from './job-line.ts'

interface RunTimes {
  /** Without a frame for this long the engine counts as hung. */
  inactivityMs: number
  /** What the engine gets to answer a cancel, to end by itself after its last word or the time limit, and to hand over its last output. */
  graceMs: number
}

export interface RunParams {
  job: RunnerJob
  host: RunnerHost
  signal: AbortSignal
  times: RunTimes
  limits: FrameLimits
  settings: JobSettings
  /** `fresh`: not one that has waited. */
  start(options: { fresh: boolean }): Promise<Engine>
  onEnd(): void
}

/** How a run ended: by a `done` event, or by an error that the consumer gets after the events before it. */
type Ending = { done: DoneEvent } | { error: unknown }

/** One job in one engine process, as an iterator of its events. Nothing is started before the first `next`. */
export class EngineRun implements AsyncIterableIterator<RunnerEvent> {
  readonly #params: RunParams
  readonly #redactor = new Redactor()
  /** Made with the engine, whose frames it knows by their mark. */
  #reader: FrameReader | undefined
  readonly #queue: EventQueue<RunnerEvent>
  readonly #requests: HostRequests
  readonly #controls: ReadonlySet<string>
  readonly #seen = { checks: 0, sources: 0, requests: 0, lateFrames: 0, startedAt: 0, lastSeq: 0 }
  readonly #ended = Promise.withResolvers<void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #inactivity: NodeJS.Timeout | undefined
  #process: EngineProcess | undefined
  #stderr: StderrTail | undefined
  #started = false
  /** The engine had waited for a job, and nothing of this one has been heard yet. */
  #replaceable = false
  /** Set once, by the first thing that ends the run. */
  #ending: Ending | undefined
  #cancelReason: { reason: unknown } | undefined
  #paused = false
  #unbounded = false
  #left = false

  constructor(params: RunParams) {
    this.#params = params
    this.#controls = new Set(params.job.controlIds)
    this.#queue = new EventQueue({ maxItems: 256, maxBytes: 8 * 1024 * 1024, onRoom: () => this.#resume() })
    const write = (line: object) => this.#write(line)
    this.#requests = new HostRequests({ host: params.host, redactor: this.#redactor, write })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<RunnerEvent, undefined>> {
    if (!this.#started) {
      this.#started = true
      void this.#start()
    }
    return this.#queue.next()
  }

  /** The consumer leaves: settles when every process of the run is gone. */
  async return(): Promise<IteratorResult<RunnerEvent, undefined>> {
    this.#left = true
    this.#queue.discard()
    await this.end(new Error('The run was left before its end.'))
    return { value: undefined, done: true }
  }

  /** Ends the run at once, without waiting for the engine's last word. */
  async end(reason: unknown): Promise<void> {
    if (!this.#started) {
      this.#started = true
      this.#ending = { error: reason }
      this.#settle()
      return
    }
    this.#finish({ error: reason }, { politely: true })
    await this.#ended.promise
  }

  async #start(): Promise<void> {
    const { signal } = this.#params
    try {
      signal.throwIfAborted()
      signal.addEventListener('abort', this.#onAbort, { once: true })
      await this.#launch({ fresh: false })
    } catch (error) {
      // The run may have been ended while the process was being looked for or started.
      this.#ending ??= { error }
      await this.#close(this.#ending, false)
    }
  }

  async #launch(options: { fresh: boolean }): Promise<void> {
    const { process: started, nonce, waited } = await this.#params.start(options)
    this.#process = started
    this.#replaceable = waited
    this.#reader = new FrameReader({
      nonce,
      limits: this.#params.limits,
      keepEvidence: this.#params.job.keepEvidence,
      clean: (text) => this.#redactor.known(text),
    })
    this.#seen.startedAt = performance.now()
    this.#stderr = new StderrTail(started.stderr)
    if (this.#ending) return await this.#close(this.#ending, false)
    this.#listen(started, this.#reader, nonce)
  }

  #listen(started: EngineProcess, reader: FrameReader, nonce: string): void {
    const { job, times } = this.#params
    started.stdout.on('data', (chunk: Buffer) => this.#onChunk(reader, chunk))
    void started.exited.then((exit) => this.#onExit(started, exit))
    this.#write(jobLine({ job, nonce, settings: this.#params.settings }))
    this.#inactivity = setTimeout(() => this.#onSilence(), times.inactivityMs)
    this.#timers.add(this.#inactivity)
    this.#after(job.timeoutMs + times.graceMs, () => this.#onTimeout())
  }

  #onChunk(reader: FrameReader, chunk: Buffer): void {
    try {
      for (const { frame, bytes } of reader.feed(chunk)) this.#onFrame(frame, bytes)
    } catch (error) {
      const detail = error instanceof OutputLimitError ? error.message : 'something that could not be read'
      this.#violation(detail)
    }
    if (this.#queue.isFull && !this.#unbounded && !this.#ending) {
      this.#paused = true
      this.#process?.stdout.pause()
    }
  }

  #onFrame(frame: Frame, bytes: number): void {
    if (this.#ending) {
      if ('done' in this.#ending) this.#seen.lateFrames++
      return
    }
    this.#inactivity?.refresh()
    this.#violation(
      frame.seq > this.#seen.lastSeq ? this.#take(frame, bytes) : `seq ${frame.seq} after ${this.#seen.lastSeq}`,
    )
  }

  /** Does what a frame says; returns what is wrong with it, or null. */
  #take(frame: Frame, bytes: number): string | null {
    this.#seen.lastSeq = frame.seq
    const meaning = readFrame(frame)
    switch (meaning.kind) {
      case 'event':
        return this.#onEvent(meaning.event, bytes)
      case 'token':
        return this.#requests.token(meaning.request)
      case 'dns':
        return this.#requests.dns(meaning.request)
      case 'violation':
        return meaning.detail
      case 'heartbeat':
        this.#process?.observe()
        return null
      case 'done':
        this.#process?.observe()
        this.#finish({ done: meaning.event }, { politely: true })
        return null
      default:
        return null
    }
  }

  #onEvent(event: Exclude<RunnerEvent, DoneEvent>, bytes: number): string | null {
    this.#replaceable = false
    if (event.type === 'check.finished') {
      if (!this.#controls.has(event.controlId))
        return `a verdict on control ${event.controlId}, which was not asked for`
      this.#seen.checks++
    }
    if (event.type === 'source.read') {
      this.#seen.sources++
      this.#seen.requests += event.requests
    }
    if (event.type === 'evidence' && !this.#params.job.keepEvidence) return null
    this.#queue.push(event.type === 'log' ? { ...event, message: this.#redactor.text(event.message) } : event, bytes)
    return null
  }

  async #onExit(started: EngineProcess, exit: Exit): Promise<void> {
    this.#readOn()
    await this.#drained(started)
    this.#reader?.end()
    if (this.#replaceable && !this.#ending && !this.#cancelReason) return await this.#startAgain(started)
    this.#finish({ error: this.#cancelReason ? this.#cancelReason.reason : this.#died(exit) }, { politely: false })
  }

  /** An engine that had waited, and died before it took up the job, died of its waiting: the run does not end for that. */
  async #startAgain(dead: EngineProcess): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    await dead.stop({ politely: false }).catch(() => {})
    if (this.#ending) return
    this.#process = undefined
    this.#unbounded = false
    this.#seen.lastSeq = 0
    try {
      if (this.#cancelReason) throw this.#cancelReason.reason
      await this.#launch({ fresh: true })
    } catch (error) {
      this.#ending ??= { error }
      await this.#close(this.#ending, false)
    }
  }

  /** Waits until the output has been read, but not for a descendant that holds it open. */
  async #drained(started: EngineProcess): Promise<void> {
    const end = performance.now() + this.#params.times.graceMs
    while (!started.stdout.readableEnded && !started.stdout.destroyed && !this.#ending && performance.now() < end)
      await sleep(10)
  }

  #died(exit: Exit): RunnerError {
    const words = this.#stderr?.text(this.#redactor) ?? ''
    const last = words.slice(-600).trim()
    const message = `The engine ${describeExit(exit)}.${last ? ` Its last words: ${last}` : ''}`
    const retryable = exit.signal !== null || exit.code === 0
    return new RunnerError('runner_died', message, { retryable, ...(words && { cause: new Error(words) }) })
  }

  #violation(detail: string | null): void {
    if (detail === null) return
    const message = `The engine's output broke the protocol: ${this.#redactor.text(detail)}. Is @tenantscope/powershell of the same version?`
    this.#finish({ error: new RunnerError('runner_output', message) }, { politely: false })
  }

  #onSilence(): void {
    // While nothing is read, silence is of our making.
    if (this.#paused) {
      this.#inactivity?.refresh()
      return
    }
    const seconds = Math.round(this.#params.times.inactivityMs / 1000)
    const message = `The engine said nothing for ${seconds} s and was ended. Try again; if it happens again, look at the machine's load.`
    this.#finish({ error: new RunnerError('runner_hung', message, { retryable: true }) }, { politely: false })
  }

  #onTimeout(): void {
    const { checks, sources, requests, startedAt } = this.#seen
    const stats = { wallMs: performance.now() - startedAt, requests, sources, checks, peakMb: 0, cpuMs: 0 }
    this.#finish({ done: { type: 'done', outcome: 'timed_out', error: null, stats } }, { politely: true })
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#params.signal
    this.#cancelReason = { reason }
    if (this.#process === undefined) {
      this.#finish({ error: reason }, { politely: true })
      return
    }
    this.#readOn()
    this.#write({ t: 'cancel' })
    this.#after(this.#params.times.graceMs, () => this.#finish({ error: reason }, { politely: true }))
  }

  /** The first ending counts. Before the process exists there is nothing to close: #start sees the ending when it gets there. */
  #finish(ending: Ending, options: { politely: boolean }): void {
    if (this.#ending) return
    this.#ending = ending
    this.#requests.close()
    if (this.#process) void this.#close(ending, options.politely)
  }

  async #close(ending: Ending, politely: boolean): Promise<void> {
    this.#requests.close()
    for (const timer of this.#timers) clearTimeout(timer)
    const running = this.#process
    if (running) {
      this.#readOn()
      if ('done' in ending && ending.done.outcome !== 'timed_out') {
        // It said its last word: the end of its input lets it go by itself.
        running.stdin.end()
        await within(running.exited, this.#params.times.graceMs)
      }
      await running.stop({ politely }).catch(() => {})
    }
    this.#settle()
  }

  #settle(): void {
    // A consumer that left is not told why the run ended.
    const ending = this.#left ? undefined : this.#ending
    this.#params.signal.removeEventListener('abort', this.#onAbort)
    const notice = this.#noise()
    if (notice) this.#queue.push(notice, 0)
    if (ending && 'done' in ending) this.#queue.push(ending.done, 0)
    this.#queue.end(ending && 'error' in ending ? { error: ending.error } : undefined)
    this.#params.onEnd()
    this.#ended.resolve()
  }

  /** Says once what else was on the channel: nothing of it is shown, for it may hold anything. */
  #noise(): RunnerEvent | null {
    if (!this.#reader) return null
    const { noiseBytes, torn, foreign } = this.#reader.counts
    const parts = [
      noiseBytes > 0 && `${noiseBytes} bytes that are no frame`,
      torn > 0 && `${torn} torn frame(s)`,
      foreign > 0 && `${foreign} frame(s) with a foreign mark`,
      this.#seen.lateFrames > 0 && `${this.#seen.lateFrames} frame(s) after the last one`,
    ].filter((part) => part !== false)
    if (parts.length === 0) return null
    return {
      type: 'log',
      level: torn > 0 ? 'warn' : 'debug',
      message: `Ignored in the engine's output: ${parts.join(', ')}.`,
    }
  }

  #write(line: object): void {
    const stdin = this.#process?.stdin
    if (stdin?.writable) stdin.write(`${JSON.stringify(line)}\n`)
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#inactivity?.refresh()
    this.#process?.stdout.resume()
  }

  /** From now on read whatever comes: the end is near and the byte limits still hold. */
  #readOn(): void {
    this.#unbounded = true
    this.#resume()
  }

  #after(ms: number, action: () => void): void {
    // Node turns a longer delay into one of 1 ms.
    this.#timers.add(setTimeout(action, Math.min(ms, 2 ** 31 - 1)))
  }
}

/** Waits for `promise`, but not longer than `ms`; leaves no timer behind. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController()
  await Promise.race([promise, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})])
  timer.abort()
}
