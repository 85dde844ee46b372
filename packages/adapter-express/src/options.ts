import type { Logger, Tenantscope } from '@tenantscope/core'
import type { Request } from 'express'
import type { OpenApiOptions } from './openapi/types.ts'
import type { Action } from './routes/route.ts'

/** Who calls, as the host found out. */
export interface Caller<Principal = unknown> {
  /** The host's own isolation boundary. Everything the request sees and does stays inside it. */
  platformTenantId: string
  /** Written to what the call creates or changes, e.g. a user id. */
  actor: string
  /** Whatever `authorize` needs; handed on untouched. */
  principal: Principal
}

/** What a call is about. `m365TenantId` is the row id of the M365 tenant concerned, for scans too; null when none is, or when there is no such thing. */
export interface Resource {
  type: 'm365_tenant' | 'scan' | 'webhook_endpoint' | 'audit_log' | 'benchmark' | 'service'
  /** Row id; null for a list, a creation, or something that does not exist. */
  id: string | null
  m365TenantId: string | null
}

export interface RouterLimits {
  /** Largest JSON body, in bytes. Default 1 MiB. */
  bodyBytes?: number
  /** Deepest nesting of a JSON body. Default 32. */
  bodyDepth?: number
  /** Largest message of a remote run, in bytes; a larger one is answered 413 and comes again in parts. Default 1 MiB; tenantscope-run needs 8 KiB. */
  webhookBytes?: number
  /** Rows of `details` per result in a list; the single result has all. Default 100. */
  detailsPerResult?: number
  /** Open event streams per platform tenant. Default 100. */
  streamsPerPlatformTenant?: number
  /** Bytes that may wait for a client of an event stream before it must catch up or is dropped. Default 256 KiB. */
  streamBufferBytes?: number
  /** How long such a client has to catch up. Default 5,000 ms. */
  streamStallMs?: number
  /** Time between comments on a quiet stream. Default 15,000 ms. */
  streamKeepAliveMs?: number
  /** Longest life of one stream; the browser comes back by itself, and the host authenticates it again. Default 30 minutes. */
  streamMaxMs?: number
}

/** The part of a `Tenantscope` that the router uses. The host starts and closes it. */
export type RoutedTenantscope = Pick<Tenantscope, 'forPlatformTenant' | 'benchmarks' | 'health'> &
  // Without it every signed message is refused.
  Partial<Pick<Tenantscope, 'remoteRuns'>>

export interface RouterOptions<Principal = unknown> {
  tenantscope: RoutedTenantscope
  /** Who calls? null answers 401. The platform tenant comes from here and from nowhere else in the request. */
  authenticate(req: Request): Promise<Caller<Principal> | null> | Caller<Principal> | null
  /** May this principal do this? Called once on every route but those of remote runs, which are signed; false answers 403. */
  authorize(question: { principal: Principal; action: Action; resource: Resource }): boolean | Promise<boolean>
  limits?: RouterLimits
  /** Where the problem types are explained; the code is appended as a fragment. Default: `urn:tenantscope:problem:<code>`. */
  docsUrl?: string
  /** Serve `/docs`, a page to read made of the document. Default: no, and then the document does not list it. */
  docs?: boolean
  /** What `/openapi.json` says of the host. */
  openApi?: OpenApiOptions
  /** Query parameters that belong to the host (a stream ticket, say): the router neither reads nor refuses them. */
  hostQueryParameters?: readonly string[]
  logger?: Logger
}

export const defaultLimits: Required<RouterLimits> = {
  bodyBytes: 1024 * 1024,
  bodyDepth: 32,
  webhookBytes: 1024 * 1024,
  detailsPerResult: 100,
  streamsPerPlatformTenant: 100,
  streamBufferBytes: 256 * 1024,
  streamStallMs: 5_000,
  streamKeepAliveMs: 15_000,
  streamMaxMs: 30 * 60_000,
}
