import type { TokenSigner } from '../signin/tokens.ts'
import type { TenantDocument } from '../tenants/types.ts'
import type { Answer, Call, Notes } from './answers.ts'
import type { Interference } from './interference.ts'
import type { LatencyProfile } from './knobs.ts'
import type { RateLimits } from './limits.ts'

/** What all services share: the tenants, the knobs, the keys. */
export interface World {
  readonly tenants: TenantDocument[]
  readonly signer: TokenSigner
  readonly interference: Interference
  readonly limits: RateLimits
  profile: LatencyProfile
  tokenLifetimeSeconds: number
  /** Signs paging tokens, so that nobody can make one up. */
  readonly pagingKey: Buffer
}

/** A service's whole reply: what goes over the wire, how long it took, what the record says. */
export interface Reply {
  answer: Answer
  latencyMs: number
  notes: Notes
}

export type Service = (call: Call, world: World) => Promise<Reply>

export function tenantById(world: World, tenantId: string | undefined): TenantDocument | undefined {
  const wanted = tenantId?.toLowerCase()
  return world.tenants.find((tenant) => tenant.tenantId.toLowerCase() === wanted)
}

/** A tenant by its GUID or by one of its verified domains. */
export function tenantByName(world: World, name: string): TenantDocument | undefined {
  const wanted = name.toLowerCase()
  return world.tenants.find((tenant) =>
    [tenant.tenantId, tenant.initialDomain, ...tenant.customDomains].some((known) => known.toLowerCase() === wanted),
  )
}

export function hasPlan(tenant: TenantDocument, ...plans: string[]): boolean {
  return plans.some((plan) => tenant.servicePlans.includes(plan))
}
