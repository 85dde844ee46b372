import { routes } from '../graph/routes.ts'
import type { TenantDocument } from '../tenants/types.ts'
import { extentOf } from './extent.ts'
import type { LatencyProfile, ServiceName } from './knobs.ts'
import { cmdletMs } from './latency.ts'
import { limitOf, type RateLimitName } from './limits.ts'
import { planOf, standardSources } from './sources.ts'

/** What the time of a scan depends on. */
export interface FloorInput {
  /** As it stands, the scale included. */
  profile: LatencyProfile
  ids?: string[] | undefined
  /** For pages and for objects; without it every list is one page. */
  tenant?: TenantDocument | undefined
  /** Limits that are enforced. They are not scaled with the latency. */
  limits?: ReadonlySet<RateLimitName> | undefined
}

export function scaledProfile(profile: LatencyProfile, scale: number): LatencyProfile {
  const entries = Object.entries(profile).map(([name, ms]) => [name, name === 'exchangeSlowShare' ? ms : ms * scale])
  return Object.fromEntries(entries) as LatencyProfile
}

function requestMs(id: string, profile: LatencyProfile): number {
  const { service } = planOf(id)
  if (service === 'exchange')
    return cmdletMs(profile, id === 'exchange/Get-EXOMailbox' ? 'Get-Mailbox' : id.slice('exchange/'.length))
  return service === 'signin' ? profile.token : profile[service]
}

function bucketOf(id: string): RateLimitName | undefined {
  if (id === 'fabric/tenantSettings') return 'fabric'
  const name = id.replace(/^graph\/(beta\/)?/, '')
  return id.startsWith('graph/') ? routes.find((route) => route.source === name)?.bucket : undefined
}

/** Pages one after the other, none sooner than its rate limit lets it. */
function pagesMs(pages: number, ms: number, limit: { windowMs: number; most: number } | undefined): number {
  const starts: number[] = []
  for (let page = 0; page < pages; page++) {
    const afterLast = page === 0 ? 0 : (starts[page - 1] ?? 0) + ms
    const afterWindow = limit === undefined || page < limit.most ? 0 : (starts[page - limit.most] ?? 0) + limit.windowMs
    starts.push(Math.max(afterLast, afterWindow))
  }
  return pages === 0 ? 0 : (starts[pages - 1] ?? 0) + ms
}

/** Time a source itself takes, once everything it depends on is known. */
function ownMs(id: string, { profile, tenant, limits }: FloorInput): number {
  const { pages, objects } = extentOf(id, tenant)
  const ms = requestMs(id, profile)
  const bucket = bucketOf(id)
  if (bucket === undefined || limits?.has(bucket) !== true) return pages * ms
  const limit = limitOf(bucket, tenant?.graph.users.length ?? 0)
  if (objects > 1) {
    // One by one and all at once: what does not fit into the window waits for the next.
    const windows = Math.ceil(objects / limit.most) - 1
    return windows * limit.windowMs + pages * ms
  }
  return pagesMs(pages, ms, limit)
}

function tokenMs(service: ServiceName, profile: LatencyProfile): number {
  return service === 'dns' ? 0 : profile.token
}

/** Time from the token to the answer inside one service; what another service has to say first is not counted. */
function withinService(id: string, input: FloorInput): number {
  const plan = planOf(id)
  const own = ownMs(id, input)
  // There is nothing to ask for: nobody waits for anything.
  if (own === 0 && extentOf(id, input.tenant).pages === 0) return 0
  const before = plan.after
    .filter((other) => planOf(other).service === plan.service)
    .map((other) => withinService(other, input))
  // Compliance learns its region before its first call.
  const start = plan.service === 'compliance' ? discoveryMs(input) : 0
  return Math.max(start, ...before) + own
}

/** A tenant that is served by the front door itself is asked for its region all the same. */
function discoveryMs({ profile }: FloorInput): number {
  return profile.compliance
}

/** What a scan cannot be faster than, were every service read by itself and everything independent at once. */
export function floorMs(input: FloorInput): number {
  const ids = input.ids ?? standardSources()
  return Math.max(
    0,
    ...ids.map((id) => {
      const within = withinService(id, input)
      return within === 0 ? 0 : tokenMs(planOf(id).service, input.profile) + within
    }),
  )
}

function chainMs(id: string, input: FloorInput): number {
  const { service, after } = planOf(id)
  if (extentOf(id, input.tenant).pages === 0) return 0
  const token = tokenMs(service, input.profile)
  const discovery = service === 'compliance' ? discoveryMs(input) : 0
  const before = after.map((other) => {
    const chain = chainMs(other, input)
    if (planOf(other).service === service) return chain
    // The audience of a SharePoint token is the host, so that token waits for its name; any other is asked for at once.
    return service === 'sharepoint' ? chain + token : Math.max(chain, token)
  })
  return Math.max(token, ...before) + discovery + ownMs(id, input)
}

/** The longest way through dependent reads, across services. */
export function longestChainMs(input: FloorInput): number {
  return Math.max(0, ...(input.ids ?? standardSources()).map((id) => chainMs(id, input)))
}
