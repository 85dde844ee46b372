import type { World } from '../engine/world.ts'
import type { DnsAnswer, TenantDocument } from '../tenants/types.ts'

export type DnsCode = 'ENOTFOUND' | 'ENODATA' | 'ESERVFAIL' | 'EREFUSED' | 'ETIMEOUT'

/** Looks like the errors of node:dns, whose `code` is what callers decide on. */
export class SimulatedDnsError extends Error {
  override readonly name = 'SimulatedDnsError'
  readonly code: DnsCode
  readonly syscall = 'queryTxt'
  readonly hostname: string

  constructor(code: DnsCode, hostname: string) {
    super(`queryTxt ${code} ${hostname}`)
    this.code = code
    this.hostname = hostname
  }
}

const longestChunk = 255

/** A record as node:dns gives it: strings of at most 255 bytes, to be joined without a separator. */
function chunks(record: string): string[] {
  const found: string[] = []
  for (let at = 0; at < record.length; at += longestChunk) found.push(record.slice(at, at + longestChunk))
  return found.length === 0 ? [''] : found
}

export function ownerOf(tenants: TenantDocument[], name: string): TenantDocument | undefined {
  return tenants.find((tenant) =>
    [tenant.initialDomain, ...tenant.customDomains].some((domain) => name === domain || name.endsWith(`.${domain}`)),
  )
}

export function lookUp(world: World, name: string): string[][] {
  let known: DnsAnswer | undefined
  for (const tenant of world.tenants) known ??= tenant.dns[name]
  if (known === undefined) throw new SimulatedDnsError('ENOTFOUND', name)
  if (!Array.isArray(known)) throw new SimulatedDnsError(known.error, name)
  if (known.length === 0) throw new SimulatedDnsError('ENODATA', name)
  return known.map(chunks)
}

export function normalise(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, '')
}
