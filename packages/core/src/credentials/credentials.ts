import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import type * as z from 'zod'
import {
  TenantscopeError as Failure,
  InvalidInputError,
  isTenantscopeError,
  type TenantscopeError,
} from '../errors/errors.ts'
import { SecretsService, withStorage } from '../internal/services.ts'
import { type Service, services } from '../runner/runner.ts'
import type { SecretContext, SecretStore } from '../secrets/secret-store.ts'
import type { CredentialKind, CredentialSummary, OpenCredential, SecretField, StoredCredential } from './credential.ts'
import { type credentialInputSchema, credentialParts } from './credential-input.ts'
import { OpenedCredential } from './opened-credential.ts'

/** A password is stored only where the host wants it: told now, not at the first scan. */
export function allowedKind(
  { kind }: { kind: CredentialKind },
  { allowUsernamePassword }: { allowUsernamePassword: boolean },
  pointer: string,
): Effect.Effect<void, TenantscopeError> {
  if (kind !== 'username_password' || allowUsernamePassword) return Effect.void
  const detail = 'must be another kind: username_password cannot pass MFA and is off. Store a certificate.'
  return Effect.fail(new InvalidInputError([{ pointer, detail }]))
}

/** Seals a checked credential for one M365 tenant. The plaintext is in the envelope only. */
export function sealCredential(params: {
  platformTenantId: string
  m365TenantId: string
  input: z.output<typeof credentialInputSchema>
  at: Date
}): Effect.Effect<StoredCredential, TenantscopeError, SecretsService> {
  return Effect.gen(function* () {
    const secrets = yield* SecretsService
    const { platformTenantId, m365TenantId, input, at } = params
    const parts = yield* Effect.try({ try: () => credentialParts(input, at), catch: asSecretFailure })
    const id = randomUUID()
    const sealed: StoredCredential['sealed'] = {}
    for (const [field, plaintext] of Object.entries(parts.secrets) as [SecretField, string][]) {
      const context = { platformTenantId, m365TenantId, credentialId: id, field }
      sealed[field] = yield* secretCall(secrets, (store) => store.seal({ plaintext, context }))
    }
    const { clientId, thumbprint, expiresAt } = parts
    return {
      id,
      platformTenantId,
      m365TenantId,
      kind: input.kind,
      clientId,
      thumbprint,
      expiresAt,
      sealed,
      createdAt: at,
      updatedAt: at,
    }
  })
}

/** Fails with `credential_missing` when there is none, `secret_unreadable` when it cannot be opened. */
export function openCredential(params: {
  platformTenantId: string
  m365TenantId: string
}): Effect.Effect<OpenCredential, TenantscopeError, SecretsService | import('../internal/services.ts').StorageService> {
  return Effect.gen(function* () {
    return yield* openStored(yield* withStorage((storage) => storage.credentials.get(params)))
  })
}

/** The same for one that was read already. */
export function openStored(
  stored: StoredCredential | null,
): Effect.Effect<OpenCredential, TenantscopeError, SecretsService> {
  return Effect.gen(function* () {
    if (!stored) {
      return yield* Effect.fail(
        new Failure('credential_missing', 'The M365 tenant has no credential. Store one, then start the scan again.'),
      )
    }
    const secrets = yield* SecretsService
    const opened: Partial<Record<SecretField, string>> = {}
    for (const [field, sealed] of Object.entries(stored.sealed) as [
      SecretField,
      NonNullable<StoredCredential['sealed'][SecretField]>,
    ][]) {
      const { platformTenantId, m365TenantId, id: credentialId } = stored
      const context: SecretContext = { platformTenantId, m365TenantId, credentialId, field }
      opened[field] = yield* secretCall(secrets, (store) => store.open({ sealed, context }))
    }
    return new OpenedCredential(stored, opened)
  })
}

export function summarize(stored: StoredCredential): CredentialSummary {
  return {
    kind: stored.kind,
    clientId: stored.clientId,
    thumbprintLast4: stored.thumbprint?.slice(-4) ?? null,
    expiresAt: stored.expiresAt,
    services: reachableServices(stored.kind),
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
  }
}

/** SharePoint's admin API refuses app-only tokens that were got with a secret; the other services take both. */
function reachableServices(kind: StoredCredential['kind']): Service[] {
  return kind === 'client_secret' ? services.filter((service) => service !== 'sharepoint') : [...services]
}

export function secretCall<A>(
  secrets: SecretStore,
  use: (store: SecretStore) => Promise<A>,
): Effect.Effect<A, TenantscopeError> {
  return Effect.tryPromise({ try: () => use(secrets), catch: asSecretFailure })
}

function asSecretFailure(error: unknown): TenantscopeError {
  // A store that is not ours may put anything into its message: none of it goes on.
  return isTenantscopeError(error) ? error : new Failure('secret_unreadable', 'The secret store failed.')
}
