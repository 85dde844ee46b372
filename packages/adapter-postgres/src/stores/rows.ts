import type { M365Tenant, Scan, ScanEvent, ScanResult, StoredCredential, StoredEvidence } from '@tenantscope/core'

/** Rows as `row_to_json` writes them, and the way back to entities. Times are ISO texts with an offset. */
export interface TenantRow {
  platform_tenant_id: string
  id: string
  m365_tenant_id: string
  name: string
  default_domain: string
  description: string | null
  status: M365Tenant['status']
  inputs: Record<string, unknown>
  last_test: (Omit<NonNullable<M365Tenant['lastTest']>, 'at'> & { at: string }) | null
  created_at: string
  updated_at: string
  created_by: string
  updated_by: string
}

export function toTenant(row: TenantRow): M365Tenant {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    name: row.name,
    defaultDomain: row.default_domain,
    description: row.description,
    status: row.status,
    inputs: row.inputs,
    lastTest: row.last_test && { ...row.last_test, at: new Date(row.last_test.at) },
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }
}

export interface CredentialRow {
  id: string
  platform_tenant_id: string
  m365_tenant_id: string
  kind: StoredCredential['kind']
  client_id: string | null
  thumbprint: string | null
  expires_at: string | null
  sealed: StoredCredential['sealed']
  created_at: string
  updated_at: string
}

export function toCredential(row: CredentialRow): StoredCredential {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    kind: row.kind,
    clientId: row.client_id,
    thumbprint: row.thumbprint,
    expiresAt: toDate(row.expires_at),
    sealed: row.sealed,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  }
}

export interface ScanRow {
  platform_tenant_id: string
  id: string
  m365_tenant_id: string
  benchmark_id: string
  benchmark_version: string
  options: Scan['options']
  planned_controls: string[]
  status: Scan['status']
  attempt: number
  worker_id: string | null
  lease_expires_at: string | null
  cancel_requested_at: string | null
  counts: Scan['counts']
  current_control: string | null
  failure_reason: Scan['failureReason']
  error_message: string | null
  last_sequence: number
  created_at: string
  created_by: string
  started_at: string | null
  completed_at: string | null
}

export function toScan(row: ScanRow): Scan {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    benchmark: { id: row.benchmark_id, version: row.benchmark_version },
    options: row.options,
    plannedControls: row.planned_controls,
    status: row.status,
    attempt: row.attempt,
    workerId: row.worker_id,
    leaseExpiresAt: toDate(row.lease_expires_at),
    cancelRequestedAt: toDate(row.cancel_requested_at),
    counts: row.counts,
    currentControl: row.current_control,
    failureReason: row.failure_reason,
    errorMessage: row.error_message,
    lastSequence: row.last_sequence,
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    startedAt: toDate(row.started_at),
    completedAt: toDate(row.completed_at),
  }
}

export interface ResultRow {
  platform_tenant_id: string
  scan_id: string
  m365_tenant_id: string
  control_id: string
  position: number
  status: ScanResult['status']
  reason_code: string | null
  message: string
  findings: ScanResult['findings']
  findings_total: number
  attempt: number
  started_at: string | null
  completed_at: string
  duration_ms: number | null
}

export function toResult(row: ResultRow): ScanResult {
  return {
    scanId: row.scan_id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    controlId: row.control_id,
    status: row.status,
    reasonCode: row.reason_code,
    message: row.message,
    findings: row.findings,
    findingsTotal: row.findings_total,
    attempt: row.attempt,
    startedAt: toDate(row.started_at),
    completedAt: new Date(row.completed_at),
    durationMs: row.duration_ms,
  }
}

export interface EventRow {
  scan_id: string
  sequence: number
  type: ScanEvent['type']
  attempt: number
  at: string
  data: ScanEvent['data']
}

export function toEvent(row: EventRow): ScanEvent {
  const { scan_id: scanId, sequence, type, attempt, data } = row
  return { scanId, sequence, type, attempt, at: new Date(row.at), data }
}

export interface EvidenceRow {
  source_id: string
  state: StoredEvidence['state']
  data: unknown
  error: StoredEvidence['error']
}

export function toEvidence(row: EvidenceRow): StoredEvidence {
  return { sourceId: row.source_id, state: row.state, data: row.data, error: row.error }
}

export function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
