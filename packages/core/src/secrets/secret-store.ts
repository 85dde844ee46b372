import type { SealedSecret } from '../credentials/credential.ts'
import type { KeyVersion } from './key-provider.ts'

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
 *   carries key or ciphertext bytes. When the keys cannot be reached now it throws `key_service_failed`.
 * - Everything may be called concurrently.
 */
export interface SecretStore {
  seal(params: { plaintext: string; context: SecretContext }): Promise<SealedSecret>
  open(params: { sealed: SealedSecret; context: SecretContext }): Promise<string>
  /** Left out by a store that looks after its keys itself: then `rotateSecrets` has nothing to do, and `start()` checks nothing. */
  readonly rotation?: SecretRotation
}

/** What bringing stored secrets under a new key takes. */
export interface SecretRotation {
  /** The key that `seal` uses now. */
  current(): Promise<KeyVersion>
  /** Whether secrets under this key can be opened. */
  knows(key: KeyVersion): Promise<boolean>
  /** The same secret under the current key, without opening it: the body of the envelope stays as it is, byte by byte. Fails like `open`. */
  rewrap(params: { sealed: SealedSecret; context: SecretContext }): Promise<SealedSecret>
}
