import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { Webhook } from 'standardwebhooks'

/**
 * Does one of the keys sign this very message (Standard Webhooks)? The bytes are not looked into before. Gives the message's id, or null.
 * Signatures are over bytes but the library takes text: bytes that are no UTF-8 are refused, because two of them would become the same text.
 */
export function verifiedMessageId(
  raw: Buffer,
  { headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
  keys: readonly string[],
): string | null {
  // Node joins a header that was sent twice: which of the two somebody else looked at, nobody knows.
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  if (names.filter((name) => name.startsWith('webhook-')).length !== 3) return null
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signature = headers['webhook-signature']
  if (typeof id !== 'string' || !/^[\x21-\x2b\x2d-\x7e]{1,200}$/.test(id)) return null
  if (typeof timestamp !== 'string' || !/^[0-9]{1,12}$/.test(timestamp)) return null
  if (typeof signature !== 'string' || signature.length > 2000 || !isUtf8(raw)) return null
  const signed = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
  return keys.some((key) => holds(key, raw, signed)) ? id : null
}

function holds(key: string, raw: Buffer, headers: Record<string, string>): boolean {
  try {
    new Webhook(key).verify(raw, headers, { jsonParse: false })
    return true
  } catch {
    return false
  }
}
