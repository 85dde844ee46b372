import { type Answer, type Call, header, json, type Notes, type ReadRecord } from '../engine/answers.ts'
import { inheritEffects, type Shapes } from '../engine/interference.ts'
import { graphBatchMs } from '../engine/latency.ts'
import { type Reply, tenantById, type World } from '../engine/world.ts'
import { audiences } from '../signin/resources.ts'
import type { TokenProblem } from '../signin/tokens.ts'
import type { Readings, TenantDocument } from '../tenants/types.ts'
import { type Found, findRoute, type GraphRequest, ordinaryAnswer } from './answer.ts'
import {
  graphError,
  licenceMissing,
  permissionMissing,
  segmentUnknown,
  serviceTrouble,
  tooManyRequests,
} from './errors.ts'
import { limited, priced } from './limited.ts'
import type { Version } from './reads.ts'

export const graphHost = 'graph.microsoft.com'
const mostParts = 20

const tokenProblems: Record<TokenProblem, string> = {
  missing: 'Access token is empty.',
  expired: 'Lifetime validation failed, the token is expired.',
  audience: 'Access token validation failure. Invalid audience.',
  malformed: 'IDX14100: JWT is not well formed, there are no dots (.).',
}

function unauthorized(problem: TokenProblem): Answer {
  const challenge =
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"'
  return graphError(401, 'InvalidAuthenticationToken', tokenProblems[problem], { 'www-authenticate': challenge })
}

function shapesFor(found: Found | undefined, readings?: Readings): Shapes {
  return {
    denied: () => permissionMissing(found?.route.denial ?? 'directory', found?.route.permissions ?? [], readings),
    unlicensed: () => licenceMissing(found?.route.licence?.style ?? 'reports', readings),
    status: serviceTrouble,
    throttled: tooManyRequests,
  }
}

interface Caller {
  tenant: TenantDocument
  roles: string[]
}

interface PartReply {
  answer: Answer
  found: Found | undefined
  /** What was asked, as the record tells it. */
  target: string
}

export class Graph {
  readonly handle = async (call: Call, world: World): Promise<Reply> => {
    const token = await world.signer.read(header(call, 'authorization'), [audiences.graph])
    const tenant = token.ok ? tenantById(world, token.claims.tid) : undefined
    const [, version, rest = ''] = /^\/(v1\.0|beta)(\/.*)$/.exec(call.path) ?? []
    const isBatch = rest === '/$batch'
    const latencyMs = world.profile.graph
    if (!token.ok || tenant === undefined) {
      const notes = isBatch ? {} : this.#notes(call, version as Version | undefined, rest)
      // A fault may strike before the token is looked at: that is how an outage looks.
      const target = {
        service: 'graph' as const,
        host: call.host,
        path: call.path,
        source: notes.source,
        throttled: false,
      }
      const answer = await world.interference.answer(target, shapesFor(undefined), () =>
        unauthorized(token.ok ? 'malformed' : token.problem),
      )
      return { answer, latencyMs, notes }
    }
    const caller = { tenant, roles: token.claims.roles }
    if (version === undefined)
      return { answer: segmentUnknown(call.path.split('/')[1] ?? ''), latencyMs, notes: { tenantId: tenant.tenantId } }
    if (isBatch) return this.#batch(call, version as Version, caller, world)
    const reply = await this.#part(call, { version: version as Version, path: rest, query: call.query }, caller, world)
    const notes = { tenantId: tenant.tenantId, ...notesOf(reply.found), reads: readsOf([reply]) }
    return { answer: reply.answer, latencyMs, notes }
  }

  #notes(call: Call, version: Version | undefined, rest: string): Notes {
    return version === undefined ? {} : notesOf(findRoute(version, rest, call.search))
  }

  async #part(
    call: Call,
    asked: { version: Version; path: string; query: string; method?: string },
    caller: Caller,
    world: World,
  ): Promise<PartReply> {
    const search = new URLSearchParams(asked.query)
    const path = decodeURIComponent(asked.path)
    const found = findRoute(asked.version, path, search)
    const request: GraphRequest = { version: asked.version, path, query: asked.query, search, ...caller }
    const target = {
      service: 'graph' as const,
      host: call.host,
      path: `/${asked.version}${path}`,
      tenantId: caller.tenant.tenantId,
      source: found?.source,
    }
    const answer = await world.interference.answer(target, shapesFor(found, caller.tenant.readings), () => {
      if ((asked.method ?? call.method) !== 'GET')
        return graphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')
      return (
        limited(found, search, caller.tenant, world) ?? priced(ordinaryAnswer(request, found, world), found, search)
      )
    })
    return { answer, found, target: asked.query === '' ? target.path : `${target.path}?${asked.query}` }
  }

  async #batch(call: Call, version: Version, caller: Caller, world: World): Promise<Reply> {
    const notes: Notes = { tenantId: caller.tenant.tenantId }
    const target = {
      service: 'graph' as const,
      host: call.host,
      path: call.path,
      tenantId: caller.tenant.tenantId,
      throttled: false,
    }
    let latencyMs = world.profile.graph
    const answer = await world.interference.answer(target, shapesFor(undefined), async () => {
      if (call.method !== 'POST')
        return graphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')
      const parts = parseBatch(call.body)
      if ('problem' in parts) return graphError(400, 'BadRequest', parts.problem)
      latencyMs = graphBatchMs(world.profile, parts.length)
      const replies = await this.#answerParts(call, version, caller, world, parts)
      notes.batchSize = parts.length
      notes.sources = replies.map((reply) => reply.found?.source ?? '')
      notes.reads = readsOf(replies)
      const buckets = replies.flatMap((reply) => reply.found?.route.bucket ?? [])
      if (buckets.includes('conditionalAccess')) notes.bucket = 'conditionalAccess'
      const responses = replies.map((reply, index) => batchResponse(parts[index]?.id ?? '', reply.answer))
      // The service promises no order: clients have to match by id.
      return inheritEffects(
        json(200, { responses: responses.reverse() }),
        replies.map((reply) => reply.answer),
      )
    })
    return { answer, latencyMs, notes }
  }

  async #answerParts(
    call: Call,
    version: Version,
    caller: Caller,
    world: World,
    parts: BatchPart[],
  ): Promise<PartReply[]> {
    const replies: PartReply[] = []
    const failed = new Set<string>()
    for (const part of parts) {
      const [path = '', query = ''] = splitUrl(part.url)
      const blocked = part.dependsOn.some((id) => failed.has(id))
      const reply = blocked
        ? { answer: graphError(424, 'FailedDependency', 'Failed Dependency'), found: undefined, target: part.url }
        : path === '/$batch' || /^\/?https?:/i.test(part.url)
          ? {
              answer: graphError(400, 'BadRequest', 'A batch part needs a URL relative to the version.'),
              found: undefined,
              target: part.url,
            }
          : await this.#part(call, { version, path, query, method: part.method }, caller, world)
      if (reply.answer.status >= 400) failed.add(part.id)
      replies.push(reply)
    }
    return replies
  }
}

function notesOf(found: Found | undefined): Notes {
  if (found === undefined) return {}
  return { source: found.source, ...(found.route.bucket === undefined ? {} : { bucket: found.route.bucket }) }
}

function readsOf(replies: PartReply[]): ReadRecord[] {
  return replies.map(({ answer, found, target }) => ({
    source: found?.source ?? '',
    target,
    status: answer.effect === 'hang' || answer.effect === 'reset' ? 0 : answer.status,
    ...(found?.route.bucket === undefined ? {} : { bucket: found.route.bucket }),
    continuation: /[?&](\$|%24)skiptoken=/i.test(target),
    limited: answer.limited === true,
  }))
}

interface BatchPart {
  id: string
  method: string
  url: string
  dependsOn: string[]
}

function splitUrl(url: string): [string, string] {
  const [path = '', ...query] = url.split('?')
  return [path.startsWith('/') ? path : `/${path}`, query.join('?')]
}

function parseBatch(body: Buffer): BatchPart[] | { problem: string } {
  let requests: unknown
  try {
    requests = (JSON.parse(body.toString('utf8')) as { requests?: unknown }).requests
  } catch {
    return { problem: 'Invalid JSON in the batch body.' }
  }
  if (!Array.isArray(requests) || requests.length === 0) return { problem: 'The batch holds no requests.' }
  if (requests.length > mostParts)
    return { problem: `Number of batch request steps exceeds the maximum value of ${mostParts}.` }
  const parts = (requests as Record<string, unknown>[]).map((part) => ({
    id: String(part.id ?? ''),
    method: String(part.method ?? '').toUpperCase(),
    url: String(part.url ?? ''),
    dependsOn: Array.isArray(part.dependsOn) ? part.dependsOn.map(String) : [],
  }))
  if (parts.some((part) => part.id === '' || part.method === '' || part.url === ''))
    return { problem: 'Every batch request needs id, method and url.' }
  const ids = new Set(parts.map((part) => part.id.toLowerCase()))
  return ids.size < parts.length ? { problem: 'The ids of batch requests must be unique.' } : parts
}

function batchResponse(id: string, answer: Answer): Record<string, unknown> {
  const headers: Record<string, string> = {
    'Cache-Control': 'no-cache',
    'Content-Type': answer.headers['content-type'] ?? 'application/json',
  }
  const passedOn = { 'Retry-After': 'retry-after', 'x-ms-resource-unit': 'x-ms-resource-unit' }
  for (const [name, own] of Object.entries(passedOn)) {
    const value = answer.headers[own]
    if (value !== undefined) headers[name] = value
  }
  if (answer.body.length === 0) return { id, status: answer.status, headers }
  const isJson = headers['Content-Type']?.includes('json') ?? false
  return {
    id,
    status: answer.status,
    headers,
    body: isJson ? JSON.parse(answer.body.toString('utf8')) : answer.body.toString('base64'),
  }
}
