import type { ConnectionTest, CredentialSummary, M365Tenant } from '@tenantscope/core'
import type * as z from 'zod'
import type { connectionTestSchema, credentialSummarySchema, m365TenantSchema } from '../schemas/m365-tenant.ts'

export function presentM365Tenant(tenant: M365Tenant): z.output<typeof m365TenantSchema> {
  const test = tenant.lastTest
  return {
    id: tenant.id,
    m365_tenant_id: tenant.m365TenantId,
    m365_tenant_name: tenant.name,
    m365_domain: tenant.defaultDomain,
    description: tenant.description,
    status: tenant.status,
    last_test_at: test?.at.toISOString() ?? null,
    last_test_status: test?.status ?? null,
    last_test_error: test ? failures(test) : null,
    last_test: test ? presentConnectionTest(test) : null,
    created_at: tenant.createdAt.toISOString(),
    updated_at: tenant.updatedAt.toISOString(),
    created_by: tenant.createdBy,
    updated_by: tenant.updatedBy,
  }
}

function failures(test: ConnectionTest): string | null {
  const failed = test.services.filter((service) => !service.ok)
  if (failed.length === 0) return null
  return failed.map(({ service, code, message }) => `${service}: ${message ?? code ?? 'failed'}`).join('; ')
}

export function presentConnectionTest(test: ConnectionTest): z.output<typeof connectionTestSchema> {
  return {
    success: test.status === 'ok',
    status: test.status,
    tested_at: test.at.toISOString(),
    services: test.services.map(({ service, ok, code, message, durationMs }) => ({
      service,
      ok,
      code,
      message,
      duration_ms: durationMs,
    })),
  }
}

/** Field by field: what core may one day add to a summary is not shown before somebody decides so here. */
export function presentCredential(summary: CredentialSummary | null): z.output<typeof credentialSummarySchema> {
  return {
    configured: summary !== null,
    auth_method: summary?.kind ?? null,
    client_id: summary?.clientId ?? null,
    certificate_thumbprint_last4: summary?.thumbprintLast4 ?? null,
    expires_at: summary?.expiresAt?.toISOString() ?? null,
    services: summary?.services ?? [],
    created_at: summary?.createdAt.toISOString() ?? null,
    updated_at: summary?.updatedAt.toISOString() ?? null,
  }
}
