import { type Cursor, decodeCursor, encodeCursor, InvalidInputError, type Page } from '@tenantscope/core'
import type { SqlValue, Tx } from '../database.ts'
import { isRowId } from './storable.ts'

/** Collects the values of a statement and gives each its placeholder, always as text with a cast. */
export class Values {
  readonly list: SqlValue[] = []

  add(value: SqlValue, type = 'text'): string {
    this.list.push(value)
    return `$${this.list.length}::text${type === 'text' ? '' : `::${type}`}`
  }
}

export interface Keyset<Row> {
  /** Sort key, unique within the list: columns with their types, in the order of the list. */
  columns: readonly { name: string; type: string }[]
  /** Direction of all of them when the list is read from its beginning. */
  order: 'asc' | 'desc'
  keyTypes: readonly ('string' | 'number')[]
  /** From the key in a cursor to the values of the columns; null when it cannot be a key of this list. */
  values: (key: Cursor['key']) => SqlValue[] | null
  key: (row: Row) => Cursor['key']
}

/** Checked before a transaction is opened. */
export function readCursor<Row>(
  keyset: Keyset<Row>,
  cursor: string | null,
): { back: boolean; values: SqlValue[] } | null {
  if (cursor === null) return null
  const { direction, key } = decodeCursor(cursor, keyset.keyTypes)
  const values = keyset.values(key)
  if (values === null) {
    throw new InvalidInputError([
      { pointer: '/cursor', detail: 'is not a cursor of this list; take it from next or prev of a page.' },
    ])
  }
  return { back: direction === 'before', values }
}

/**
 * One page. One row more than asked for says whether the list goes on; a page before a cursor is read backwards and turned round.
 * The row that the cursor names lies on the other side, so there is always a way back to it.
 */
export async function readPage<Row, T>(params: {
  tx: Tx
  keyset: Keyset<Row>
  from: string
  conditions: readonly string[]
  values: Values
  at: { back: boolean; values: SqlValue[] } | null
  limit: number
  map: (row: Row) => T
}): Promise<Page<T>> {
  const { tx, keyset, at, values, limit } = params
  const back = at?.back ?? false
  const descending = (keyset.order === 'desc') !== back
  const conditions = [...params.conditions]
  if (at) {
    const names = keyset.columns.map((column) => column.name).join(', ')
    const bound = keyset.columns.map((column, i) => values.add(at.values[i], column.type)).join(', ')
    conditions.push(`(${names}) ${descending ? '<' : '>'} (${bound})`)
  }
  const order = keyset.columns.map((column) => `${column.name} ${descending ? 'desc' : 'asc'}`).join(', ')
  const rows = await tx.rows<Row>(
    `select row_to_json(x)::text from (select * from ${params.from} where ${conditions.join(' and ')}
      order by ${order} limit ${values.add(limit + 1, 'int')}) x`,
    values.list,
  )
  const more = rows.length > limit
  if (more) rows.length = limit
  if (back) rows.reverse()
  const [first, last] = [rows[0], rows.at(-1)]
  const cursor = (direction: Cursor['direction'], row: Row) => encodeCursor({ direction, key: keyset.key(row) })
  return {
    data: rows.map(params.map),
    next: last !== undefined && (back || more) ? cursor('after', last) : null,
    prev: first !== undefined && (back ? more : at !== null) ? cursor('before', first) : null,
  }
}

/** Newest first by a column of times; ids break ties. */
export function newestBy<Row extends { id: string }>(column: string, time: (row: Row) => string): Keyset<Row> {
  return {
    columns: [
      { name: column, type: 'timestamptz' },
      { name: 'id', type: 'uuid' },
    ],
    order: 'desc',
    keyTypes: ['number', 'string'],
    key: (row) => [new Date(time(row)).getTime(), row.id],
    values: ([time, id]) => {
      const at = new Date(Number(time))
      // The years that both JavaScript and PostgreSQL write the same way.
      const known = Number.isFinite(at.getTime()) && at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999
      return known && isRowId(String(id)) ? [at, String(id)] : null
    },
  }
}

export const newestFirst = newestBy<{ created_at: string; id: string }>('created_at', (row) => row.created_at)

export function emptyPage<T>(): Page<T> {
  return { data: [], next: null, prev: null }
}
