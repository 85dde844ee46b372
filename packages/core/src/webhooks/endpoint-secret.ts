import { randomBytes } from 'node:crypto'
import * as Effect from 'effect/Effect'
import type { SealedSecret } from '../credentials/credential.ts'
import { secretCall } from '../credentials/credentials.ts'
import type { TenantscopeError } from '../errors/errors.ts'
import { SecretsService } from '../internal/services.ts'
import type { SecretContext } from '../secrets/secret-store.ts'
import type { WebhookEndpoint } from '../storage/webhook-store.ts'

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

/** The secrets that sign now, newest first. Fails with `secret_unreadable` when one of them cannot be opened. */
export function openEndpointSecrets(
  endpoint: WebhookEndpoint,
  at: Date,
): Effect.Effect<string[], TenantscopeError, SecretsService> {
  const valid = endpoint.secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > at)
  const context = endpointSecretContext(endpoint)
  return Effect.flatMap(SecretsService, (secrets) =>
    Effect.forEach(valid, ({ sealed }) => secretCall(secrets, (store) => store.open({ sealed, context }))),
  )
}

export function sealEndpointSecret(
  endpoint: { platformTenantId: string; id: string },
  plaintext: string,
): Effect.Effect<SealedSecret, TenantscopeError, SecretsService> {
  const context = endpointSecretContext(endpoint)
  return Effect.flatMap(SecretsService, (secrets) => secretCall(secrets, (store) => store.seal({ plaintext, context })))
}
