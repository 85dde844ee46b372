import type { Service } from '../runner/runner.ts'

export type M365TenantStatus = 'active' | 'inactive' | 'error'

/** A Microsoft 365 tenant registered under a platform tenant. */
export interface M365Tenant {
  /** Row id (UUID). */
  id: string
  platformTenantId: string
  /** Microsoft's GUID, lower case. Unique per platform tenant. */
  m365TenantId: string
  name: string
  /** Primary domain, lower case, e.g. `contoso.onmicrosoft.com`. */
  defaultDomain: string
  description: string | null
  status: M365TenantStatus
  /** Operator inputs by name (break-glass accounts, approved domains …); empty when none were given. */
  inputs: Record<string, unknown>
  lastTest: ConnectionTest | null
  createdAt: Date
  updatedAt: Date
  createdBy: string
  updatedBy: string
}

/** What a test of the connection said, service by service. */
export interface ConnectionTest {
  /** `ok`: every service answered; `partial`: some did; `failed`: none did. */
  status: 'ok' | 'partial' | 'failed'
  at: Date
  services: ConnectionTestService[]
}

export interface ConnectionTestService {
  service: Service
  ok: boolean
  /** The service's short code; null when ok. */
  code: string | null
  /** What to do about it, in words; null when ok. */
  message: string | null
  durationMs: number
}
