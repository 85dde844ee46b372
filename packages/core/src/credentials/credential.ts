import type { Service } from '../runner/runner.ts'

export type CredentialKind = 'client_secret' | 'certificate' | 'username_password' | 'federated' | 'shared_app'

/** An opened credential: holds secrets. It exists in memory while a sign-in needs it and is never logged: its printed form is redacted. */
export interface OpenCredential {
  readonly credentialId: string
  readonly kind: CredentialKind
  /** Application (client) id; null only for `shared_app`, where it is the host's. */
  readonly clientId: string | null
  /** Field name → secret. Core's own objects keep it where no serialiser, no spread and no inspector finds it. */
  readonly secrets: Readonly<Partial<Record<SecretField, string>>>
}

export type SecretField = 'client_secret' | 'certificate' | 'certificate_password' | 'username' | 'password'

/** What may be shown of a credential. */
export interface CredentialSummary {
  kind: CredentialKind
  clientId: string | null
  /** Last 4 hex digits of the certificate's SHA-256 thumbprint; null for other kinds. */
  thumbprintLast4: string | null
  /** When the certificate ends; null for other kinds (Entra does not tell when a client secret ends). */
  expiresAt: Date | null
  /** Services that this kind of credential can reach at all. SharePoint's admin API takes certificates only. */
  services: Service[]
  createdAt: Date
  updatedAt: Date
}

/** A stored credential: the envelope and what may be shown. */
export interface StoredCredential {
  id: string
  platformTenantId: string
  /** Row id of the M365 tenant. One credential per M365 tenant. */
  m365TenantId: string
  kind: CredentialKind
  clientId: string | null
  thumbprint: string | null
  expiresAt: Date | null
  /** Field → sealed secret. */
  sealed: Partial<Record<SecretField, SealedSecret>>
  createdAt: Date
  updatedAt: Date
}

/** An encrypted secret as it is stored. Carries no plaintext and no key. */
export interface SealedSecret {
  /** Base64 of the envelope's bytes. */
  envelope: string
  /** Which key-encryption key wraps it, and its version: indexed by storage, so that a rotation can count what is left. */
  keyId: string
  keyVersion: number
}
