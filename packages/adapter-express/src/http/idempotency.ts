import { createHash, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { IdempotencyKeys, Logger, StoredResponse } from '@tenantscope/core'
import { Problem } from '../problems/problem.ts'
import type { Reply } from '../routes/route.ts'

/*
 * Idempotency-Key: the first answer of a POST is kept and given again when the same caller sends the same request under the same key, to whichever process.
 */

export interface IdempotentRequest {
  /** Where the keys of the caller's platform tenant are kept. */
  keys: IdempotencyKeys
  /** Actor and route: keys of different callers never meet. */
  scope: readonly string[]
  key: string
  payload: unknown
  logger: Logger
}

/** Runs the work once per (scope, key); a second call gets the first answer, 409 while that is being made, 422 with another payload. */
export async function once(request: IdempotentRequest, work: () => Promise<Reply>): Promise<Reply> {
  const { keys, logger } = request
  const name = { key: nameOf(request), fingerprint: await fingerprintOf(request) }
  const begun = await keys.begin(name)
  switch (begun.kind) {
    case 'mismatch':
      throw new Problem('idempotency_mismatch', 'This Idempotency-Key came with another request before. Use a new one.')
    case 'in_progress': {
      const detail = 'The first request with this Idempotency-Key is still running. Ask again in a moment.'
      throw new Problem('idempotency_conflict', detail, { headers: { 'Retry-After': '1' } })
    }
    case 'done':
      return again(begun.response)
  }
  let reply: Reply
  try {
    reply = await work()
  } catch (error) {
    // Nothing was done under this key, or nobody knows: the caller may try again with it.
    await keys.abandon(name).catch((cause) => logger.warn('an idempotency key could not be freed', { error: cause }))
    throw error
  }
  try {
    await keys.complete({ ...name, response: toStored(reply) })
  } catch (error) {
    // It is done all the same, and the caller must hear so. The key stays taken until its lock ends.
    logger.warn('the answer to an idempotency key could not be kept', { error })
  }
  return reply
}

function nameOf({ scope, key }: IdempotentRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([...scope, key]))
    .digest('base64')
}

const derive = promisify<string, string, number, { N: number; r: number; p: number }, Buffer>(scrypt)

/** Payloads hold secrets, people's passwords among them: who reads the stored fingerprint must not be able to try guesses at speed. */
async function fingerprintOf(request: IdempotentRequest): Promise<string> {
  const derived = await derive(JSON.stringify(request.payload ?? null), nameOf(request), 32, { N: 16_384, r: 8, p: 1 })
  return derived.toString('base64')
}

function toStored(reply: Reply): StoredResponse {
  const { status, headers = {} } = reply
  const body = 'bodyToKeep' in reply ? reply.bodyToKeep : reply.body
  return { status, headers, body: body === undefined ? '' : JSON.stringify(body) }
}

function again({ status, headers, body }: StoredResponse): Reply {
  return {
    status,
    headers: { ...headers, 'Idempotency-Replayed': 'true' },
    ...(body !== '' && { content: { type: 'application/json; charset=utf-8', text: body } }),
  }
}

/** The key of a request, or null. Throws for one that no client makes by accident. */
export function idempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header
  const detail = 'must be 1 to 255 printable characters without spaces.'
  throw new Problem('invalid_input', 'One value is wrong.', {
    fields: [{ in: 'header', pointer: '/Idempotency-Key', detail }],
  })
}
