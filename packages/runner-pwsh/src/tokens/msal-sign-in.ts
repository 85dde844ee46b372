import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AccessToken, isTenantscopeError, type SignIn, type SignInError } from '@tenantscope/core'
import type { Dispatcher } from 'undici'
import { type ClientAuth, type CredentialKindOptions, clientAuth, refused } from './client-auth.ts'
import { createDispatcher, TokenNetwork } from './network.ts'
import { networkError, refusalError, timeoutError } from './refusals.ts'
import { SharedRequest, TokenCache } from './token-cache.ts'

export interface MsalSignInOptions extends CredentialKindOptions {
  /** Proxy for requests to Entra ID. Nothing is read from the environment: hand `process.env.HTTPS_PROXY` in if you want it. */
  proxyUrl?: string
  /** A CA (PEM) to trust besides the usual ones. */
  caPem?: string
  /** The same as a file; it is read once. */
  caFile?: string
  /** For one token with its retries. Default 60000. */
  timeoutMs?: number
  /** Further tries after a temporary fault. Default 3. */
  retries?: number
  /** First pause between tries; it doubles. A longer Retry-After of the service counts. Default 500. */
  retryDelayMs?: number
}

export interface MsalSignIn extends SignIn {
  /** Forgets every token and closes the connections. */
  close(): Promise<void>
}

type AcquireParams = Parameters<SignIn['acquire']>[0]

/**
 * Signs in to Microsoft Entra ID: with a client secret or a certificate, and with the other kinds of credential where their option is given. Tokens are kept in
 * memory only.
 */
export function msalSignIn(options: MsalSignInOptions = {}): MsalSignIn {
  return new EntraSignIn(options)
}

class EntraSignIn implements MsalSignIn {
  readonly #options: MsalSignInOptions
  readonly #cache = new TokenCache()
  /** Makes keys from secrets that say nothing about them. */
  readonly #salt = randomBytes(32)
  readonly #dispatcher: Dispatcher

  constructor(options: MsalSignInOptions) {
    this.#options = options
    this.#dispatcher = createDispatcher(options)
  }

  async acquire(params: AcquireParams): Promise<AccessToken> {
    const { credential, signal } = params
    signal.throwIfAborted()
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(params.m365TenantId))
      throw refused('The tenant id is malformed. Give the GUID of the tenant.')
    const slot = this.#cache.slot(credential.credentialId)
    const key = this.#key(params)
    const kept = params.refresh ? null : slot.get(key)
    if (kept) return kept
    let shared = slot.pending.get(key)
    if (shared === undefined || shared.abandoned) {
      shared = new SharedRequest(async (stop) => {
        try {
          const token = await this.#ask(params, stop)
          slot.set(key, token)
          return token
        } finally {
          // Unless it was given up and another one has taken its place.
          if (slot.pending.get(key) === shared) slot.pending.delete(key)
        }
      })
      slot.pending.set(key, shared)
    }
    return shared.wait(signal)
  }

  forget({ credentialId }: { credentialId: string }): void {
    this.#cache.forget(credentialId)
  }

  async close(): Promise<void> {
    this.#cache.clear()
    await this.#dispatcher.destroy()
  }

  /** Also of the secrets: a credential that was replaced elsewhere never gets the old one's token. */
  #key({ credential, m365TenantId, cloud, scope }: AcquireParams): string {
    const { kind, clientId, secrets } = credential
    // Field by field: the members of `secrets` are not enumerable.
    const { client_secret, certificate, certificate_password, username, password } = secrets
    const fields = [client_secret, certificate, certificate_password, username, password]
    const text = JSON.stringify([kind, clientId, fields, m365TenantId.toLowerCase(), cloud, scope])
    return createHmac('sha256', this.#salt).update(text).digest('base64')
  }

  async #ask(params: AcquireParams, stop: AbortSignal): Promise<AccessToken> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? 60_000)
    const signal = AbortSignal.any([stop, timeout])
    const auth = await clientAuth(params, this.#options, signal).catch((error: unknown) => {
      throw timeout.aborted ? timeoutError() : error
    })
    const { retries = 3, retryDelayMs = 500 } = this.#options
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#askOnce(auth, params.scope, signal)
      } catch (error) {
        if (timeout.aborted) throw timeoutError()
        const { failure, retryAfterMs } = asFailure(error)
        if (failure.reach !== 'transient' || attempt >= retries || stop.aborted) throw failure
        // Half fixed, half by chance, so that scans that failed together do not come back together.
        const pause = Math.max(retryAfterMs ?? 0, retryDelayMs * 2 ** attempt * (0.5 + Math.random() / 2))
        await sleep(pause, undefined, { signal }).catch(() => {})
        if (signal.aborted) throw failure
      }
    }
  }

  /** A new client for each request: MSAL remembers an overload inside its client object and then fails without asking. */
  async #askOnce({ auth, user }: ClientAuth, scope: string, signal: AbortSignal): Promise<AccessToken> {
    const { ConfidentialClientApplication, PublicClientApplication } = await import('@azure/msal-node')
    const network = new TokenNetwork(this.#dispatcher, signal)
    const system = { networkClient: network, disableInternalRetries: true, loggerOptions: { loggerCallback: () => {} } }
    try {
      const scopes = [scope]
      const result = user
        ? await new PublicClientApplication({ auth, system }).acquireTokenByUsernamePassword({ scopes, ...user })
        : await new ConfidentialClientApplication({ auth, system }).acquireTokenByClientCredential({ scopes })
      if (result?.accessToken && result.expiresOn)
        return { accessToken: result.accessToken, expiresAt: result.expiresOn }
    } catch {
      // The error's text may hold parts of the answer. The answer itself has the codes that decide.
    }
    const { answer, transportCode } = network
    throw answer
      ? new Unanswered(refusalError(answer), answer.retryAfterMs)
      : new Unanswered(networkError(transportCode), null)
  }
}

/** A failed try: the error to tell and the pause that the service asked for. */
class Unanswered extends Error {
  readonly failure: SignInError
  readonly retryAfterMs: number | null
  constructor(failure: SignInError, retryAfterMs: number | null) {
    super(failure.message)
    this.failure = failure
    this.retryAfterMs = retryAfterMs
  }
}

function asFailure(error: unknown): { failure: SignInError; retryAfterMs: number | null } {
  if (error instanceof Unanswered) return error
  return { failure: isTenantscopeError(error) ? (error as SignInError) : networkError(null), retryAfterMs: null }
}
