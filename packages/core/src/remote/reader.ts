import { stripVTControlCharacters } from 'node:util'
import { RunnerError } from '../errors/errors.ts'
import { type RunnerEvent, type RunnerMessage, runnerEventSchema } from '../runner/runner.ts'
import { largestEventBytes, type RemoteMessage, remoteMessageSchema } from './protocol.ts'

/** Log events of one run that are passed on. */
const mostLogs = 2_000
const longestWords = 2_000

/**
 * Puts the messages of a run back into the events that they were: in order, each once, whatever came twice, late, or cut differently the second time.
 * Throws RunnerError for what is not the protocol.
 */
export class MessageReader {
  readonly #controls: ReadonlySet<string>
  #next = 0
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #logs = 0

  constructor(controlIds: readonly string[]) {
    this.#controls = new Set(controlIds)
  }

  /** The number of the event that has to come next. */
  get next(): number {
    return this.#next
  }

  /** The events of a message; null: something before it is still on its way, keep it. */
  read(message: RunnerMessage): RunnerEvent[] | null {
    const parsed = remoteMessageSchema.safeParse(message.body)
    if (!parsed.success) throw broken('a message that is not the protocol')
    const { sequence, events, fragment, total } = parsed.data
    if (fragment) return this.#piece(sequence, fragment)
    if (sequence > this.#next) return null
    const fresh = events.slice(this.#next - sequence)
    if (fresh.length === 0) return []
    this.#pieces = []
    this.#pieceBytes = 0
    this.#next += fresh.length
    for (const event of fresh) this.#check(event)
    if (total != null && total !== this.#next) throw broken(`${this.#next} events, of ${total} that there were`)
    return fresh.flatMap((event) => this.#bounded(event))
  }

  #piece(sequence: number, fragment: NonNullable<RemoteMessage['fragment']>): RunnerEvent[] | null {
    if (sequence < this.#next) return []
    if (sequence > this.#next || fragment.offset > this.#pieceBytes) return null
    const fresh = Buffer.from(fragment.data, 'base64').subarray(this.#pieceBytes - fragment.offset)
    if (fresh.length === 0) return []
    this.#pieceBytes += fresh.length
    if (this.#pieceBytes > largestEventBytes) throw broken(`an event of more than ${largestEventBytes} bytes`)
    this.#pieces.push(fresh)
    if (!fragment.last) return []
    const text = Buffer.concat(this.#pieces).toString('utf8')
    this.#pieces = []
    this.#pieceBytes = 0
    const event = parseEvent(text)
    this.#check(event)
    this.#next += 1
    return this.#bounded(event)
  }

  /** What goes into the host's log and into the scan's own words is short, plain and not without end. */
  #bounded(event: RunnerEvent): RunnerEvent[] {
    if (event.type === 'log') {
      this.#logs += 1
      return this.#logs > mostLogs ? [] : [{ ...event, message: plain(event.message) }]
    }
    if (event.type !== 'done' || event.error === null) return [event]
    const { code, message } = event.error
    return [{ ...event, error: { code, message: plain(message) } }]
  }

  #check(event: RunnerEvent): void {
    if (event.type === 'check.finished' && !this.#controls.has(event.controlId))
      throw broken('a verdict on a control that was not asked for')
  }
}

function plain(text: string): string {
  const short = stripVTControlCharacters(text.slice(0, longestWords))
  return short.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').toWellFormed()
}

function parseEvent(text: string): RunnerEvent {
  try {
    const parsed = runnerEventSchema.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
  } catch {
    // Told below.
  }
  throw broken('an event that is not the protocol')
}

function broken(what: string): RunnerError {
  return new RunnerError('runner_output', `The remote run sent ${what}.`)
}
