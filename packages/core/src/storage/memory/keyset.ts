import { decodeCursor, encodeCursor } from '../../paging/cursor.ts'
import type { Page } from '../../paging/page.ts'

type Key = (string | number)[]

/**
 * A page of `rows`, which are sorted by `key` already. Keys are unique; `compare` is the order of the rows.
 * Throws InvalidInputError for a cursor of another list.
 */
export function keysetPage<T>(params: {
  rows: readonly T[]
  key: (row: T) => Key
  keyTypes: readonly ('string' | 'number')[]
  compare: (a: Key, b: Key) => number
  cursor: string | null
  limit: number
}): Page<T> {
  const { rows, key, compare, limit } = params
  const cursor = params.cursor === null ? null : decodeCursor(params.cursor, params.keyTypes)
  let start = 0
  let end = Math.min(rows.length, limit)
  if (cursor?.direction === 'after') {
    const found = rows.findIndex((row) => compare(key(row), cursor.key) > 0)
    start = found < 0 ? rows.length : found
    end = Math.min(rows.length, start + limit)
  } else if (cursor?.direction === 'before') {
    const found = rows.findIndex((row) => compare(key(row), cursor.key) >= 0)
    end = found < 0 ? rows.length : found
    start = Math.max(0, end - limit)
  }
  const data = rows.slice(start, end)
  const first = data[0]
  const last = data.at(-1)
  return {
    data,
    next: last !== undefined && end < rows.length ? encodeCursor({ direction: 'after', key: key(last) }) : null,
    prev: first !== undefined && start > 0 ? encodeCursor({ direction: 'before', key: key(first) }) : null,
  }
}

/** Newest first, ids break ties: the order of the lists of M365 tenants and scans. */
export function newestFirst(a: Key, b: Key): number {
  const byTime = Number(b[0]) - Number(a[0])
  if (byTime !== 0) return byTime
  return String(a[1]) < String(b[1]) ? 1 : String(a[1]) > String(b[1]) ? -1 : 0
}

/** A page of entities by creation, newest first. Sorts `rows` in place. */
export function newestPage<T extends { createdAt: Date; id: string }>(
  rows: T[],
  cursor: string | null,
  limit: number,
): Page<T> {
  rows.sort((a, b) => newestFirst(byCreation(a), byCreation(b)))
  return keysetPage({ rows, key: byCreation, keyTypes: ['number', 'string'], compare: newestFirst, cursor, limit })
}

function byCreation(row: { createdAt: Date; id: string }): Key {
  return [row.createdAt.getTime(), row.id]
}
