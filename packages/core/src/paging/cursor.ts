import * as z from 'zod'
import { InvalidInputError } from '../errors/errors.ts'

/**
 * Cursors of keyset paging: a direction and the sort key of the row at the border. Opaque to callers, versioned, and never trusted:
 * anything that does not parse is the caller's mistake.
 */
const cursorSchema = z.tuple([
  z.literal(1),
  z.enum(['after', 'before']),
  z.array(z.union([z.string().max(200), z.number()])).max(4),
])

export interface Cursor {
  direction: 'after' | 'before'
  key: (string | number)[]
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([1, cursor.direction, cursor.key])).toString('base64url')
}

/** Throws InvalidInputError (pointer `/cursor`) for anything that `encodeCursor` did not make. */
export function decodeCursor(text: string, keyTypes: readonly ('string' | 'number')[]): Cursor {
  const refused = new InvalidInputError([
    { pointer: '/cursor', detail: 'is not a cursor of this list; take it from next or prev of a page.' },
  ])
  if (text.length > 1000) throw refused
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw refused
  }
  const result = cursorSchema.safeParse(parsed)
  if (!result.success) throw refused
  const [, direction, key] = result.data
  if (key.length !== keyTypes.length || key.some((part, i) => typeof part !== keyTypes[i])) throw refused
  return { direction, key }
}
