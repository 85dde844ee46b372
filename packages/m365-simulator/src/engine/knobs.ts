import type { TenantDocument } from '../tenants/types.ts'
import { type RateLimitChoice, rateLimitNames } from './limits.ts'

const serviceNames = ['signin', 'graph', 'exchange', 'compliance', 'teams', 'sharepoint', 'fabric', 'dns'] as const
export type ServiceName = (typeof serviceNames)[number]

/** Milliseconds a service takes before it answers. */
export interface LatencyProfile {
  token: number
  graph: number
  /** A batch of twenty; one part costs `graph`, what lies between is scaled. */
  graphBatch: number
  exchange: number
  /** The slow cmdlets: which ones is decided by their name alone. */
  exchangeSlow: number
  exchangeSlowShare: number
  /** A batch of ten; one part costs `exchange`. */
  exchangeBatch: number
  compliance: number
  sharepoint: number
  teams: number
  fabric: number
  dns: number
}

export interface ThrottleOptions {
  /** Share of requests (and of batch parts) that are answered 429, 0 to 1. */
  share: number
  retryAfter: 'always' | 'never' | 'mixed'
  seed?: number
  /** Names of services; without it all but sign-in and DNS. */
  services?: string[]
}

export type FaultKind =
  | 'status'
  | 'html'
  | 'hang'
  | 'reset'
  | 'denied'
  | 'unlicensed'
  | 'slow'
  | 'emptyBody'
  | 'truncated'

export interface Fault {
  match: {
    service?: string
    /** A source id such as `graph/domains`. */
    source?: string
    host?: string
    /** Part of the path, compared without case. */
    path?: string
  }
  kind: FaultKind
  /** For `status` (500 without it) and `html` (502 without it). */
  status?: number
  /** For `slow`. */
  delayMs?: number
  /** How often it strikes; without it always. */
  times?: number
}

export interface SimulatorOptions {
  tenants: TenantDocument[]
  port?: number
  latency?: LatencyProfile | 'none' | 'v1'
  latencyScale?: number
  throttle?: ThrottleOptions
  /** Documented limits that are enforced besides that of conditional access. */
  rateLimits?: RateLimitChoice
  tokenLifetimeSeconds?: number
  faults?: Fault[]
  /** Folder for the certificate authority's file; without it a private temporary one. */
  workFolder?: string
}

/** What can be changed while the simulator runs. */
export interface ChangeableKnobs {
  latency?: LatencyProfile | 'none' | 'v1'
  latencyScale?: number
  throttle?: ThrottleOptions | null
  rateLimits?: RateLimitChoice
  tokenLifetimeSeconds?: number
  faults?: Fault[]
}

/** A value the simulator cannot work with, found before anything is started or changed. */
export class SimulatorOptionError extends Error {
  override readonly name = 'SimulatorOptionError'
}

function requireNumber(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= least && value <= most)) return
  throw new SimulatorOptionError(`${name} is ${value}. Give a number from ${least} to ${most}.`)
}

export function checkKnobs(knobs: ChangeableKnobs): void {
  requireNumber('latencyScale', knobs.latencyScale, 0, 1000)
  requireNumber('throttle.share', knobs.throttle?.share, 0, 1)
  // A negative lifetime hands out tokens that have expired already, which tests of refreshing want.
  requireNumber('tokenLifetimeSeconds', knobs.tokenLifetimeSeconds, -86_400, 86_400)
  for (const service of [
    ...(knobs.throttle?.services ?? []),
    ...(knobs.faults ?? []).flatMap((f) => f.match.service ?? []),
  ]) {
    if (!serviceNames.includes(service as ServiceName))
      throw new SimulatorOptionError(`There is no service "${service}". Use one of ${serviceNames.join(', ')}.`)
  }
  for (const limit of knobs.rateLimits === 'documented' ? [] : (knobs.rateLimits ?? [])) {
    if (!rateLimitNames.includes(limit))
      throw new SimulatorOptionError(`There is no rate limit "${limit}". Use one of ${rateLimitNames.join(', ')}.`)
  }
  for (const fault of knobs.faults ?? []) {
    requireNumber('fault.status', fault.status, 200, 599)
    requireNumber('fault.times', fault.times, 0, Number.MAX_SAFE_INTEGER)
    requireNumber('fault.delayMs', fault.delayMs, 0, 3_600_000)
  }
}

export function checkTenants(tenants: TenantDocument[]): void {
  if (tenants.length === 0)
    throw new SimulatorOptionError('tenants is empty. Give at least one document, for example freshTenant().')
  const taken = new Map<string, string>()
  for (const tenant of tenants) {
    for (const key of [
      tenant.tenantId,
      tenant.initialDomain,
      ...tenant.customDomains,
      `prefix ${tenant.sharepoint.prefix}`,
    ]) {
      const other = taken.get(key.toLowerCase())
      if (other !== undefined)
        throw new SimulatorOptionError(
          `Tenants "${other}" and "${tenant.name}" share ${key}. Override tenantId, initialDomain, customDomains or sharepoint.prefix.`,
        )
      taken.set(key.toLowerCase(), tenant.name)
    }
  }
}
