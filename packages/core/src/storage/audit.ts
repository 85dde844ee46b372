import { TenantscopeError } from '../errors/errors.ts'
import type { Page } from '../paging/page.ts'

/**
 * Who did what to which thing, and when. Written in the same transaction as the write that it tells of: there is no change without its entry and no entry
 * without its change. Entries are never changed, and outlive what they tell of.
 */
export interface AuditEntry {
  id: string
  platformTenantId: string
  at: Date
  /** As handed to `forPlatformTenant`. */
  actor: string
  /** `<what>.<happened>`, e.g. `m365_tenant.created`, `credential.replaced`, `scan.started`. */
  action: string
  resource: { type: string; id: string }
  /** Of the request that asked for it, where there was one. */
  requestId: string | null
  /** JSON. Names of changed fields and other harmless facts; never a secret and never a changed value. */
  detail: Record<string, unknown>
}

export interface AuditStore {
  /** Newest first; ids break ties. Each filter that is null matches all. */
  list(params: {
    platformTenantId: string
    resourceType: string | null
    resourceId: string | null
    action: string | null
    actor: string | null
    /** Entries from this moment on. */
    since: Date | null
    cursor: string | null
    limit: number
  }): Promise<Page<AuditEntry>>
}

/** For storages: an entry under another platform tenant than the write's is a mistake of the caller, and neither is stored. Throws `storage_refused`. */
export function checkAudit(platformTenantId: string, audit: AuditEntry | null | undefined): void {
  if (audit && audit.platformTenantId !== platformTenantId) {
    throw new TenantscopeError('storage_refused', 'The audit entry is of another platform tenant than the write.')
  }
}
