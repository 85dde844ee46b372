import { randomBytes } from 'node:crypto'
import type { SecretContext } from '../secrets/secret-store.ts'

const secretBytes = 32

/** A signing secret in the form of Standard Webhooks: `whsec_` and the base64 of random bytes. */
export function newEndpointSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`
}

/** What the sealed secrets of an endpoint are bound to: it stands where a credential and its M365 tenant stand for theirs. */
export function endpointSecretContext(endpoint: { platformTenantId: string; id: string }): SecretContext {
  const { platformTenantId, id } = endpoint
  return { platformTenantId, m365TenantId: id, credentialId: id, field: 'webhook_secret' }
}
