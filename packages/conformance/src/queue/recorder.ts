import { randomUUID } from 'node:crypto'
import type { DeliveryOutcome, QueueEntry } from '@tenantscope/core'

/** How long something that must happen may take before a test gives up on it. */
const patienceMs = 25_000

export const done: DeliveryOutcome = { kind: 'done' }

export function later(delayMs: number): DeliveryOutcome {
  return { kind: 'later', delayMs }
}

export function newEntry(): QueueEntry {
  return { platformTenantId: 'msp one', m365TenantId: randomUUID(), scanId: randomUUID() }
}

export function newEntries(count: number): QueueEntry[] {
  return Array.from({ length: count }, newEntry)
}

export type Handler = (entry: QueueEntry, nth: number) => DeliveryOutcome | Promise<DeliveryOutcome>

/** Plays the worker: notes every delivery, and what was under way at the same time. */
export class Recorder {
  readonly deliveries: QueueEntry[] = []
  running = 0
  mostAtOnce = 0
  /** Scan ids that were delivered while they were under way already. */
  readonly overlapping: string[] = []
  readonly #underWay = new Set<string>()
  readonly #handler: Handler
  readonly #watchers = new Set<() => void>()

  constructor(handler: Handler = () => done) {
    this.#handler = handler
  }

  /** To be handed to `consume`. */
  readonly deliver = async (entry: QueueEntry): Promise<DeliveryOutcome> => {
    const { scanId } = entry
    if (this.#underWay.has(scanId)) this.overlapping.push(scanId)
    this.#underWay.add(scanId)
    this.running += 1
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running)
    this.deliveries.push({ ...entry })
    this.#changed()
    try {
      return await this.#handler(entry, this.times(scanId))
    } finally {
      this.running -= 1
      this.#underWay.delete(scanId)
      this.#changed()
    }
  }

  times(scanId: string): number {
    return this.deliveries.filter((entry) => entry.scanId === scanId).length
  }

  /** Resolves as soon as `holds` does; fails when it never comes true. */
  async until(what: string, holds: (recorder: Recorder) => boolean): Promise<void> {
    if (holds(this)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(this.#impatient(what))), patienceMs)
      const look = () => {
        if (holds(this)) end(resolve)
      }
      const end = (settle: () => void) => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        settle()
      }
      this.#watchers.add(look)
    })
  }

  untilDelivered(scanId: string, times = 1): Promise<void> {
    return this.until(`delivery ${times} of ${scanId}`, () => this.times(scanId) >= times)
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look()
  }

  #impatient(what: string): Error {
    return new Error(`Waited in vain for ${what}; ${this.deliveries.length} deliveries, ${this.running} under way.`)
  }
}

/** A promise to be settled from outside. */
export function gate(): { passed: Promise<void>; open: () => void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
