import { randomUUID } from 'node:crypto'
import { isTenantscopeError, silentLogger } from '@tenantscope/core'
import express, { type Request, type Response, type Router } from 'express'
import { readJsonBody } from './http/body.ts'
import { idempotencyKey, once } from './http/idempotency.ts'
import { matchRoute } from './http/match.ts'
import { wirePointer } from './http/pointers.ts'
import { readQuery } from './http/query.ts'
import { validate } from './http/validate.ts'
import { apiDescription } from './openapi/description.ts'
import { type Caller, defaultLimits, type RouterOptions } from './options.ts'
import { notFound, problemFromError } from './problems/from-error.ts'
import { invalid, Problem, type ProblemField, problemDetails } from './problems/problem.ts'
import { type Reply, type Route, type RouteContext, type ServiceContext, written } from './routes/route.ts'
import { routes } from './routes/table.ts'
import { serviceContext } from './service-context.ts'
import { loadSubject } from './subject.ts'

interface Runtime {
  options: RouterOptions
  service: ServiceContext
  /** Those of the table that this host has. */
  routes: readonly Route[]
  ignoredQuery: ReadonlySet<string>
}

/**
 * The API as an Express router (Express 4 or 5). Mount it under any path. It answers everything below its mount point itself, errors included: nothing is
 * handed on to the host's handlers.
 */
export function tenantscopeRouter<Principal>(options: RouterOptions<Principal>): Router {
  const limits = { ...defaultLimits, ...options.limits }
  const logger = options.logger ?? silentLogger
  const served = routes.filter(({ optIn }) => optIn === null || options[optIn] === true)
  const api = apiDescription(served, options.openApi ?? {})
  const runtime: Runtime = {
    // The principal is only carried from `authenticate` to `authorize`; its type is the host's affair.
    options: options as RouterOptions,
    service: serviceContext({
      tenantscope: options.tenantscope,
      limits,
      logger,
      api,
    }),
    routes: served,
    ignoredQuery: new Set(options.hostQueryParameters ?? []),
  }
  const router = express.Router()
  router.use((req: Request, res: Response) => {
    void answer(runtime, req, res)
  })
  return router
}

/** Never rejects: in Express 4 a rejected handler would end the process. */
async function answer(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const requestId = randomUUID()
  let route: Route | null = null
  try {
    res.setHeader('X-Request-Id', requestId)
    res.setHeader('Cache-Control', 'no-store')
    res.setHeader('X-Content-Type-Options', 'nosniff')
    const found = findRoute(runtime.routes, req)
    route = found.route
    const reply = await runRoute(runtime, { ...found, requestId }, req, res)
    if (reply !== written) send(res, reply)
  } catch (error) {
    sendProblem(runtime, req, res, route, error, requestId)
  }
}

function findRoute(routes: readonly Route[], req: Request): { route: Route; params: Record<string, string> } {
  const match = matchRoute(routes, req.method, req.path)
  switch (match.kind) {
    case 'route':
      return match
    case 'none':
      throw notFound()
    case 'malformed':
      throw invalid([{ in: 'path', pointer: '', detail: 'has broken percent-encoding.' }])
    case 'method': {
      const allow = match.allow.join(', ')
      throw new Problem('method_not_allowed', `Use one of ${allow}.`, { headers: { Allow: allow } })
    }
  }
}

async function runRoute(
  runtime: Runtime,
  { route, params, requestId }: { route: Route; params: Record<string, string>; requestId: string },
  req: Request,
  res: Response,
): Promise<Reply | typeof written> {
  const { options, service } = runtime
  const caller = route.security === 'signature' ? null : await signedIn(options, req)
  const input = await readInput(runtime, route, params, req)
  const context = { req, res, service, ...input } as RouteContext
  // A signed message has no caller: its handler gets no scope and may do nothing but hand the message on.
  if (caller === null) return route.handle(context)
  context.platformTenantId = caller.platformTenantId
  context.scope = options.tenantscope.forPlatformTenant(caller.platformTenantId, { actor: caller.actor, requestId })
  const { resource, m365Tenant, scan, endpoint, missing } = await loadSubject(route.subject, context)
  const question = { principal: caller.principal, action: route.action, resource }
  if ((await options.authorize(question)) !== true) {
    throw new Problem('forbidden', 'You may not do this.')
  }
  if (missing) throw notFound()
  if (m365Tenant) context.m365Tenant = m365Tenant
  if (scan) context.scan = scan
  if (endpoint) context.endpoint = endpoint
  const key = route.method === 'POST' ? idempotencyKey(req.headers['idempotency-key']) : null
  if (key === null) return route.handle(context)
  const request = { scope: [caller.actor, req.method, req.path], key, payload: input.body }
  const keys = context.scope.idempotency
  return once({ ...request, keys, logger: service.logger }, async () => {
    const reply = await route.handle(context)
    if (reply === written) throw new TypeError('A POST route must leave its answer to the router.')
    return reply
  })
}

async function signedIn(options: RouterOptions, req: Request): Promise<Caller> {
  const caller = await options.authenticate(req)
  if (caller === null || caller === undefined) throw new Problem('unauthenticated', 'Sign in first.')
  if (typeof caller.platformTenantId !== 'string' || caller.platformTenantId === '') {
    // Going on would mean rows that belong to nobody.
    throw new TypeError('authenticate() gave no platformTenantId.')
  }
  return caller
}

/** Path, query and body, each validated; what is wrong is told all at once. */
async function readInput(runtime: Runtime, route: Route, rawParams: Record<string, string>, req: Request) {
  const errors: ProblemField[] = []
  const params = validate(route.params, rawParams, 'path', errors)
  const { values, errors: repeated } = readQuery(req.url, runtime.ignoredQuery)
  errors.push(...repeated)
  const query = validate(route.query, values, 'query', errors)
  if (route.body === null) {
    if (errors.length > 0) throw invalid(errors)
    return { params, query, body: undefined }
  }
  const json = await readJsonBody(req, runtime.service.limits)
  if (json === undefined && !route.bodyRequired) {
    if (errors.length > 0) throw invalid(errors)
    return { params, query, body: undefined }
  }
  const body = validate(route.body, json, 'body', errors)
  if (route.crossCheck && typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const told = new Set(errors.map(({ pointer }) => pointer))
    errors.push(...route.crossCheck(json as Record<string, unknown>).filter(({ pointer }) => !told.has(pointer)))
  }
  if (errors.length > 0) throw invalid(errors)
  return { params, query, body }
}

function send(res: Response, reply: Reply): void {
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value)
  res.statusCode = reply.status
  const content = contentOf(reply)
  if (content === null) {
    res.end()
    return
  }
  const bytes = Buffer.from(content.text)
  res.setHeader('Content-Type', content.type)
  res.setHeader('Content-Length', bytes.length)
  res.end(bytes)
}

function contentOf({ body, content }: Reply): { type: string; text: string } | null {
  if (content) return content
  return body === undefined ? null : { type: 'application/json; charset=utf-8', text: JSON.stringify(body) }
}

function sendProblem(
  runtime: Runtime,
  req: Request,
  res: Response,
  route: Route | null,
  error: unknown,
  requestId: string,
): void {
  const problem = problemFromError(error, {
    part: route === null || route.body === null ? 'query' : 'body',
    toWire: (pointer) => wirePointer(pointer, route?.pointers ?? {}),
  })
  try {
    if (problem.status >= 500 && !(error instanceof Problem)) {
      const code = isTenantscopeError(error) ? error.code : null
      // A client that left ends what it asked for; that is no fault.
      const level = res.destroyed ? 'debug' : 'error'
      runtime.service.logger[level]('a request failed', { requestId, action: route?.action ?? null, code, error })
    }
    if (res.headersSent || res.destroyed) {
      // Too late for an answer: a cut connection tells the client that this one is not whole.
      res.destroy()
      return
    }
    const details = problemDetails(problem, runtime.options.docsUrl ?? null, requestId)
    for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value)
    const bytes = Buffer.from(JSON.stringify(details))
    res.statusCode = problem.status
    res.setHeader('Content-Type', 'application/problem+json; charset=utf-8')
    res.setHeader('Content-Length', bytes.length)
    res.end(bytes)
    // What is left of an unread body is let through, so that the client gets to the answer.
    if (!req.readableEnded) req.resume()
  } catch {
    res.destroy()
  }
}
