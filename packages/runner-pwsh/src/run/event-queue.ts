/** Events between the reader and the consumer. `onRoom` and `isFull` let the reader stop reading while the consumer is slow. */
export class EventQueue<T> {
  readonly #items: { value: T; bytes: number }[] = []
  readonly #waiting: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = []
  readonly #maxItems: number
  readonly #maxBytes: number
  readonly #onRoom: () => void
  #bytes = 0
  #ended = false
  #failure: { error: unknown } | null = null

  constructor(params: { maxItems: number; maxBytes: number; onRoom: () => void }) {
    this.#maxItems = params.maxItems
    this.#maxBytes = params.maxBytes
    this.#onRoom = params.onRoom
  }

  get isFull(): boolean {
    return this.#items.length >= this.#maxItems || this.#bytes >= this.#maxBytes
  }

  push(value: T, bytes: number): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting) {
      waiting.resolve({ value, done: false })
      return
    }
    this.#items.push({ value, bytes })
    this.#bytes += bytes
  }

  /** No more events; those that are queued are still given, then the iteration ends or throws `failure`. */
  end(failure?: { error: unknown }): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure ?? null
    while (this.#waiting.length > 0) this.#settle(this.#waiting.shift())
  }

  /** Drops what is queued: the consumer has left. */
  discard(): void {
    this.#items.length = 0
    this.#bytes = 0
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift()
    if (item) {
      this.#bytes -= item.bytes
      if (!this.isFull) this.#onRoom()
      return Promise.resolve({ value: item.value, done: false })
    }
    this.#onRoom()
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#ended) this.#settle(this.#waiting.pop())
    })
  }

  #settle(
    waiting: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void } | undefined,
  ): void {
    const failure = this.#failure
    this.#failure = null
    if (failure) waiting?.reject(failure.error)
    else waiting?.resolve({ value: undefined, done: true })
  }
}
