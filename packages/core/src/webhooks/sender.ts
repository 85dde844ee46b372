import * as Cause from 'effect/Cause'
import * as Effect from 'effect/Effect'
import * as Option from 'effect/Option'
import type { TenantscopeError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import { type CoreServices, LoggerService, now, withStorage } from '../internal/services.ts'
import type { WebhookDelivery, WebhookOutcome } from '../storage/webhook-store.ts'
import type { DeliverySettings } from './deliver.ts'

export interface SenderSettings extends DeliverySettings {
  workerId: string
  pollMs: number
}

export interface WebhookSender {
  start(): void
  /** Something may be due: look now. A hint; the outbox is looked at anyway. */
  nudge(): void
  /** Takes no more. What is under way has a second to end, then it is cut and comes up again under the same `webhook-id`. Idempotent. */
  close(): Promise<void>
}

/** Messages under way at once in this process. Storage lets no endpoint have more than two of them. */
const slots = 32
/** Longer than a try can last, with its reading and writing. A process that dies leaves its deliveries to others after this. */
const leaseMs = 30_000
const graceMs = 1_000

export const noSender: WebhookSender = { start: () => {}, nudge: () => {}, close: async () => {} }

/** Takes deliveries from the outbox and sends them. */
export function webhookSender(run: Run, settings: SenderSettings): WebhookSender {
  const underWay = new Set<Promise<void>>()
  const cut = new AbortController()
  let looking: Promise<void> | null = null
  let again = false
  let more = false
  let timer: NodeJS.Timeout | null = null
  let started = false
  let closed = false

  const send = (delivery: WebhookDelivery) => {
    const work = run(oneDelivery(delivery, settings, cut.signal)).catch(() => {})
    underWay.add(work)
    void work.then(() => {
      underWay.delete(work)
      // The last look took all that it could: there may be more.
      if (more) nudge()
    })
  }
  const look = async () => {
    do {
      again = false
      const limit = slots - underWay.size
      if (limit <= 0) return
      const claimed = await run(claim(settings.workerId, limit)).catch(() => [])
      more = claimed.length === limit
      for (const delivery of claimed) send(delivery)
    } while (again && !closed)
  }
  const nudge = () => {
    if (!started || closed) return
    if (looking) {
      again = true
      return
    }
    if (timer) clearTimeout(timer)
    looking = look().finally(() => {
      looking = null
      if (closed) return
      timer = setTimeout(nudge, settings.pollMs)
      timer.unref()
    })
  }

  return {
    start: () => {
      started = true
      nudge()
    },
    nudge,
    close: async () => {
      closed = true
      if (timer) clearTimeout(timer)
      await looking
      const grace = setTimeout(() => cut.abort(), graceMs)
      await Promise.all(underWay)
      clearTimeout(grace)
    },
  }
}

function claim(workerId: string, limit: number): Effect.Effect<WebhookDelivery[], never, CoreServices> {
  return withStorage((storage) => storage.work.claimDeliveries({ workerId, leaseMs, limit })).pipe(
    Effect.catchAllCause((cause) => warn('the outbox of webhooks could not be read; it is tried again', cause, [])),
  )
}

function oneDelivery(
  delivery: WebhookDelivery,
  settings: SenderSettings,
  cut: AbortSignal,
): Effect.Effect<void, never, CoreServices> {
  return Effect.gen(function* () {
    // Loaded with the first delivery: a host that sends none does not pay for an HTTP client.
    const { deliver } = yield* Effect.promise(() => import('./deliver.ts'))
    const outcome = yield* Effect.raceFirst(deliver(delivery, settings), whenCut(cut))
    const at = yield* now
    const { id: deliveryId, platformTenantId, attempts: attempt } = delivery
    yield* withStorage((storage) => storage.work.settleDelivery({ deliveryId, platformTenantId, attempt, outcome, at }))
    if (outcome.kind === 'failed' && outcome.disableEndpoint !== null) {
      const log = yield* LoggerService
      log.warn('a webhook endpoint was disabled', { endpointId: delivery.endpointId, reason: outcome.disableEndpoint })
    }
  }).pipe(
    Effect.catchAllCause((cause) =>
      warn('a webhook delivery could not be settled; it comes up again', cause, undefined),
    ),
  )
}

/** The message may have arrived or not: it goes out again, under the same id. */
function whenCut(cut: AbortSignal): Effect.Effect<WebhookOutcome> {
  return Effect.async((resume) => {
    const outcome: WebhookOutcome = {
      kind: 'retry',
      responseStatus: null,
      error: 'Cut off: the worker shut down.',
      delayMs: 0,
    }
    const end = () => resume(Effect.succeed(outcome))
    if (cut.aborted) return end()
    cut.addEventListener('abort', end, { once: true })
    return Effect.sync(() => cut.removeEventListener('abort', end))
  })
}

function warn<A>(
  message: string,
  cause: Cause.Cause<TenantscopeError>,
  value: A,
): Effect.Effect<A, never, LoggerService> {
  return Effect.map(LoggerService, (log) => {
    const failure = Option.getOrNull(Cause.failureOption(cause))
    log.warn(message, { code: failure?.code ?? 'unexpected' })
    return value
  })
}
