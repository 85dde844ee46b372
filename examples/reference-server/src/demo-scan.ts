import type { TenantDocument } from '@tenantscope/m365-simulator'
import type { Bar } from './demo-output.ts'
import { events } from './event-stream.ts'

export interface ScanStatus {
  scan_id: string
  status: string
  progress_percentage: number
  current_check: string | null
  total_checks: number
  passed: number
  failed: number
  errors: number
  manual: number
  not_applicable: number
  error_message: string | null
}

interface ResultRow {
  check_id: string
  category: string
  status: string
  title: string
  message: string
  reason_code: string | null
}

export interface Outcome {
  m365TenantId: string
  status: ScanStatus
  results: ResultRow[]
}

const headers = { authorization: 'Bearer demo', 'content-type': 'application/json' }

/** Registers the tenant, starts a scan, follows it by server-sent events, reads the results: all through the public HTTP API. */
export async function scanByApi(api: string, tenant: TenantDocument, certificate: string, bar: Bar): Promise<Outcome> {
  const registered = await call<{ id: string }>(api, 'POST', '/m365-tenants', {
    m365_tenant_id: tenant.tenantId,
    m365_tenant_name: tenant.displayName,
    m365_domain: tenant.initialDomain,
    client_id: tenant.app.clientId,
    certificate,
  })
  const { scan_id: scanId } = await call<{ scan_id: string }>(api, 'POST', '/scans/start', {
    m365_tenant_id: registered.id,
  })
  for await (const event of events(`${api}/stream/${scanId}`, headers)) {
    if (event.type === 'progress' || event.type === 'complete') bar.show(JSON.parse(event.data) as ScanStatus)
    if (event.type === 'complete') break
  }
  const status = await call<ScanStatus>(api, 'GET', `/scans/${scanId}/status`)
  const results = await call<{ data: ResultRow[] }>(api, 'GET', `/scans/${scanId}/results?limit=200`)
  return { m365TenantId: registered.id, status, results: results.data }
}

async function call<T>(api: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${api}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return JSON.parse(text) as T
}
