import type { AccessToken } from '@tenantscope/core'

/** A token is not given out in its last minutes: what a scan is given must last for its next reads. */
const marginMs = 5 * 60 * 1000
const maxCredentials = 10_000

/** Tokens in memory, per credential. What is forgotten stays forgotten, also when a request for it is still under way. */
export class TokenCache {
  readonly #slots = new Map<string, TokenSlot>()

  slot(credentialId: string): TokenSlot {
    const known = this.#slots.get(credentialId)
    if (known) return known
    if (this.#slots.size >= maxCredentials) this.#makeRoom()
    const slot = new TokenSlot()
    this.#slots.set(credentialId, slot)
    return slot
  }

  forget(credentialId: string): void {
    this.#slots.delete(credentialId)
  }

  clear(): void {
    this.#slots.clear()
  }

  /** Drops credentials without a living token; when there are none, the one that was added first. */
  #makeRoom(): void {
    for (const [id, slot] of this.#slots) if (slot.isIdle()) this.#slots.delete(id)
    const first = this.#slots.keys().next()
    if (this.#slots.size >= maxCredentials && !first.done) this.#slots.delete(first.value)
  }
}

export class TokenSlot {
  readonly #tokens = new Map<string, AccessToken>()
  /** Requests under way, by the same key: who comes meanwhile shares them. */
  readonly pending = new Map<string, SharedRequest>()

  get(key: string): AccessToken | null {
    const token = this.#tokens.get(key)
    if (token === undefined) return null
    if (token.expiresAt.getTime() - Date.now() > marginMs) return token
    this.#tokens.delete(key)
    return null
  }

  set(key: string, token: AccessToken): void {
    this.#tokens.set(key, token)
  }

  isIdle(): boolean {
    for (const key of [...this.#tokens.keys()]) if (this.get(key)) return false
    return this.pending.size === 0
  }
}

/** One request that several callers wait for. It is given up when the last of them has left. */
export class SharedRequest {
  readonly #abort = new AbortController()
  readonly #result: Promise<AccessToken>
  #waiting = 0

  constructor(start: (signal: AbortSignal) => Promise<AccessToken>) {
    this.#result = start(this.#abort.signal)
    this.#result.catch(() => {})
  }

  get abandoned(): boolean {
    return this.#abort.signal.aborted
  }

  async wait(signal: AbortSignal): Promise<AccessToken> {
    signal.throwIfAborted()
    this.#waiting++
    const left = Promise.withResolvers<never>()
    left.promise.catch(() => {})
    const onAbort = () => left.reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([this.#result, left.promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (--this.#waiting === 0) this.#abort.abort()
    }
  }
}
