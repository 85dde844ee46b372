import { type Answer, empty, html } from './answers.ts'
import type { Fault, ServiceName, ThrottleOptions } from './knobs.ts'
import { fraction } from './latency.ts'

/** The same trouble looks different at every service. */
export interface Shapes {
  denied(): Answer
  unlicensed(): Answer
  status(status: number): Answer
  /** `retryAfterSeconds` absent: a bare 429. */
  throttled(retryAfterSeconds: number | undefined): Answer
}

/** What a fault or the throttle can be aimed at: one request, or one part of a batch. */
export interface Target {
  service: ServiceName
  host: string
  path: string
  tenantId?: string | undefined
  source?: string | undefined
  /** false: an envelope whose parts are counted one by one. */
  throttled?: boolean
}

const retryAfterSeconds = 1

function matches(fault: Fault, target: Target): boolean {
  const { service, source, host, path } = fault.match
  if (service !== undefined && service !== target.service) return false
  if (source !== undefined && source !== target.source) return false
  if (host !== undefined && host.toLowerCase() !== target.host.toLowerCase()) return false
  return path === undefined || target.path.toLowerCase().includes(path.toLowerCase())
}

/** Faults that strike and requests that are throttled. Both are decided by counting, never by chance. */
export class Interference {
  #faults: { fault: Fault; left: number }[] = []
  #throttle: ThrottleOptions | undefined
  readonly #asked = new Map<string, number>()

  setFaults(faults: Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }))
  }

  setThrottle(throttle: ThrottleOptions | undefined): void {
    this.#throttle = throttle
    this.#asked.clear()
  }

  strike(target: Target): Fault | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && matches(fault, target))
    if (found === undefined) return undefined
    found.left -= 1
    return found.fault
  }

  /** Whether this request is one of the throttled share, and whether its answer names a time. */
  throttle(target: Target): { retryAfter: number | undefined } | undefined {
    const options = this.#throttle
    if (options === undefined || target.throttled === false) return undefined
    const services = options.services ?? ['graph', 'exchange', 'compliance', 'teams', 'sharepoint', 'fabric']
    if (!services.includes(target.service)) return undefined
    // The number depends on what is asked for the how-manieth time, so a run does not depend on the order of arrival.
    const what = `${target.tenantId ?? ''} ${target.host} ${target.source ?? ''} ${target.path}`
    const count = (this.#asked.get(what) ?? 0) + 1
    this.#asked.set(what, count)
    const seed = `${options.seed ?? 1} ${what} ${count}`
    if (fraction(`throttle ${seed}`) >= options.share) return undefined
    const named =
      options.retryAfter === 'always' || (options.retryAfter === 'mixed' && fraction(`retry-after ${seed}`) < 0.5)
    return { retryAfter: named ? retryAfterSeconds : undefined }
  }

  /** The ordinary answer, or what a fault or the throttle puts in its place. */
  async answer(target: Target, shapes: Shapes, ordinary: () => Answer | Promise<Answer>): Promise<Answer> {
    const fault = this.strike(target)
    switch (fault?.kind) {
      case 'status':
        return fault.status === 429 ? shapes.throttled(undefined) : shapes.status(fault.status ?? 500)
      case 'html':
        return html(fault.status ?? 502)
      case 'denied':
        return shapes.denied()
      case 'unlicensed':
        return shapes.unlicensed()
      case 'emptyBody':
        return { ...empty(fault.status ?? 200), headers: { 'content-type': 'application/json' } }
      case 'hang':
      case 'reset':
        return { ...empty(0), effect: fault.kind }
    }
    const throttled = this.throttle(target)
    if (throttled !== undefined) return shapes.throttled(throttled.retryAfter)
    const answer = await ordinary()
    if (fault?.kind === 'slow') return { ...answer, extraDelayMs: (answer.extraDelayMs ?? 0) + (fault.delayMs ?? 1000) }
    return fault?.kind === 'truncated' ? { ...answer, effect: 'truncated' } : answer
  }
}

/** A batch is cut off, delayed or lost as a whole when one of its parts is. */
export function inheritEffects(outer: Answer, parts: Answer[]): Answer {
  const effect = outer.effect ?? parts.find((part) => part.effect !== undefined)?.effect
  const extraDelayMs = Math.max(outer.extraDelayMs ?? 0, ...parts.map((part) => part.extraDelayMs ?? 0))
  return { ...outer, extraDelayMs, ...(effect === undefined ? {} : { effect }) }
}
