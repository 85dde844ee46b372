import type { SqlValue } from '../database.ts'
import { Values } from './paging.ts'
import { storableJson } from './storable.ts'

/** The set clause of an update: fields that are absent stay as they are. */
export class Changes {
  readonly values = new Values()
  readonly #sets: string[] = []

  set(column: string, value: SqlValue, type?: string): this {
    if (value !== undefined) this.#sets.push(`${column} = ${this.values.add(value, type)}`)
    return this
  }

  json(column: string, value: unknown): this {
    return this.set(column, value === undefined ? undefined : value === null ? null : storableJson(value), 'jsonb')
  }

  get clause(): string {
    return this.#sets.join(', ')
  }
}
