import { readFile } from 'node:fs/promises'
import { e5Tenant } from './e5.ts'
import { freshTenant } from './fresh.ts'
import { hardenedTenant } from './hardened.ts'
import { largeTenant } from './large.ts'
import { legacyTenant } from './legacy.ts'
import { noLicencesTenant } from './no-licences.ts'
import type { Scale } from './numbered.ts'
import type { TenantDocument, TenantOverrides } from './types.ts'
import { unicodeTenant } from './unicode.ts'

/** Nothing is made before it is asked for: the large one takes its time. */
const makers = new Map<string, (overrides?: TenantOverrides, scale?: Partial<Scale>) => TenantDocument>([
  ['fresh', freshTenant],
  ['hardened', hardenedTenant],
  ['e5', e5Tenant],
  ['no-licences', noLicencesTenant],
  ['legacy', legacyTenant],
  ['large', largeTenant],
  ['unicode', unicodeTenant],
])

export const builtInTenantNames: readonly string[] = [...makers.keys()]

/** One of the documents of this package by its name. `scale` concerns the large one. */
export function builtInTenant(name: string, overrides?: TenantOverrides, scale?: Partial<Scale>): TenantDocument {
  const make = makers.get(name)
  if (make === undefined)
    throw new RangeError(`There is no built-in tenant "${name}". Use one of ${builtInTenantNames.join(', ')}.`)
  return make(overrides, scale)
}

/** What a file says about a tenant: `{ "base": "hardened", "overrides": { … } }`. */
interface TenantFile {
  base?: string
  overrides?: TenantOverrides
  scale?: Partial<Scale>
}

/** A built-in tenant by its name, or one that a JSON file describes. */
export async function loadTenant(nameOrFile: string): Promise<TenantDocument> {
  if (!nameOrFile.toLowerCase().endsWith('.json')) return builtInTenant(nameOrFile)
  const { base = 'fresh', overrides, scale } = JSON.parse(await readFile(nameOrFile, 'utf8')) as TenantFile
  return builtInTenant(base, overrides, scale)
}
