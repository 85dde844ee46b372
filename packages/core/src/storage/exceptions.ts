import type { Page } from '../paging/page.ts'
import type { AuditEntry } from './audit.ts'

/** A risk that was accepted for a time. It annotates a result and never hides one. */
export interface RiskException {
  id: string
  platformTenantId: string
  /** Row id; null: all M365 tenants of the platform tenant. One that names an M365 tenant goes with it. */
  m365TenantId: string | null
  benchmarkId: string
  controlId: string
  /** The one resource that it is about, as a finding's `resourceId`; null: the whole control. */
  entityId: string | null
  reason: string
  requestedBy: string
  approvedBy: string | null
  expiresAt: Date
  createdAt: Date
  updatedAt: Date
  createdBy: string
  updatedBy: string
}

export interface RiskExceptionPatch {
  reason?: string
  requestedBy?: string
  approvedBy?: string | null
  expiresAt?: Date
  updatedAt: Date
  updatedBy: string
}

export interface ExceptionStore {
  /** null when it names an M365 tenant that the platform tenant does not have. */
  insert(params: { exception: RiskException; audit?: AuditEntry | null }): Promise<RiskException | null>
  get(params: { platformTenantId: string; id: string }): Promise<RiskException | null>
  /** Newest first. Each filter that is null matches all. */
  list(params: {
    platformTenantId: string
    /** What applies to this M365 tenant: its own and those for all. */
    m365TenantId: string | null
    benchmarkId: string | null
    controlId: string | null
    /** Those that have not expired at this moment. */
    validAt: Date | null
    cursor: string | null
    limit: number
  }): Promise<Page<RiskException>>
  /** Absent fields stay. null when there is none. */
  update(params: {
    platformTenantId: string
    id: string
    patch: RiskExceptionPatch
    audit?: AuditEntry | null
  }): Promise<RiskException | null>
  /** false when there is none. */
  delete(params: { platformTenantId: string; id: string; audit?: AuditEntry | null }): Promise<boolean>
}
