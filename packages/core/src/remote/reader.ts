import { RunnerError } from '../errors/errors.ts'
import { type RunnerEvent, type RunnerMessage, runnerEventSchema } from '../runner/runner.ts'
import { largestEventBytes, type RemoteMessage, remoteMessageSchema } from './protocol.ts'

/**
 * Puts the messages of a run back into the events that they were: in order, each once, whatever came twice, late, or cut differently the second time.
 * Throws RunnerError for what is not the protocol.
 */
export class MessageReader {
  readonly #controls: ReadonlySet<string>
  #next = 0
  #pieces: Buffer[] = []
  #pieceBytes = 0

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
    return fresh
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
    return [event]
  }

  #check(event: RunnerEvent): void {
    if (event.type === 'check.finished' && !this.#controls.has(event.controlId))
      throw broken('a verdict on a control that was not asked for')
  }
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
