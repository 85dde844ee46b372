import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { InvalidInputError } from '@tenantscope/core'
import type { EngineProcess } from './engine-process.ts'

/** An engine process and the mark that its frames carry. */
export interface Engine {
  readonly process: EngineProcess
  readonly nonce: string
  /** It was started before there was a job for it. */
  readonly waited: boolean
}

/** As the job will name it: what goes into making a connection is rehearsed too, without making one. */
export interface EngineNetwork {
  proxyUrl: string | null
  caFile: string | null
}

export const newNonce = () => randomBytes(24).toString('base64url')

/** How many engines may wait, as the option says. Throws InvalidInputError. */
export function standbyCount(option: number | undefined): number {
  const count = option ?? 0
  if (Number.isInteger(count) && count >= 0 && count <= 16) return count
  throw new InvalidInputError([{ pointer: '/standby', detail: 'must be a whole number from 0 to 16.' }])
}

/**
 * Engines that were started and have rehearsed before there is a job for them. Each serves one run and ends with it: nothing goes from one run to another.
 * They keep neither the host's process alive nor, when it dies, themselves: their input ends with it.
 */
export class StandbyEngines {
  readonly #count: number
  readonly #start: () => Promise<EngineProcess>
  readonly #network: EngineNetwork
  readonly #waiting = new Set<Engine>()
  /** Until they have rehearsed, and of these until they are there. */
  readonly #starting = new Set<Promise<void>>()
  readonly #arriving = new Set<Promise<void>>()
  #closed = false

  constructor(params: { count: number; network: EngineNetwork; start: () => Promise<EngineProcess> }) {
    this.#count = params.count
    this.#start = params.start
    this.#network = params.network
  }

  /** One that waits, rehearsed or not; null when there is none. It belongs to the caller from then on. */
  async take(): Promise<Engine | null> {
    while (this.#waiting.size > 0 || this.#arriving.size > 0) {
      // A second one, started beside the one that is about to come, would only take its processor away.
      await Promise.race(this.#waiting.size > 0 ? [setImmediate()] : this.#arriving)
      for (const engine of this.#waiting) {
        this.#waiting.delete(engine)
        holdHost(engine.process, true)
        return engine
      }
    }
    return null
  }

  /** Starts what is missing; resolves when all that wait have rehearsed. Never rejects: without a standby a run starts an engine of its own. */
  async fill(): Promise<void> {
    for (let missing = this.#count - this.#waiting.size - this.#starting.size; missing > 0; missing--) {
      const starting: Promise<void> = this.#startOne()
        .catch(() => {})
        .finally(() => this.#starting.delete(starting))
      this.#starting.add(starting)
    }
    await Promise.all(this.#starting)
  }

  async close(): Promise<void> {
    this.#closed = true
    const left = [...this.#waiting]
    this.#waiting.clear()
    await Promise.all(left.map((engine) => engine.process.stop()))
    // Those that were about to come have seen that they are not wanted.
    await Promise.all(this.#starting)
  }

  async #startOne(): Promise<void> {
    if (this.#closed) return
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
    this.#arriving.add(arrived)
    try {
      await this.#rehearse({ process: await this.#start(), nonce: newNonce(), waited: true }, () => {
        this.#arriving.delete(arrived)
        arrive()
      })
    } finally {
      this.#arriving.delete(arrived)
      arrive()
    }
  }

  async #rehearse(engine: Engine, arrive: () => void): Promise<void> {
    if (this.#closed) return void (await engine.process.stop())
    // One that ends by itself is not replaced here: a broken one would end again and again. The next fill tries it.
    void engine.process.exited.then(() => this.#waiting.delete(engine))
    engine.process.stdin.write(`${JSON.stringify({ t: 'prepare', nonce: engine.nonce, network: this.#network })}\n`)
    this.#waiting.add(engine)
    arrive()
    // Its one word, `prepared`, stays in the pipe for whoever reads the frames of the run.
    await Promise.race([once(engine.process.stdout, 'readable'), engine.process.exited])
    if (this.#waiting.has(engine)) holdHost(engine.process, false)
  }
}

/** An engine that waits must not keep a host running that has nothing else to do. */
function holdHost({ stdin, stdout, stderr, hold }: EngineProcess, on: boolean): void {
  hold(on)
  for (const stream of [stdin, stdout, stderr] as unknown as Socket[]) (on ? stream.ref : stream.unref)?.call(stream)
}
