import { createHash, createHmac, randomBytes } from 'node:crypto'
import { Problem } from '../problems/problem.ts'
import type { Reply } from '../routes/route.ts'

/*
 * Idempotency-Key: the first answer of a POST is kept and given again when the same caller sends the same request under the same key. Kept in this
 * process; a host with several API processes has the guarantee per process.
 */

export interface IdempotencyKeys {
  /** Runs the work once per (scope, key); a second call gets the first answer, 409 while that is being made, 422 with another payload. */
  once(request: IdempotentRequest, work: () => Promise<Reply>): Promise<Reply>
}

interface IdempotentRequest {
  /** Caller and route: keys of different callers never meet. */
  scope: readonly string[]
  key: string
  payload: unknown
}

interface Entry {
  fingerprint: string
  expiresAtMs: number
  /** null while the first request runs. */
  reply: Reply | null
}

const idempotencyDefaults = { lifetimeMs: 24 * 60 * 60_000, maxEntries: 10_000 }

export function idempotencyKeys(options = idempotencyDefaults, nowMs: () => number = Date.now): IdempotencyKeys {
  const entries = new Map<string, Entry>()
  // Payloads hold secrets: without this key, which dies with the process, a fingerprint cannot be tried against guesses.
  const pepper = randomBytes(32)

  const once: IdempotencyKeys['once'] = async ({ scope, key, payload }, work) => {
    const name = createHash('sha256')
      .update(JSON.stringify([...scope, key]))
      .digest('base64')
    const fingerprint = createHmac('sha256', pepper)
      .update(JSON.stringify(payload ?? null))
      .digest('base64')
    const before = entries.get(name)
    if (before && before.expiresAtMs > nowMs()) return again(before, fingerprint)
    const entry: Entry = { fingerprint, expiresAtMs: nowMs() + options.lifetimeMs, reply: null }
    entries.delete(name)
    entries.set(name, entry)
    makeRoom(entries, options.maxEntries, nowMs())
    try {
      const reply = await work()
      const { bodyToKeep, ...kept } = reply
      entry.reply = bodyToKeep === undefined ? kept : { ...kept, body: bodyToKeep }
      return reply
    } catch (error) {
      // Nothing was done under this key, or nobody knows: the caller may try again with it.
      if (entries.get(name) === entry) entries.delete(name)
      throw error
    }
  }
  return { once }
}

function again(entry: Entry, fingerprint: string): Reply {
  if (entry.fingerprint !== fingerprint) {
    throw new Problem('idempotency_mismatch', 'This Idempotency-Key came with another request before. Use a new one.')
  }
  if (entry.reply === null) {
    const detail = 'The first request with this Idempotency-Key is still running. Ask again in a moment.'
    throw new Problem('idempotency_conflict', detail, { headers: { 'Retry-After': '1' } })
  }
  return { ...entry.reply, headers: { ...entry.reply.headers, 'Idempotency-Replayed': 'true' } }
}

/** Oldest first, which is the order of a Map; what still runs is left, or its second request would run as well. */
function makeRoom(entries: Map<string, Entry>, max: number, atMs: number): void {
  for (const [name, { expiresAtMs, reply }] of entries) {
    if (expiresAtMs > atMs && entries.size <= max) return
    if (reply !== null) entries.delete(name)
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
