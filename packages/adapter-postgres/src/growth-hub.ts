import type { Driver } from './driver/driver.ts'

type OnGrowth = (hint: { scanId: string; sequence: number }) => void

/** One LISTEN per process, however many ask: started by the first, stopped after the last. */
export class GrowthHub {
  readonly #driver: Driver
  readonly #channel: string
  readonly #listeners = new Set<OnGrowth>()
  #stop: Promise<() => Promise<void>> | null = null

  constructor(driver: Driver, channel: string) {
    this.#driver = driver
    this.#channel = channel
  }

  async add(onGrowth: OnGrowth): Promise<() => Promise<void>> {
    // A function of its own per call, so that one given twice is told twice and removed once.
    const listener: OnGrowth = (hint) => onGrowth(hint)
    this.#listeners.add(listener)
    this.#stop ??= this.#driver.listen(this.#channel, (payload) => this.#tell(payload))
    try {
      await this.#stop
    } catch (error) {
      this.#listeners.delete(listener)
      this.#stop = null
      throw error
    }
    return async () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) await this.close()
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    const stop = this.#stop
    this.#stop = null
    // Failing to stop means that the connection is gone, and with it the listening.
    await stop?.then((end) => end()).catch(() => {})
  }

  #tell(payload: string): void {
    const [scanId, sequence] = payload.split(':')
    if (!scanId || !sequence) return
    for (const listener of this.#listeners) {
      // In a microtask of its own: what a listener throws must not reach the driver's parser.
      queueMicrotask(() => listener({ scanId, sequence: Number(sequence) }))
    }
  }
}
