import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryEnd } from './outcomes.ts'
import { type PostTimes, type Receiver, signedPost } from './signed-post.ts'
import type { Spool } from './spool.ts'

export interface SenderSettings {
  receiver: Receiver
  attempt: number
  /** The receiver's limit is learnt from its 413; this is where it begins, in bytes. */
  maxMessageBytes: number
  /** Without events, a sign of life after this. */
  heartbeatMs: number
  /** Events are gathered for so long before they are sent. */
  gatherMs: number
  times: PostTimes
  onFailure: (words: string) => void
}

/** A message may be no smaller than this: no receiver has good reasons to want less. */
const smallestMessage = 4 * 1024
/** What is around the events of a message. */
const envelopeBytes = 512

/** Sends what comes into the spool, in order, until it was told that no more comes and everything is delivered. Throws DeliveryEnd. */
export class Sender {
  readonly #spool: Spool
  readonly #settings: SenderSettings
  readonly #giveUp = new AbortController()
  #maxBytes: number
  #wake: () => void = () => {}
  #finished = false

  constructor(spool: Spool, settings: SenderSettings) {
    this.#spool = spool
    this.#settings = settings
    this.#maxBytes = settings.maxMessageBytes
  }

  /** There is something new in the spool. */
  poke(): void {
    this.#wake()
  }

  /** No more events come. What is left may be tried for `giveUpAfterMs` in all. */
  finish(giveUpAfterMs: number): void {
    this.#finished = true
    const reason = new DeliveryEnd('undelivered', 'The receiver could not be reached for too long.')
    const timer = setTimeout(() => this.#giveUp.abort(reason), giveUpAfterMs)
    timer.unref()
    this.#wake()
  }

  async run(): Promise<void> {
    for (;;) {
      if (this.#spool.isEmpty && !this.#finished) await this.#waitForNews()
      if (!this.#spool.isEmpty && !this.#finished) await sleep(this.#settings.gatherMs)
      const batch = await this.#spool.peek(this.#maxBytes - envelopeBytes)
      if (batch === null) {
        if (this.#finished) return
        await this.#post(this.#body(this.#spool.count, []))
      } else if ('oversized' in batch) {
        await this.#sendPieces(batch.sequence, batch.oversized)
      } else if (await this.#post(this.#body(batch.sequence, batch.events))) {
        await this.#spool.acknowledge(batch.events.length)
      }
    }
  }

  /** One event, byte by byte: where it is cut follows from what the receiver takes. */
  async #sendPieces(sequence: number, length: number): Promise<void> {
    for (let offset = 0; offset < length; ) {
      // Base64 makes four characters of three bytes.
      const size = Math.floor(((this.#maxBytes - envelopeBytes) * 3) / 4)
      const bytes = await this.#spool.piece(offset, size)
      const last = offset + bytes.length >= length
      const fragment = `,"fragment":{"offset":${offset},"last":${last},"data":"${bytes.toString('base64')}"}`
      if (await this.#post(this.#body(sequence, [], fragment))) offset += bytes.length
    }
    await this.#spool.acknowledge(1)
  }

  #body(sequence: number, events: readonly string[], more = ''): string {
    const { receiver, attempt } = this.#settings
    const isLast = this.#finished && events.length > 0 && sequence + events.length === this.#spool.count
    const total = isLast ? `,"total":${this.#spool.count}` : ''
    const head = `"scan_id":${JSON.stringify(receiver.scanId)},"attempt":${attempt},"sequence":${sequence}`
    return `{${head},"events":[${events.join(',')}]${more}${total}}`
  }

  /** false: too large for the receiver; from now on messages are half as large. */
  async #post(body: string): Promise<boolean> {
    const { receiver, times, onFailure } = this.#settings
    const { signal } = this.#giveUp
    const given = { receiver, route: 'progress' as const, id: `msg_${randomUUID()}`, body }
    const { status } = await signedPost({ ...given, signal, times, onFailure })
    if (status !== 413) return true
    const smaller = Math.floor(Math.min(this.#maxBytes, body.length) / 2)
    if (smaller < smallestMessage) throw new DeliveryEnd('refused', 'The receiver takes no message, however small.')
    this.#maxBytes = smaller
    return false
  }

  #waitForNews(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), this.#settings.heartbeatMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
    })
  }
}
