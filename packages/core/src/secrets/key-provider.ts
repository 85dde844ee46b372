import { createHash } from 'node:crypto'
import { TenantscopeError } from '../errors/errors.ts'
import { decrypt, encrypt } from './aes-gcm.ts'

/** Names one version of one key-encryption key. */
export interface KeyVersion {
  /** 1 to 64 characters of `A-Za-z0-9._-`. */
  keyId: string
  /** 1, 2, 3 … */
  keyVersion: number
}

/**
 * Holds the key-encryption keys. The envelope hands it data keys to wrap; it never sees a secret. A KMS implements this interface.
 *
 * - All methods may be called concurrently, and may take as long as a request over the network.
 * - When the keys cannot be reached now, they throw TenantscopeError `key_service_failed`, `retryable` if a later try may succeed. What else `unwrap` throws
 *   is taken for "this does not open".
 */
export interface KeyProvider {
  /** The key that new envelopes are wrapped with. */
  current(): Promise<KeyVersion>
  /** Whether `unwrap` has this key. */
  knows(key: KeyVersion): Promise<boolean>
  /** Wraps 32 bytes under exactly this key, to 4096 bytes at most. */
  wrap(params: { dataKey: Uint8Array; aad: Uint8Array; key: KeyVersion }): Promise<Uint8Array>
  /** Throws for a key that it does not know and for anything that was changed. */
  unwrap(params: { wrapped: Uint8Array; aad: Uint8Array; key: KeyVersion }): Promise<Uint8Array>
}

export interface StaticKey {
  /** Name of the key, 1 to 64 characters of `A-Za-z0-9._-`. */
  id: string
  /** 1, 2, 3 … */
  version: number
  /** 32 random bytes, or their base64. Make one with `openssl rand -base64 32`. */
  key: Uint8Array | string
}

const keyBytes = 32

/** SHA-256 of the keys that stand in the documentation: everybody has those. */
const publishedKeys = new Set(['856db0733ed0e634fa6aaf2be2e0c04498213cf2cc77c05fbdd263ee4e50d747'])

/** Keys given as bytes. The first one wraps new envelopes, the others still open old ones. Weak keys are refused with `secret_key_refused`. */
export function staticKeys(keys: readonly [StaticKey, ...StaticKey[]]): KeyProvider {
  const known = new Map<string, Uint8Array>()
  for (const key of keys) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(key.id))
      throw refusedKey(key.id.slice(0, 64), 'its id must be 1 to 64 characters of A-Z a-z 0-9 . _ -')
    if (!Number.isInteger(key.version) || key.version < 1 || key.version > 0xffff_ffff)
      throw refusedKey(key.id, 'its version must be a whole number from 1')
    const name = nameOf({ keyId: key.id, keyVersion: key.version })
    if (known.has(name)) throw refusedKey(key.id, `version ${key.version} is given twice`)
    known.set(name, readKey(key))
  }
  const [{ id: keyId, version: keyVersion }] = keys
  return {
    current: async () => ({ keyId, keyVersion }),
    knows: async (key) => known.has(nameOf(key)),
    wrap: async ({ dataKey, aad, key }) => encrypt(lookUp(known, key), dataKey, aad),
    unwrap: async ({ wrapped, aad, key }) => decrypt(lookUp(known, key), wrapped, aad),
  }
}

/**
 * Several providers as one: `current` wraps, and of all of them the first that knows a key unwraps with it. To move from static keys to a key service, or from
 * one service to another: `rotateSecrets` then brings every stored secret under the current one.
 */
export function keyRing(providers: { current: KeyProvider; previous: readonly KeyProvider[] }): KeyProvider {
  const { current } = providers
  const all = [current, ...providers.previous]
  const holder = async (key: KeyVersion) => {
    for (const provider of all) if (await provider.knows(key)) return provider
    return null
  }
  return {
    current: () => current.current(),
    knows: async (key) => (await holder(key)) !== null,
    wrap: (params) => current.wrap(params),
    unwrap: async (params) => {
      const provider = await holder(params.key)
      if (!provider) throw new Error('unknown key')
      return provider.unwrap(params)
    },
  }
}

const nameOf = ({ keyId, keyVersion }: KeyVersion) => `${keyId}:${keyVersion}`

function lookUp(known: ReadonlyMap<string, Uint8Array>, name: KeyVersion): Uint8Array {
  const key = known.get(nameOf(name))
  if (!key) throw new Error('unknown key')
  return key
}

function readKey({ id, key }: StaticKey): Uint8Array {
  const bytes = typeof key === 'string' ? decodeBase64(id, key) : key
  if (bytes.length !== keyBytes) throw refusedKey(id, `it has ${bytes.length} bytes, 32 are needed`)
  // 32 random bytes hold some 30 different values; a passphrase padded to size, a counter or one byte repeated gives itself away.
  if (new Set(bytes).size < 16) throw refusedKey(id, 'it is not random')
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f))
    throw refusedKey(id, 'it looks like a passphrase, not like random bytes')
  if (bytes.every((byte, i) => i === 0 || byte === (((bytes[i - 1] ?? 0) + 1) & 0xff)))
    throw refusedKey(id, 'it is a counter')
  if (publishedKeys.has(createHash('sha256').update(bytes).digest('hex')))
    throw refusedKey(id, 'it is the example of the documentation, which everybody knows')
  return Uint8Array.from(bytes)
}

function decodeBase64(id: string, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text))
    throw refusedKey(id, 'as text it must be the base64 of 32 bytes (44 characters)')
  return Buffer.from(text, 'base64')
}

function refusedKey(id: string, why: string): TenantscopeError {
  return new TenantscopeError(
    'secret_key_refused',
    `Key '${id}' is refused: ${why}. Make one with: openssl rand -base64 32`,
  )
}
