import { randomUUID } from 'node:crypto'
import { type Answer, type Call, empty, header, json, type Notes } from '../engine/answers.ts'
import type { Shapes } from '../engine/interference.ts'
import { openPageToken, sealPageToken } from '../engine/paging.ts'
import { type Reply, tenantById, type World } from '../engine/world.ts'
import { audiences } from '../signin/resources.ts'
import { roleTemplateId } from '../tenants/roles.ts'
import type { TenantDocument } from '../tenants/types.ts'

export const fabricHosts = ['api.fabric.microsoft.com', 'api.powerbi.com']
const adminRoles = ['Fabric Administrator', 'Global Administrator'].map(roleTemplateId)
const path = '/v1/admin/tenantsettings'

function problem(status: number, errorCode: string, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { errorCode, message, requestId: randomUUID() }, headers)
}

/** The older host writes the same trouble in another shape. */
function expired(call: Call): Answer {
  const message = 'Access token has expired, resubmit with a new access token'
  return call.host === 'api.powerbi.com'
    ? json(401, { error: { code: 'TokenExpired', message } })
    : problem(401, 'TokenExpired', message)
}

function notAllowed(call: Call): Answer {
  return call.host === 'api.powerbi.com'
    ? json(401, { error: { code: 'PowerBINotAuthorizedException' } })
    : problem(401, 'Unauthorized', 'The caller is not authenticated to access this resource')
}

function shapesFor(call: Call): Shapes {
  return {
    denied: () => notAllowed(call),
    unlicensed: () =>
      problem(
        403,
        'InsufficientPrivileges',
        'The caller does not have sufficient permissions to perform this operation',
      ),
    status: (status) =>
      status === 503
        ? empty(503)
        : status === 401
          ? expired(call)
          : problem(status, 'InternalServerError', 'Synthetic: an unexpected error occurred.'),
    throttled: (seconds) =>
      json(
        429,
        {
          errorCode: 'RequestBlocked',
          message: 'Synthetic: request is blocked by the upstream service until a given time (UTC).',
          requestId: randomUUID(),
          isRetriable: true,
        },
        seconds === undefined ? {} : { 'retry-after': String(seconds) },
      ),
  }
}

function settings(call: Call, tenant: TenantDocument, world: World): Answer {
  const { fabric } = tenant
  const scope = `fabric ${tenant.tenantId}`
  const sealed = call.search.get('continuationToken')
  const token = sealed === null ? undefined : openPageToken(world.pagingKey, sealed, scope)
  if (sealed !== null && token === undefined)
    return problem(400, 'InvalidContinuationToken', 'The continuation token is not valid.')
  const start = token?.offset ?? 0
  const end = start + fabric.pageSize
  const rows = fabric.settings.slice(start, end)
  if (end >= fabric.settings.length) return json(200, { [fabric.envelope]: rows })
  const next = sealPageToken(world.pagingKey, { offset: end, issuedAt: Date.now(), scope })
  const continuationUri = `https://${call.host}${path}?continuationToken=${encodeURIComponent(next)}`
  return json(200, { [fabric.envelope]: rows, continuationToken: next, continuationUri })
}

/** Fabric's admin API on its two hosts. */
export async function fabric(call: Call, world: World): Promise<Reply> {
  const latencyMs = world.profile.fabric
  const isSettings = call.path.toLowerCase() === path
  const notes: Notes = isSettings ? { source: 'fabric/tenantSettings', bucket: 'fabric' } : {}
  const token = await world.signer.read(header(call, 'authorization'), [audiences.fabric, audiences.powerBi])
  const tenant = token.ok ? tenantById(world, token.claims.tid) : undefined
  if (tenant !== undefined) notes.tenantId = tenant.tenantId
  const target = {
    service: 'fabric' as const,
    host: call.host,
    path: call.path,
    tenantId: tenant?.tenantId,
    source: notes.source,
  }
  if (call.search.has('continuationToken')) notes.continuation = true
  const answer = await world.interference.answer(target, shapesFor(call), () => {
    if (!token.ok && token.problem === 'expired') return expired(call)
    if (!token.ok || tenant === undefined) return notAllowed(call)
    if (!isSettings) return problem(404, 'EntityNotFound', 'The requested resource could not be found')
    if (call.method !== 'GET') return problem(405, 'MethodNotAllowed', 'The method is not allowed')
    const refusal = world.limits.refuses({ limit: 'fabric', tenantId: tenant.tenantId }, Date.now())
    if (refusal !== undefined) return { ...shapesFor(call).throttled(refusal.retryAfterSeconds), limited: true }
    if (token.claims.delegated) {
      const admin = token.claims.wids.some((role) => adminRoles.includes(role))
      return admin ? settings(call, tenant, world) : shapesFor(call).unlicensed()
    }
    // An admin-consented Power BI permission breaks the read-only route: configuration, not an outage.
    if (token.claims.roles.length > 0)
      return problem(500, 'InternalServerError', 'Synthetic: an unexpected error occurred.')
    return tenant.fabric.servicePrincipalsAllowed ? settings(call, tenant, world) : notAllowed(call)
  })
  return { answer, latencyMs, notes }
}
