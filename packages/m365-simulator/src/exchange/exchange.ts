import { complianceCmdlet, complianceRows } from '../compliance/cmdlets.ts'
import { type Answer, type Call, header, json, type Notes, text } from '../engine/answers.ts'
import { inheritEffects, type Shapes } from '../engine/interference.ts'
import { cmdletMs, exchangeBatchMs } from '../engine/latency.ts'
import { type Reply, tenantById, tenantByName, type World } from '../engine/world.ts'
import { audiences } from '../signin/resources.ts'
import type { AccessTokenClaims } from '../signin/tokens.ts'
import type { JsonObject, TenantDocument } from '../tenants/types.ts'
import { acceptedRoles, type Cmdlet, findCmdlet } from './cmdlets.ts'
import { forbidden, malformedBody, throttled, trouble, unauthorized } from './errors.ts'
import { type Invocation, parseBody, parseCmdletInput, refusal, run } from './invoke.ts'

export const exchangeHost = 'outlook.office365.com'
const baseUrl = `https://${exchangeHost}`
/** What clients send at most; the service's own limit is not known. */
const mostParts = 10

const shapes: Shapes = { denied: forbidden, unlicensed: forbidden, status: trouble, throttled }

interface Caller {
  tenant: TenantDocument
  claims: AccessTokenClaims
}

async function authenticate(call: Call, world: World, pathTenant: string): Promise<Caller | Answer> {
  const token = await world.signer.read(header(call, 'authorization'), [audiences.exchange])
  const tenant = token.ok ? tenantById(world, token.claims.tid) : undefined
  if (!token.ok || tenant === undefined) return unauthorized()
  // A person needs no application role: the directory role decides.
  if (!token.claims.delegated && !token.claims.roles.includes('Exchange.ManageAsApp')) return unauthorized()
  // A token of one tenant used on another's path: no public source shows the answer, 401 is assumed.
  return tenantByName(world, pathTenant) === tenant ? { tenant, claims: token.claims } : unauthorized()
}

function lookUp(name: string, tenant: TenantDocument): { cmdlet: Cmdlet | undefined; rows: JsonObject[] } {
  const own = findCmdlet(name)
  if (own !== undefined) return { cmdlet: own, rows: tenant.exchange.cmdlets[own.name] ?? [] }
  // In commercial clouds the three compliance cmdlets were reported to answer here as well.
  const foreign = tenant.compliance.answersOnExchangeHost ? complianceCmdlet(name) : undefined
  return { cmdlet: foreign, rows: foreign === undefined ? [] : complianceRows(tenant, foreign) }
}

interface InvokeInput {
  call: Call
  caller: Caller
  body: unknown
  search: URLSearchParams
  url: string
  anchor: string
  prefer: string
}

interface InvokeReply {
  answer: Answer
  cmdletName: string
  source: string | undefined
  continuation: boolean
}

async function invoke(input: InvokeInput, world: World): Promise<InvokeReply> {
  const { call, caller, search, url, anchor, prefer } = input
  const parsed = parseCmdletInput(input.body)
  const { cmdlet, rows } = lookUp(parsed?.cmdletName ?? '', caller.tenant)
  const target = {
    service: 'exchange' as const,
    host: call.host,
    path: `${new URL(url).pathname}`,
    tenantId: caller.tenant.tenantId,
    source: cmdlet?.source,
  }
  const answer = await world.interference.answer(target, shapes, () => {
    if (parsed === undefined) return malformedBody()
    const invocation: Invocation = { baseUrl, ...caller, ...parsed, search, anchor, prefer, url }
    return refusal(cmdlet, invocation, acceptedRoles) ?? run(cmdlet as Cmdlet, rows, invocation, world)
  })
  const cmdletName = cmdlet?.name ?? parsed?.cmdletName ?? ''
  return { answer, cmdletName, source: cmdlet?.source, continuation: search.has('$skiptoken') }
}

interface BatchPart {
  id: string
  url: string
  headers: Record<string, string>
  body: unknown
}

function parseBatch(body: Buffer): BatchPart[] | undefined {
  const requests = (parseBody(body) as { requests?: unknown } | undefined)?.requests
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > mostParts) return undefined
  return (requests as Record<string, unknown>[]).map((part) => ({
    id: String(part.id ?? ''),
    url: String(part.url ?? ''),
    headers: Object.fromEntries(
      Object.entries((part.headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
        name.toLowerCase(),
        String(value),
      ]),
    ),
    body: part.body,
  }))
}

async function batch(
  call: Call,
  caller: Caller,
  world: World,
): Promise<{ answer: Answer; notes: Notes; latencyMs: number }> {
  const parts = parseBatch(call.body)
  const latencyMs = world.profile.exchange
  if (parts === undefined) return { answer: malformedBody(), notes: {}, latencyMs }
  const replies: InvokeReply[] = []
  for (const part of parts) {
    const url = new URL(part.url, baseUrl)
    const input = {
      call,
      caller,
      body: part.body,
      search: url.searchParams,
      url: `${baseUrl}${url.pathname}`,
      anchor: part.headers['x-anchormailbox'] ?? '',
      prefer: part.headers.prefer ?? '',
    }
    replies.push(await invoke(input, world))
  }
  const responses = replies.map(({ answer }, index) => ({
    id: parts[index]?.id ?? '',
    status: answer.status,
    headers: {
      'Content-Type': answer.headers['content-type'] ?? 'application/json',
      ...(answer.headers['retry-after'] ? { 'Retry-After': answer.headers['retry-after'] } : {}),
    },
    body: partBody(answer),
  }))
  const outer = inheritEffects(
    json(200, { responses: responses.reverse() }),
    replies.map((reply) => reply.answer),
  )
  return {
    answer: outer,
    notes: {
      batchSize: parts.length,
      sources: replies.map((reply) => reply.source ?? ''),
      reads: replies.map(({ answer, cmdletName, source, continuation }) => ({
        source: source ?? '',
        target: cmdletName,
        status: answer.status,
        continuation,
        limited: false,
      })),
    },
    latencyMs: exchangeBatchMs(
      world.profile,
      replies.map((reply) => reply.cmdletName),
    ),
  }
}

/** JSON where the body is JSON, its text otherwise (NUL bytes survive as such in a JSON string). */
function partBody(answer: Answer): unknown {
  const said = answer.body.toString('utf8')
  try {
    return JSON.parse(said)
  } catch {
    return said
  }
}

/** outlook.office365.com: the admin API's InvokeCommand and its batch. */
export async function exchange(call: Call, world: World): Promise<Reply> {
  const [, pathTenant = '', action = ''] = /^\/adminapi\/beta\/([^/]+)\/(InvokeCommand|\$batch)$/i.exec(call.path) ?? []
  const isBatch = action === '$batch'
  const parsed = action !== '' && !isBatch ? parseCmdletInput(parseBody(call.body)) : undefined
  const named =
    parsed === undefined ? undefined : (findCmdlet(parsed.cmdletName) ?? complianceCmdlet(parsed.cmdletName))
  let latencyMs =
    parsed === undefined ? world.profile.exchange : cmdletMs(world.profile, named?.name ?? parsed.cmdletName)
  const notes: Notes = {
    ...(parsed === undefined ? {} : { cmdlet: parsed.cmdletName }),
    ...(named === undefined ? {} : { source: named.source }),
    ...(call.search.has('$skiptoken') ? { continuation: true } : {}),
  }
  if (action === '') return { answer: text(404, 'Not Found'), latencyMs, notes }
  if (call.method !== 'POST') return { answer: text(405, 'Method Not Allowed'), latencyMs, notes }

  const caller = await authenticate(call, world, decodeURIComponent(pathTenant))
  if ('status' in caller) return { answer: caller, latencyMs, notes }
  notes.tenantId = caller.tenant.tenantId
  if (isBatch) {
    const target = {
      service: 'exchange' as const,
      host: call.host,
      path: call.path,
      tenantId: caller.tenant.tenantId,
      throttled: false,
    }
    const answer = await world.interference.answer(target, shapes, async () => {
      const done = await batch(call, caller, world)
      Object.assign(notes, done.notes)
      latencyMs = done.latencyMs
      return done.answer
    })
    return { answer, latencyMs, notes }
  }
  const input = {
    call,
    caller,
    body: parseBody(call.body),
    search: call.search,
    url: `${baseUrl}${call.path}`,
    anchor: header(call, 'x-anchormailbox') ?? '',
    prefer: header(call, 'prefer') ?? '',
  }
  const { answer } = await invoke(input, world)
  return { answer, latencyMs, notes }
}
