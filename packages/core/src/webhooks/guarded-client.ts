import * as http from 'node:http'
import * as https from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import * as HttpClient from '@effect/platform/HttpClient'
import { RequestError } from '@effect/platform/HttpClientError'
import type { HttpClientRequest } from '@effect/platform/HttpClientRequest'
import * as HttpClientResponse from '@effect/platform/HttpClientResponse'
import * as Effect from 'effect/Effect'
import type { EndpointPolicy } from './endpoint-policy.ts'

/** No usable answer came; the message says why, and nothing that the receiver said. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

const responseBytes = 64 * 1024
const responseMs = 1_000

/**
 * An HttpClient that connects to what the policy allows and to nothing else: the URL is checked, its name is resolved once, all addresses are checked, and the
 * connection goes to those very addresses, so that a name which resolves to something else a moment later changes nothing. No redirect is followed, no proxy
 * of the environment is used, no connection is kept. The answer has the status and `retry-after`, never the receiver's words.
 */
export function guardedClient(policy: EndpointPolicy): HttpClient.HttpClient {
  return HttpClient.make((request, _, signal) =>
    Effect.tryPromise({
      try: async () => {
        // Not the URL that was built for the request: the policy is asked about the text, and what it has read is what is connected to.
        const url = policy.check(request.url)
        const addresses = await policy.resolve(url)
        signal.throwIfAborted()
        const answer = await exchange(url, addresses, request, signal)
        return HttpClientResponse.fromWeb(request, answer)
      },
      catch: (cause) => new RequestError({ request, reason: 'Transport', cause }),
    }),
  )
}

function exchange(
  url: URL,
  addresses: readonly string[],
  request: HttpClientRequest,
  signal: AbortSignal,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const secure = url.protocol === 'https:'
  const outgoing = (secure ? https : http).request(url, {
    method: request.method,
    headers: { ...request.headers, connection: 'close' },
    agent: false,
    lookup: pinned(addresses),
    signal,
    // Said here, so that no variable of the environment says otherwise.
    ...(secure && { rejectUnauthorized: true, servername: url.hostname }),
  })
  let answered = false
  outgoing.on('error', reject)
  outgoing.once('close', () => {
    if (!answered) reject(new NoAnswer('The connection was closed without an answer.'))
  })
  outgoing.once('response', (incoming) => {
    answered = true
    void letThrough(incoming).then(() => {
      const { statusCode = 0, headers } = incoming
      // Node takes any three digits for a status.
      if (statusCode < 200 || statusCode > 599) return reject(new NoAnswer('The answer has no HTTP status.'))
      const retryAfter = headers['retry-after']
      resolve(
        new Response(null, {
          status: statusCode,
          headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        }),
      )
    })
  })
  outgoing.end(request.body._tag === 'Uint8Array' ? request.body.body : undefined)
  return promise
}

/** The status is the receiver's word. The rest is read and dropped, so that it can end its answer in peace, but not for long and not without bound. */
function letThrough(incoming: http.IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => incoming.destroy(), responseMs)
    let received = 0
    incoming.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > responseBytes) incoming.destroy()
    })
    incoming.on('error', () => {})
    incoming.once('close', () => {
      clearTimeout(patience)
      resolve()
    })
  })
}

/** Answers every question with the addresses that were checked. */
function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  return (_, options, callback) => {
    const [first] = found
    if (options.all) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }
}
