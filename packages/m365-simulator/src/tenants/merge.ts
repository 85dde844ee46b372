import type { TenantDocument } from './types.ts'

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Objects merge by name, everything else (arrays too) replaces; `undefined` removes the name. */
export function merge<T>(base: T, overrides: unknown): T {
  if (!isPlainObject(base) || !isPlainObject(overrides)) return overrides as T
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) delete merged[name]
    else merged[name] = name in merged ? merge(merged[name], value) : value
  }
  return merged as T
}

/** The names a tenant's data mention, put in for `{{…}}`. */
export interface Identity {
  tenantId: string
  displayName: string
  initialDomain: string
  /** The first custom domain, or the initial one. */
  domain: string
  prefix: string
}

export function identityOf(
  document: Pick<TenantDocument, 'tenantId' | 'displayName' | 'initialDomain' | 'customDomains'>,
  prefix: string,
): Identity {
  const { tenantId, displayName, initialDomain, customDomains } = document
  return { tenantId, displayName, initialDomain, domain: customDomains[0] ?? initialDomain, prefix }
}

/** A deep copy of a data file with the tenant's own names. */
export function fill<T>(template: unknown, identity: Identity): T {
  const names: Record<string, string> = {
    ...identity,
    initialDomainDashed: identity.initialDomain.replaceAll('.', '-'),
    domainDashed: identity.domain.replaceAll('.', '-'),
    domainUnderscored: identity.domain.replaceAll('.', '_'),
  }
  const text = JSON.stringify(template).replace(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const value = names[name]
    return value === undefined ? whole : JSON.stringify(value).slice(1, -1)
  })
  return JSON.parse(text) as T
}
