import type { IncomingMessage } from 'node:http'
import { Problem } from '../problems/problem.ts'
import { pointerTo } from './query.ts'

/** What a body parser of the host may have left on the request. */
export type BodyRequest = IncomingMessage & { body?: unknown; rawBody?: unknown; _body?: boolean }

export interface BodyLimits {
  /** Bytes. */
  bodyBytes: number
  /** Levels of nesting. */
  bodyDepth: number
}

const tooLarge = (limit: number) =>
  new Problem('body_too_large', `The body may have ${limit} bytes at most.`, { headers: { Connection: 'close' } })

/** The bytes of the body, or null when something before us has consumed them and kept no copy in `rawBody`. */
export async function readRawBody(req: BodyRequest, limit: number): Promise<Buffer | null> {
  if (Buffer.isBuffer(req.rawBody)) {
    if (req.rawBody.length > limit) throw tooLarge(limit)
    return req.rawBody
  }
  if (Buffer.isBuffer(req.body)) {
    if (req.body.length > limit) throw tooLarge(limit)
    return req.body
  }
  if (consumed(req)) return null
  const declared = Number(req.headers['content-length'] ?? 0)
  if (declared > limit) throw tooLarge(limit)
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) throw tooLarge(limit)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    // The client went away in the middle: nobody reads this answer, and it is not a fault of ours.
    throw new Problem('malformed_json', 'The body ended early.')
  }
  return Buffer.concat(chunks)
}

/** True when another parser has read the stream (body-parser sets `_body`; a read stream has ended). */
function consumed(req: BodyRequest): boolean {
  return req._body === true || req.readableEnded || (req.body !== undefined && req.readableDidRead)
}

/**
 * The JSON body, or undefined when there is none. Reads the stream itself under its own limit; when the host has mounted a parser of its own, its result is
 * taken over and held to the same rules.
 */
export async function readJsonBody(req: BodyRequest, limits: BodyLimits): Promise<unknown> {
  if (!hasBody(req)) return undefined
  requireJson(req)
  const raw = await readRawBody(req, limits.bodyBytes)
  if (raw === null) {
    const declared = Number(req.headers['content-length'] ?? 0)
    if (declared > limits.bodyBytes) throw tooLarge(limits.bodyBytes)
    return sane(req.body, limits)
  }
  if (raw.length === 0) return undefined
  return sane(parse(decode(raw)), limits)
}

function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

function requireJson(req: IncomingMessage): void {
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';')
  const json = type.trim() === 'application/json' || /^application\/[a-z0-9.-]{1,100}\+json$/.test(type.trim())
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='))
  const utf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset)
  if (!json || !utf8) throw new Problem('unsupported_media_type', 'Send the body as application/json in UTF-8.')
  const encoding = (req.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding !== 'identity') {
    throw new Problem('unsupported_media_type', 'Send the body as it is, without a content encoding.')
  }
}

function decode(raw: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch {
    throw new Problem('malformed_json', 'The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the input: it may hold a secret.
    throw new Problem('malformed_json', 'The body cannot be parsed as JSON.')
  }
}

/**
 * Refuses what no caller in good faith sends: nesting that would exhaust the stack of whatever walks it later, and keys that reach a prototype when
 * some code copies them by assignment. Walks without recursion.
 */
function sane(root: unknown, limits: BodyLimits): unknown {
  let size = 0
  const open: { value: unknown; path: (string | number)[] }[] = [{ value: root, path: [] }]
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { value, path } = entry
    if (typeof value !== 'object' || value === null) continue
    if (path.length >= limits.bodyDepth) {
      throw new Problem('invalid_input', 'One value is wrong.', {
        fields: [{ in: 'body', pointer: '', detail: `may be nested ${limits.bodyDepth} levels deep at most.` }],
      })
    }
    const children: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
    for (const [key, child] of children) {
      if (key === '__proto__' || (key === 'constructor' && typeof child === 'object' && child !== null)) {
        throw new Problem('invalid_input', 'One value is wrong.', {
          fields: [{ in: 'body', pointer: pointerTo(...path, key), detail: 'is not an allowed field name.' }],
        })
      }
      // A lower bound of the bytes: the limit of a parser that the host mounted may be larger than ours.
      size += (typeof key === 'string' ? key.length : 0) + (typeof child === 'string' ? child.length : 1)
      if (size > limits.bodyBytes) throw tooLarge(limits.bodyBytes)
      if (typeof child === 'object' && child !== null) open.push({ value: child, path: [...path, key] })
    }
  }
  return root
}
