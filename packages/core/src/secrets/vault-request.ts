import * as FetchHttpClient from '@effect/platform/FetchHttpClient'
import * as HttpClient from '@effect/platform/HttpClient'
import * as HttpClientRequest from '@effect/platform/HttpClientRequest'
import * as Effect from 'effect/Effect'

/*
 * One request to Vault. This module is loaded with the first one: a host whose keys are elsewhere does not pay for an HTTP client.
 */

const maxAnswerBytes = 64 * 1024

export interface VaultRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Readonly<Record<string, string>>
  body: Readonly<Record<string, unknown>> | null
}

/** `body` is what was parsed; undefined when it is no JSON. */
export interface VaultAnswer {
  status: number
  body: unknown
}

/** Rejects when no whole answer comes within the time. What it rejects with may hold the request, and with it the token: it goes nowhere. */
export function askVault(params: {
  request: VaultRequest
  fetch: typeof globalThis.fetch
  timeoutMs: number
}): Promise<VaultAnswer> {
  const { request, timeoutMs } = params
  let outgoing = HttpClientRequest.make(request.method)(request.url).pipe(HttpClientRequest.setHeaders(request.headers))
  if (request.body !== null)
    outgoing = HttpClientRequest.bodyText(outgoing, JSON.stringify(request.body), 'application/json')
  const asked = Effect.gen(function* () {
    const client = (yield* HttpClient.HttpClient).pipe(HttpClient.withTracerPropagation(false))
    const { status, text } = yield* client.execute(outgoing)
    return { status, body: parsed(yield* text) }
  })
  return Effect.runPromise(
    asked.pipe(
      Effect.timeout(timeoutMs),
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.Fetch, bounded(params.fetch)),
      // A redirect would take the token to wherever it points.
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: 'manual' }),
    ),
  )
}

function bounded(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = await fetch(input, init)
    const chunks: Uint8Array[] = []
    let received = 0
    const reader = answer.body?.getReader()
    for (let part = await reader?.read(); reader && part && !part.done; part = await reader.read()) {
      received += part.value.length
      if (received > maxAnswerBytes) {
        await reader.cancel()
        throw new Error('too large')
      }
      chunks.push(part.value)
    }
    return new Response(received > 0 ? Buffer.concat(chunks) : null, { status: answer.status })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
