import { isTenantscopeError, type RunnerHost, type SignInError } from '@tenantscope/core'
import type { DnsRequest, TokenRequest } from './frames.ts'
import type { Redactor } from './redactor.ts'

/** More questions than this at once are no work, they are a flood. */
const maxPending = 1000
const longestDnsName = 253

/** Answers the engine's questions from the host, concurrently. An answer that comes after the end is dropped. */
export class HostRequests {
  readonly #host: RunnerHost
  readonly #redactor: Redactor
  readonly #write: (line: object) => void
  readonly #abort = new AbortController()
  readonly #pending = new Set<number>()
  #lastId = -1

  constructor(params: { host: RunnerHost; redactor: Redactor; write: (line: object) => void }) {
    this.#host = params.host
    this.#redactor = params.redactor
    this.#write = params.write
  }

  /** Returns what is wrong with the question, or null. Never throws: errors of the host become answers. */
  token(request: TokenRequest): string | null {
    return this.#answer('token', request.id, async () => {
      const { service, scope, refresh } = request
      const token = await this.#host.token({ service, scope, refresh, signal: this.#abort.signal })
      this.#redactor.add(token.accessToken)
      return { accessToken: token.accessToken, expiresAt: token.expiresAt.toISOString() }
    })
  }

  dns(request: DnsRequest): string | null {
    return this.#answer('dns', request.id, async () => {
      if (request.name.length > longestDnsName || /[\s\0]/.test(request.name)) throw dnsError('EBADNAME')
      try {
        return { records: await this.#host.resolveTxt(request.name) }
      } catch (error) {
        const code = errorCode(error)
        if (code === 'ENOTFOUND' || code === 'ENODATA') return { records: [] }
        throw error
      }
    })
  }

  /** Tells the host to stop looking; no answer is written any more. */
  close(): void {
    this.#abort.abort()
  }

  #answer(t: 'token' | 'dns', id: number, ask: () => Promise<object>): string | null {
    if (id <= this.#lastId) return `frame ${t}.request: id ${id} was used before`
    if (this.#pending.size >= maxPending) return `more than ${maxPending} questions at once`
    this.#lastId = id
    this.#pending.add(id)
    const toError = t === 'token' ? tokenFailure : dnsFailure
    void ask()
      .catch((error: unknown) => ({ error: toError(error) }))
      .then((answer) => {
        this.#pending.delete(id)
        if (!this.#abort.signal.aborted) this.#write({ t, id, ...answer })
      })
    return null
  }
}

/** The tenant has no service principal of the resource: nobody there ever used the service, which is no matter of permissions. */
const noServicePrincipal = 'AADSTS500011'

/** The text of an error that is not ours may hold anything, also a secret: it is never passed on. */
function tokenFailure(error: unknown): object {
  if (isTenantscopeError(error) && error.code === 'sign_in_failed') {
    const { aadstsCode, reach, message } = error as SignInError
    const state = reach === 'transient' ? 'unavailable' : aadstsCode === noServicePrincipal ? 'unlicensed' : 'denied'
    return { code: aadstsCode ?? (reach === 'transient' ? 'SIGN_IN_UNAVAILABLE' : 'SIGN_IN_FAILED'), message, state }
  }
  if (isTenantscopeError(error))
    return { code: error.code, message: error.message, state: error.retryable ? 'unavailable' : 'denied' }
  return { code: 'HOST_ERROR', message: 'The host could not get a token: an unexpected error.', state: 'unavailable' }
}

function dnsFailure(error: unknown): object {
  const code = errorCode(error) ?? 'EUNKNOWN'
  return { code, message: `The name could not be looked up (${code}).` }
}

function errorCode(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : null
}

function dnsError(code: string): Error {
  return Object.assign(new Error('This is not a DNS name.'), { code })
}
