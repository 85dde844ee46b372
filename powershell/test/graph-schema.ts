import graph from './graph-facts.json' with { type: 'json' }

// The part of Microsoft Graph's published metadata that the sources touch: paths, types, properties.

interface GraphType {
  base?: string
  enum?: string[]
  /** Name → type, `[]` behind a collection, `?` behind what may be null. */
  properties?: Record<string, string>
  navigation?: Record<string, string>
}

export interface GraphPath {
  api: string
  path: string
  kind: string
  type: string
  derived?: string[]
}

const types = graph.types as unknown as Record<string, Record<string, GraphType>>

const quoted = (text: string) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&')

/** Does this path of the metadata, with its names in braces, describe that requested path? */
function describes(pattern: string, path: string): boolean {
  const expression = quoted(pattern).replaceAll(/\{\w+\}/g, "[^/']+")
  return new RegExp(`^${expression}$`, 'i').test(path)
}

export function graphPath(api: string, path: string): GraphPath | undefined {
  return graph.paths.find((one) => one.api === api && describes(one.path, path))
}

const plain = (type: string) => type.replace(/\?$/, '').replace(/\[\]$/, '')

function typeAndBases(api: string, name: string): GraphType[] {
  const type = types[api]?.[name]
  if (!type) return []
  return [type, ...(type.base ? typeAndBases(api, type.base) : [])]
}

/** Types whose base is the named one, at any depth. */
function derivedFrom(api: string, name: string): string[] {
  const direct = Object.entries(types[api] ?? {})
    .filter(([, type]) => type.base === name)
    .map(([key]) => key)
  return [...direct, ...direct.flatMap((one) => derivedFrom(api, one))]
}

/** The type of a property of a type, of its bases, or of a type made from it; undefined when there is none of that name. */
export function propertyType(api: string, owners: string[], name: string, part?: 'navigation'): string | undefined {
  for (const owner of owners)
    for (const candidate of [owner, ...derivedFrom(api, owner)])
      for (const type of typeAndBases(api, candidate)) {
        const found = (part ? undefined : type.properties?.[name]) ?? type.navigation?.[name]
        if (found) return found
      }
  return undefined
}

export const ownersOf = ({ type, derived = [] }: GraphPath): string[] => [type, ...derived]

/**
 * What stops a dot path from being one of the metadata: the first step that no type has, or null when all of it exists.
 * A type the metadata names but does not describe ends the search: nothing can be said beyond it.
 */
export function unknownStep(api: string, owners: string[], steps: string[]): string | null {
  let types: string[] = owners
  for (const step of steps) {
    if (step === '[]' || step === '@odata.type') continue
    const found = propertyType(api, types, step)
    if (found === undefined) return step
    types = [plain(found)]
    if (types[0] === 'unknown') return null
  }
  return null
}

/** May the property at the end of the path be null? undefined when the metadata does not say. */
export function isNullable(api: string, owners: string[], steps: string[]): boolean | undefined {
  let types: string[] = owners
  let nullable: boolean | undefined
  for (const step of steps) {
    if (step === '[]') continue
    const found = propertyType(api, types, step)
    if (found === undefined) return undefined
    nullable = found.endsWith('?')
    types = [plain(found)]
  }
  return nullable
}
