import type { OpenCredential } from '../credentials/credential.ts'

export interface AccessToken {
  accessToken: string
  expiresAt: Date
}

/**
 * Turns a credential into access tokens. Implementations keep tokens in memory only, per credential.
 *
 * - `acquire` throws SignInError and nothing else for what Entra ID or the network answers; `refresh` skips the cache.
 * - `forget` drops what is kept of a credential: called when it is replaced or deleted.
 */
export interface SignIn {
  acquire(params: {
    credential: OpenCredential
    /** GUID of the M365 tenant. */
    m365TenantId: string
    cloud: 'commercial' | 'gcc' | 'gccHigh' | 'dod' | 'china'
    /** One scope that ends in `/.default`. */
    scope: string
    refresh: boolean
    signal: AbortSignal
  }): Promise<AccessToken>
  forget(params: { credentialId: string }): void
  /** Ends what is under way and frees connections. Idempotent. */
  close?(): Promise<void>
}
