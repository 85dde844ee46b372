import { InvalidInputError, isTenantscopeError, TenantscopeError } from '../errors/errors.ts'
import type { KeyProvider, KeyVersion } from './key-provider.ts'
import type { VaultAnswer, VaultRequest } from './vault-request.ts'

export interface VaultTransitOptions {
  /** Address of Vault, e.g. `https://vault.example:8200`. Plain HTTP is for a loopback address only (a Vault agent beside the process). */
  url: string
  /** Where the transit engine is mounted. Default `transit`. */
  mount?: string
  /** Name of the transit key; its type must be aes128-gcm96, aes256-gcm96 or chacha20-poly1305. It also names the key in every envelope, so it must not change. */
  key: string
  /** Gives the token for one request. Called for each, so that a renewed token is used at once. It counts into `timeoutMs`. */
  token: () => Promise<string>
  /** Vault namespace, where there are any. */
  namespace?: string
  /** For one request. Default 5000. */
  timeoutMs?: number
  /** For a CA or a proxy of your own. Default: the global fetch. */
  fetch?: typeof globalThis.fetch
}

interface TransitKey {
  latest: number
  oldest: number
  derived: boolean
}

const aeadTypes = new Set(['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305'])
/** How long what was read about the key is good: a key rotated in Vault wraps new secrets after so long. */
const freshMs = 30_000

/**
 * Keys in the transit engine of HashiCorp Vault: data keys go there to be wrapped and unwrapped, the key itself never leaves it. The token needs `read` on
 * `<mount>/keys/<key>`, and `update` on `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`; `create` is better not given, or Vault makes keys that are missing.
 *
 * - What a data key is bound to goes along as `associated_data`, for a derived key as `context` too.
 * - A version rotated in Vault is current after 30 seconds at most. `rotateSecrets` then moves stored secrets; only after that raise `min_decryption_version`.
 * - Failures are `key_service_failed`, `retryable` for what passes by itself (no answer, sealed, overloaded). Neither token nor Vault's words are in them.
 * - Throws `invalid_input` at once for an unusable option. A key of another type is refused with `secret_key_refused` at its first use.
 */
export function vaultTransitKeys(options: VaultTransitOptions): KeyProvider {
  const vault = new Vault(options)
  const { key: keyId } = options
  return {
    current: async () => ({ keyId, keyVersion: (await vault.describe()).latest }),
    knows: async ({ keyId: id, keyVersion }) => {
      if (id !== keyId) return false
      const known = await vault.describe()
      // A version newer than what was read may have come since.
      const { oldest, latest } = keyVersion > known.latest ? await vault.describe({ fresh: true }) : known
      return keyVersion >= oldest && keyVersion <= latest
    },
    wrap: async ({ dataKey, aad, key }) => {
      requireOurs(keyId, key)
      const ciphertext = await vault.use('encrypt', aad, { plaintext: base64(dataKey), key_version: key.keyVersion })
      if (versionOf(ciphertext) !== key.keyVersion) throw strange()
      return Buffer.from(ciphertext, 'utf8')
    },
    unwrap: async ({ wrapped, aad, key }) => {
      requireOurs(keyId, key)
      const ciphertext = Buffer.from(wrapped).toString('utf8')
      if (versionOf(ciphertext) !== key.keyVersion) throw new Error('not of this version')
      const plaintext = await vault.use('decrypt', aad, { ciphertext })
      const dataKey = Buffer.from(plaintext, 'base64')
      if (dataKey.length !== 32) throw new Error('not a data key')
      return dataKey
    },
  }
}

class Vault {
  readonly #options: VaultTransitOptions
  readonly #base: string
  #described: { key: TransitKey; at: number } | null = null

  constructor(options: VaultTransitOptions) {
    this.#base = `${readUrl(options.url)}/v1/${readMount(options.mount ?? 'transit')}`
    if (!/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?$/.test(options.key))
      throw unusable('/key', 'must be the name of a transit key, 1 to 64 characters')
    if (options.timeoutMs !== undefined && !(options.timeoutMs > 0 && options.timeoutMs <= 600_000))
      throw unusable('/timeoutMs', 'must be milliseconds, up to 600000')
    this.#options = { ...options }
  }

  async describe({ fresh = false } = {}): Promise<TransitKey> {
    const known = this.#described
    if (known && !fresh && performance.now() - known.at < freshMs) return known.key
    const at = performance.now()
    const { status, body } = await this.#ask({ method: 'GET', path: 'keys', body: null })
    if (status === 400 || status === 404) throw failed('has no such key at this mount', false)
    const { type, latest_version: latest, min_decryption_version: oldest, derived } = dataOf(body)
    if (typeof type !== 'string' || !isVersion(latest) || !isVersion(oldest)) throw strange()
    if (!aeadTypes.has(type))
      throw new TenantscopeError(
        'secret_key_refused',
        `Key '${this.#options.key}' is refused: its type must be aes256-gcm96, aes128-gcm96 or chacha20-poly1305. Make one of that type in Vault.`,
      )
    const key = { latest, oldest, derived: derived === true }
    this.#described = { key, at }
    return key
  }

  async use(
    operation: 'encrypt' | 'decrypt',
    aad: Uint8Array,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const { derived } = await this.describe()
    const bound = { associated_data: base64(aad), ...(derived && { context: base64(aad) }) }
    const { status, body } = await this.#ask({ method: 'POST', path: operation, body: { ...fields, ...bound } })
    // Vault refuses a changed ciphertext, other associated data and a retired version with 400.
    if (status === 400 && operation === 'decrypt') throw new Error('does not open')
    if (status === 400) throw failed('refused to wrap: the key is missing or its version is not allowed', false)
    if (status === 404) throw failed('has no such key at this mount', false)
    const value = dataOf(body)[operation === 'encrypt' ? 'ciphertext' : 'plaintext']
    if (typeof value !== 'string') throw strange()
    return value
  }

  /** Answers 200, 400 and 404; everything else is a failure of the service. */
  async #ask(params: {
    method: VaultRequest['method']
    path: string
    body: VaultRequest['body']
  }): Promise<VaultAnswer> {
    const { method, path, body } = params
    const { namespace, fetch = globalThis.fetch, timeoutMs = 5_000, key } = this.#options
    const started = performance.now()
    const headers: Record<string, string> = { 'x-vault-request': 'true', 'x-vault-token': await this.#token(timeoutMs) }
    if (namespace !== undefined) headers['x-vault-namespace'] = namespace
    let answer: VaultAnswer
    try {
      const { askVault } = await import('./vault-request.ts')
      answer = await askVault({
        request: { method, url: `${this.#base}/${path}/${key}`, headers, body },
        fetch,
        timeoutMs: Math.max(1, timeoutMs - (performance.now() - started)),
      })
    } catch {
      throw failed('gave no answer in time, or none that could be read. Check its address and the network', true)
    }
    const { status } = answer
    if (status === 403) throw failed('refused the token (403). Check that it lives and what its policies allow', false)
    if (status === 503) throw failed('is sealed or in maintenance (503)', true)
    if (status >= 300 && status < 400) throw failed(`redirects (${status}), which is not followed`, false)
    if (status === 429 || status >= 412) throw failed(`cannot answer now (${status})`, true)
    if (status !== 200 && status !== 400 && status !== 404) throw failed(`refused the request (${status})`, false)
    return answer
  }

  async #token(timeoutMs: number): Promise<string> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(failed('got no token in time', true)), timeoutMs)
    try {
      const token = await Promise.race([this.#options.token(), late.promise])
      if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token))
        throw failed('got no token: the `token` option gave something else', false)
      return token
    } catch (error) {
      // The host's own error may hold what it signed in to Vault with.
      throw isTenantscopeError(error) && error.code === 'key_service_failed'
        ? error
        : failed('got no token: the `token` option failed', true)
    } finally {
      clearTimeout(timer)
    }
  }
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const loopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback)))
    throw unusable('/url', 'must be an https URL; plain http for a loopback address only')
  if (url.username || url.password || url.search || url.hash)
    throw unusable('/url', 'must have no user, no query and no fragment')
  return url.href.replace(/\/+$/, '')
}

function readMount(mount: string): string {
  const parts = mount.split('/')
  if (parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(part))) return mount
  throw unusable('/mount', 'must be a path like transit or team/transit, with no slash at its ends')
}

function requireOurs(keyId: string, key: KeyVersion): void {
  if (key.keyId !== keyId) throw new Error('unknown key')
}

function versionOf(ciphertext: string): number | null {
  const found = /^vault:v([1-9]\d{0,9}):[A-Za-z0-9+/]+={0,2}$/.exec(ciphertext)
  return found ? Number(found[1]) : null
}

function dataOf(body: unknown): Record<string, unknown> {
  const data = typeof body === 'object' && body !== null ? (body as { data?: unknown }).data : null
  if (typeof data !== 'object' || data === null) throw strange()
  return data as Record<string, unknown>
}

const isVersion = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

const strange = () => failed('answered something that is not of the transit API', true)

function failed(what: string, retryable: boolean): TenantscopeError {
  return new TenantscopeError('key_service_failed', `Vault ${what}.`, { retryable })
}

function unusable(pointer: string, detail: string): TenantscopeError {
  return new InvalidInputError([{ pointer, detail }])
}
