import type { JsonObject, TenantDocument } from '../tenants/types.ts'

/** Shorter lists are simply searched, so that a document may be changed in any way between two requests. */
const longList = 1000

interface Index {
  length: number
  byProperty: Map<string, Map<string, number>>
}

const indexes = new WeakMap<JsonObject[], Index>()

function indexOf(rows: JsonObject[], property: string): Map<string, number> {
  let index = indexes.get(rows)
  // A long list that grew or shrank is indexed again; a key changed in place is not noticed.
  if (index === undefined || index.length !== rows.length) {
    index = { length: rows.length, byProperty: new Map() }
    indexes.set(rows, index)
  }
  let positions = index.byProperty.get(property)
  if (positions === undefined) {
    positions = new Map(rows.map((row, at) => [String(row[property]).toLowerCase(), at]))
    index.byProperty.set(property, positions)
  }
  return positions
}

/** A row by its key, without case. */
export function findBy<Row extends JsonObject>(rows: Row[], property: string, key: string): Row | undefined {
  const wanted = key.toLowerCase()
  if (rows.length <= longList) return rows.find((row) => String(row[property]).toLowerCase() === wanted)
  const at = indexOf(rows, property).get(wanted)
  return at === undefined ? undefined : rows[at]
}

export function findUser(tenant: TenantDocument, key: string): TenantDocument['graph']['users'][number] | undefined {
  const { users } = tenant.graph
  return findBy(users, 'id', key) ?? (key.includes('@') ? findBy(users, 'userPrincipalName', key) : undefined)
}

/** Everything inside a group and the groups inside it, each once; groups may hold each other. */
export function transitiveMembers(tenant: TenantDocument, members: string[]): string[] {
  const seen = new Set<string>()
  const waiting = [...members]
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    if (seen.has(id)) continue
    seen.add(id)
    waiting.push(...(findBy(tenant.graph.groups, 'id', id)?.members ?? []))
  }
  return [...seen]
}
