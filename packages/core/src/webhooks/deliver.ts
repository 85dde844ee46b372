import * as Effect from 'effect/Effect'
import type { TenantscopeError } from '../errors/errors.ts'
import { type CoreServices, now, withStorage } from '../internal/services.ts'
import type { WebhookDelivery, WebhookEndpoint, WebhookOutcome } from '../storage/webhook-store.ts'
import type { EndpointPolicy } from './endpoint-policy.ts'
import { openEndpointSecrets } from './endpoint-secret.ts'
import { eventBody, scanEventData } from './event-body.ts'
import { nextDelayMs } from './retry-schedule.ts'
import { type Answer, sendMessage } from './send-message.ts'

export interface DeliverySettings {
  policy: EndpointPolicy
  retryDelaysMs: readonly number[]
}

/**
 * One try of a claimed delivery, and how it went. Nothing is written here. Fails only for the storage's faults: then nothing is settled, and the delivery comes
 * up again when its lease is over.
 */
export function deliver(
  delivery: WebhookDelivery,
  settings: DeliverySettings,
): Effect.Effect<WebhookOutcome, TenantscopeError, CoreServices> {
  return Effect.gen(function* () {
    const { platformTenantId } = delivery
    const endpoint = yield* withStorage((storage) =>
      storage.webhooks.getEndpoint({ platformTenantId, id: delivery.endpointId }),
    )
    if (!endpoint) return failed('The endpoint is gone.')
    if (endpoint.status !== 'enabled') return failed('The endpoint is disabled.')
    const body = yield* bodyOf(delivery)
    if (typeof body !== 'string') return body
    const at = yield* now
    const secrets = yield* Effect.option(openEndpointSecrets(endpoint, at))
    if (secrets._tag === 'None' || secrets.value.length === 0) {
      return yield* unsuccessful(delivery, endpoint, settings, {
        status: null,
        error: 'Not sent: the signing secret cannot be opened.',
        retryAfterMs: null,
      })
    }
    const message = { id: messageId(delivery), url: endpoint.url, secrets: secrets.value, body }
    const answer = yield* Effect.suspend(() => sendMessage(settings.policy, message, at)).pipe(
      // A fault of ours counts as a try: a delivery must not come up for ever.
      Effect.catchAllDefect(() =>
        Effect.succeed({ status: null, error: 'Not sent: a fault here.', retryAfterMs: null }),
      ),
    )
    if (answer.error === null && answer.status !== null) {
      return { kind: 'delivered', responseStatus: answer.status }
    }
    return yield* unsuccessful(delivery, endpoint, settings, answer)
  })
}

/** The `webhook-id`: the same at every try, also after a crash between sending and writing that down. Receivers tell repetitions by it. */
export function messageId(delivery: Pick<WebhookDelivery, 'id'>): string {
  return `msg_${delivery.id}`
}

function bodyOf(delivery: WebhookDelivery) {
  return Effect.gen(function* () {
    const { platformTenantId, scanId, payload, eventType: type } = delivery
    const scan =
      payload === null && scanId !== null
        ? yield* withStorage((storage) => storage.scans.get({ platformTenantId, scanId }))
        : null
    if (payload === null && scan === null) return failed('The scan is gone.')
    const at = scan?.completedAt ?? delivery.createdAt
    const body = eventBody({ type, at, data: scan ? scanEventData(scan) : payload })
    return body ?? failed('The message is too large.')
  })
}

function unsuccessful(
  delivery: WebhookDelivery,
  endpoint: WebhookEndpoint,
  settings: DeliverySettings,
  answer: Answer,
) {
  return Effect.gen(function* () {
    const { status: responseStatus, error, retryAfterMs } = answer
    const words = error ?? 'Failed.'
    // The receiver says that it is not there any more and will not come back.
    if (responseStatus === 410) return failed(words, responseStatus, 'The endpoint answered 410 Gone.')
    const delayMs = nextDelayMs({
      delaysMs: settings.retryDelaysMs,
      attempt: delivery.attempts,
      retryAfterMs,
      random: Math.random(),
    })
    if (delayMs !== null) return { kind: 'retry', responseStatus, error: words, delayMs } as const
    const dead = !(yield* tookAMessageSince(endpoint, delivery.createdAt))
    const reason = 'Every try of a message failed, and no other message was taken meanwhile.'
    return failed(words, responseStatus, dead ? reason : null)
  })
}

const deliveriesLookedAt = 50

function tookAMessageSince(endpoint: WebhookEndpoint, since: Date) {
  const { platformTenantId, id: endpointId } = endpoint
  return Effect.map(
    withStorage((storage) =>
      storage.webhooks.listDeliveries({
        platformTenantId,
        endpointId,
        status: 'delivered',
        cursor: null,
        limit: deliveriesLookedAt,
      }),
    ),
    ({ data }) => data.some(({ completedAt }) => completedAt !== null && completedAt >= since),
  )
}

function failed(error: string, responseStatus: number | null = null, disableEndpoint: string | null = null) {
  return { kind: 'failed', responseStatus, error, disableEndpoint } as const
}
