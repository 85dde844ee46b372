import type { SealedSecret } from '../credentials/credential.ts'

/** What an envelope is bound to. A sealed secret opens only under the very same context. */
export interface SecretContext {
  platformTenantId: string
  /** Row id of the M365 tenant. For a secret of a webhook endpoint, which belongs to none, the endpoint's id. */
  m365TenantId: string
  /** The same for a secret of a webhook endpoint. */
  credentialId: string
  /** A SecretField, `webhook_secret`, or `remote_run_key`: then the ids above are the scan's id and its attempt. */
  field: string
}

/**
 * Encrypts and decrypts secrets. It stores nothing itself: sealed secrets live in Storage.
 *
 * - `seal` never gives the same envelope twice for one plaintext.
 * - `open` throws `secret_unreadable` for anything that was changed, moved to another context or sealed under an unknown key; the error never
 *   carries key or ciphertext bytes.
 * - Both may be called concurrently.
 */
export interface SecretStore {
  seal(params: { plaintext: string; context: SecretContext }): Promise<SealedSecret>
  open(params: { sealed: SealedSecret; context: SecretContext }): Promise<string>
}
