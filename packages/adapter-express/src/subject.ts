import { isTenantscopeError, type M365Tenant, type Scan, type WebhookEndpointSummary } from '@tenantscope/core'
import type { Resource } from './options.ts'
import type { RouteContext, Subject } from './routes/route.ts'

export interface LoadedSubject {
  resource: Resource
  m365Tenant: M365Tenant | null
  scan: Scan | null
  endpoint: WebhookEndpointSummary | null
  /** The request names something that is not there, or not for this platform tenant. Said only after `authorize` agreed. */
  missing: boolean
}

/** Loads what the request is about, inside the caller's platform tenant, and names it by its row id whatever alias the request used. */
export async function loadSubject(subject: Subject, context: RouteContext): Promise<LoadedSubject> {
  const { scope, params, body, query } = context
  const none = { m365Tenant: null, scan: null, endpoint: null, missing: false }
  if (!('from' in subject)) {
    return { ...none, resource: { type: subject.type, id: null, m365TenantId: null } }
  }
  if (subject.type === 'scan' && subject.from === 'path') {
    const scan = await orNull(scope.scans.get(String(params.scan_id).toLowerCase()))
    const resource: Resource = { type: 'scan', id: scan?.id ?? null, m365TenantId: scan?.m365TenantId ?? null }
    return { ...none, resource, scan, missing: scan === null }
  }
  if (subject.type === 'webhook_endpoint') {
    const endpoint = subject.from === 'path' ? await orNull(scope.webhooks.get(String(params.id))) : null
    const resource: Resource = { type: 'webhook_endpoint', id: endpoint?.id ?? null, m365TenantId: null }
    return { ...none, resource, endpoint, missing: subject.from === 'path' && endpoint === null }
  }
  const named = { path: params.id, body: field(body), query: field(query), none: undefined }[subject.from]
  if (named === undefined) return { ...none, resource: { type: subject.type, id: null, m365TenantId: null } }
  const m365Tenant = await orNull(scope.m365Tenants.get(named.toLowerCase()))
  const rowId = m365Tenant?.id ?? null
  const resource: Resource = { type: subject.type, id: subject.type === 'scan' ? null : rowId, m365TenantId: rowId }
  return { ...none, resource, m365Tenant, missing: m365Tenant === null }
}

function field(input: unknown): string | undefined {
  const value = (input as { m365_tenant_id?: unknown } | undefined)?.m365_tenant_id
  return typeof value === 'string' ? value : undefined
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    if (isTenantscopeError(error) && error.code === 'not_found') return null
    throw error
  }
}
