import type {
  Benchmark,
  Control,
  Logger,
  M365Tenant,
  PlatformTenantScope,
  RemoteRuns,
  Scan,
  WebhookEndpointSummary,
} from '@tenantscope/core'
import type { Request, Response } from 'express'
import type * as z from 'zod'
import type { ApiDescription } from '../openapi/description.ts'
import type { RoutedTenantscope, RouterLimits } from '../options.ts'
import type { ProblemCode, ProblemField } from '../problems/problem.ts'
import { nothing } from '../schemas/common.ts'
import type { FrameCache } from '../stream/frames.ts'
import type { StreamSlots } from '../stream/stream-slots.ts'

/** What `authorize` is asked about. */
export type Action =
  | 'm365_tenants.list'
  | 'm365_tenants.create'
  | 'm365_tenants.read'
  | 'm365_tenants.update'
  | 'm365_tenants.delete'
  | 'm365_tenants.credentials.read'
  | 'm365_tenants.credentials.replace'
  | 'm365_tenants.test_connection'
  | 'm365_tenants.preflight'
  | 'm365_tenants.inputs.read'
  | 'm365_tenants.inputs.replace'
  | 'scans.start'
  | 'scans.list'
  | 'scans.read'
  | 'scans.cancel'
  | 'scans.stream'
  | 'results.list'
  | 'results.read'
  | 'audit.list'
  | 'benchmarks.read'
  | 'health.read'
  | 'openapi.read'
  | 'docs.read'
  | 'webhook.receive'
  | 'webhook.token'
  | 'webhooks.list'
  | 'webhooks.create'
  | 'webhooks.read'
  | 'webhooks.update'
  | 'webhooks.delete'
  | 'webhooks.rotate_secret'
  | 'webhooks.test'
  | 'webhooks.deliveries.list'
  | 'webhooks.deliveries.redeliver'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a route is about, loaded before `authorize` is asked, so that an alias of an id cannot slip past it. */
export type Subject =
  | { type: 'm365_tenant'; from: 'path' | 'none' }
  /** `query`: the list's filter by M365 tenant, when given. `body`: a new scan of the M365 tenant that the body names. */
  | { type: 'scan'; from: 'path' | 'query' | 'body' }
  | { type: 'webhook_endpoint'; from: 'path' | 'none' }
  | { type: 'audit_log' | 'benchmark' | 'service' }

export interface ResponseSpec {
  description: string
  /** Absent: no body, or one that is not JSON. */
  schema?: z.ZodType
  contentType?: string
  /** What the headers of this answer say, by name. */
  headers?: Readonly<Record<string, string>>
  /** The server-sent events that may come, by name. */
  events?: Readonly<Record<string, { description: string; schema: z.ZodType }>>
}

/** A request header that the route reads. */
export interface HeaderSpec {
  description: string
  required: boolean
}

/** `body` is sent as JSON, `content` as it is. */
export type Reply = {
  status: number
  body?: unknown
  content?: { type: string; text: string }
  headers?: Record<string, string>
  /** Kept for the Idempotency-Key in place of `body`, where that holds a secret. */
  bodyToKeep?: unknown
}
/** The handler has written the answer itself. */
export const written = Symbol('written')

export interface RouteContext<P = Record<string, string>, Q = Record<string, unknown>, B = unknown> {
  req: Request
  res: Response
  params: P
  query: Q
  body: B
  scope: PlatformTenantScope
  platformTenantId: string
  /** Loaded when the subject names one. */
  m365Tenant: M365Tenant
  scan: Scan
  endpoint: WebhookEndpointSummary
  service: ServiceContext
}

/** What is the same for all requests of one router. */
export interface ServiceContext {
  tenantscope: RoutedTenantscope
  limits: Required<RouterLimits>
  remoteRuns: RemoteRuns | null
  logger: Logger
  slots: StreamSlots
  frames: FrameCache
  /** The benchmark's control texts by id; empty when this service no longer has that benchmark. */
  controls(ref: { id: string; version: string }): Promise<ReadonlyMap<string, Control>>
  benchmarks(): Promise<readonly Benchmark[]>
  /** The document of the routes that this router serves, and the page made of it. */
  api: ApiDescription
}

export interface Route {
  method: Method
  /** Below the mount point, e.g. `/m365-tenants/{id}`. */
  path: string
  action: Action
  summary: string
  /** More about it, for readers of the document. */
  description: string | null
  /** `signature`: the message proves itself, the host's `authenticate` and `authorize` are not asked. */
  security: 'host' | 'signature'
  subject: Subject
  params: z.ZodObject
  query: z.ZodObject
  body: z.ZodType | null
  bodyRequired: boolean
  /** What the handler takes from the body when it reads the bytes itself. */
  rawBody: string | null
  headers: Readonly<Record<string, HeaderSpec>>
  /** Problems of this route beyond those that follow from what it takes (see `problemsOf`). */
  problems: readonly ProblemCode[]
  /** Served only when the host has turned this on. */
  optIn: 'docs' | null
  /** Rules across fields; run also when the schema found faults, so that all are told at once. */
  crossCheck: ((body: Record<string, unknown>) => ProblemField[]) | null
  /** Core's pointers (camelCase) → this route's. A longer prefix wins. */
  pointers: Readonly<Record<string, string>>
  responses: Readonly<Record<number, ResponseSpec>>
  handle(context: RouteContext): Promise<Reply | typeof written>
}

/** What a route is, without how it is done: for documents, clients and tests. */
export type RouteInfo = Pick<
  Route,
  | 'method'
  | 'path'
  | 'action'
  | 'summary'
  | 'description'
  | 'security'
  | 'subject'
  | 'params'
  | 'query'
  | 'body'
  | 'bodyRequired'
  | 'rawBody'
  | 'headers'
  | 'problems'
  | 'optIn'
  | 'responses'
>

type Definition<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = Pick<
  Route,
  'method' | 'path' | 'action' | 'summary' | 'subject' | 'responses'
> &
  Partial<
    Pick<
      Route,
      | 'description'
      | 'security'
      | 'crossCheck'
      | 'pointers'
      | 'bodyRequired'
      | 'rawBody'
      | 'headers'
      | 'problems'
      | 'optIn'
    >
  > & {
    params?: P
    query?: Q
    body?: B
    handle(context: RouteContext<z.output<P>, z.output<Q>, z.output<B>>): Promise<Reply | typeof written>
  }

/** One row of the table. The generics tie the handler's `params`, `query` and `body` to their schemas. */
export function defineRoute<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  definition: Definition<P, Q, B>,
): Route {
  const { params, query, body, handle, ...rest } = definition
  return {
    description: null,
    security: 'host',
    rawBody: null,
    headers: {},
    problems: [],
    optIn: null,
    crossCheck: null,
    pointers: {},
    bodyRequired: body !== undefined,
    ...rest,
    params: params ?? nothing,
    query: query ?? nothing,
    body: body ?? null,
    handle: handle as Route['handle'],
  }
}
