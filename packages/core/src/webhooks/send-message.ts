import * as HttpClient from '@effect/platform/HttpClient'
import * as HttpClientRequest from '@effect/platform/HttpClientRequest'
import * as Effect from 'effect/Effect'
import { Webhook } from 'standardwebhooks'
import { type EndpointPolicy, EndpointRefused } from './endpoint-policy.ts'
import { guardedClient, NoAnswer } from './guarded-client.ts'
import { readRetryAfter } from './retry-schedule.ts'

/*
 * One try of one message. This module is loaded when the first message goes out: a host without outgoing webhooks does not pay for an HTTP client.
 */

const timeoutMs = 5_000

export interface Message {
  /** The `webhook-id`: the same at every try. */
  id: string
  url: string
  /** Each signs; more than one while a rotation is under way. */
  secrets: readonly string[]
  body: string
}

export interface Answer {
  /** null when there was no answer. */
  status: number | null
  /** What went wrong, in words for the owner of the endpoint: no address, nothing that the receiver said. Null for a 2xx. */
  error: string | null
  retryAfterMs: number | null
}

/** Signs and sends. Never fails: what goes wrong is the answer. Interruption ends the connection. */
export function sendMessage(policy: EndpointPolicy, message: Message, at: Date): Effect.Effect<Answer> {
  const client = guardedClient(policy).pipe(
    // A receiver outside is no part of the host's traces, and gets none of their ids.
    HttpClient.withTracerPropagation(false),
  )
  const request = HttpClientRequest.post(message.url).pipe(
    HttpClientRequest.bodyText(message.body, 'application/json'),
    HttpClientRequest.setHeaders({
      'user-agent': 'tenantscope',
      'webhook-id': message.id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': message.secrets
        .map((secret) => new Webhook(secret).sign(message.id, at, message.body))
        .join(' '),
    }),
  )
  return client.execute(request).pipe(
    Effect.timeoutFail({
      duration: timeoutMs,
      onTimeout: () => new NoAnswer(`No answer within ${timeoutMs / 1_000} seconds.`),
    }),
    Effect.map(({ status, headers }) => ({
      status,
      error: status >= 200 && status < 300 ? null : unwelcome(status),
      retryAfterMs: readRetryAfter(headers['retry-after'], at),
    })),
    Effect.catchAll((error) =>
      Effect.succeed({
        status: null,
        error: trouble(error instanceof NoAnswer ? error : error.cause),
        retryAfterMs: null,
      }),
    ),
  )
}

function unwelcome(status: number): string {
  const redirect = status >= 300 && status < 400
  return `The endpoint answered ${status}${redirect ? '; redirects are not followed' : ''}.`
}

/** A driver's own message may name addresses; its code does not. */
function trouble(error: unknown): string {
  if (error instanceof EndpointRefused) return `Not sent: the URL ${error.message}`
  if (error instanceof NoAnswer) return error.message
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code !== 'string') return 'The connection failed.'
  if (code === 'ERR_INVALID_URL') return 'Not sent: the URL is none.'
  if (code === 'ECONNREFUSED') return 'The host refused the connection.'
  if (/CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code)) return `The TLS connection failed (${code}).`
  return `The connection failed (${code}).`
}
