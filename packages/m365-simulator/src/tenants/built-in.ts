import { e5Tenant } from './e5.ts'
import { freshTenant } from './fresh.ts'
import { hardenedTenant } from './hardened.ts'
import { legacyTenant } from './legacy.ts'
import { noLicencesTenant } from './no-licences.ts'
import type { TenantDocument, TenantOverrides } from './types.ts'

const makers: Record<string, (overrides?: TenantOverrides) => TenantDocument> = {
  fresh: freshTenant,
  hardened: hardenedTenant,
  e5: e5Tenant,
  'no-licences': noLicencesTenant,
  legacy: legacyTenant,
}

export const builtInTenantNames: readonly string[] = Object.keys(makers)

/** One of the documents of this package by its name: what the command and configuration files use. */
export function builtInTenant(name: string, overrides?: TenantOverrides): TenantDocument {
  const make = makers[name]
  if (make === undefined)
    throw new RangeError(`There is no built-in tenant "${name}". Use one of ${builtInTenantNames.join(', ')}.`)
  return make(overrides)
}
