import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { TenantscopeError } from '../errors/errors.ts'

/**
 * Holds the key-encryption keys. The envelope hands it data keys to wrap; it never sees a secret. A KMS implements this interface.
 * `unwrap` throws for a key it does not know and for anything that was changed.
 */
export interface KeyProvider {
  /** The key that new envelopes are wrapped with. */
  readonly current: { keyId: string; keyVersion: number }
  wrap(params: { dataKey: Uint8Array; aad: Uint8Array }): Promise<Uint8Array>
  unwrap(params: { wrapped: Uint8Array; aad: Uint8Array; keyId: string; keyVersion: number }): Promise<Uint8Array>
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
const nonceBytes = 12
const tagBytes = 16

/** Keys given as bytes. The first one wraps new envelopes, the others still open old ones. Weak keys are refused with `secret_key_refused`. */
export function staticKeys(keys: readonly [StaticKey, ...StaticKey[]]): KeyProvider {
  const known = new Map<string, Uint8Array>()
  for (const key of keys) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(key.id))
      throw refusedKey(key.id.slice(0, 64), 'its id must be 1 to 64 characters of A-Z a-z 0-9 . _ -')
    if (!Number.isInteger(key.version) || key.version < 1 || key.version > 0xffff_ffff)
      throw refusedKey(key.id, 'its version must be a whole number from 1')
    const name = `${key.id}:${key.version}`
    if (known.has(name)) throw refusedKey(key.id, `version ${key.version} is given twice`)
    known.set(name, readKey(key))
  }
  const [{ id: keyId, version: keyVersion }] = keys
  return {
    current: { keyId, keyVersion },
    wrap: async ({ dataKey, aad }) => encrypt(lookUp(known, keyId, keyVersion), dataKey, aad),
    unwrap: async ({ wrapped, aad, keyId: id, keyVersion: version }) =>
      decrypt(lookUp(known, id, version), wrapped, aad),
  }
}

function lookUp(known: ReadonlyMap<string, Uint8Array>, keyId: string, keyVersion: number): Uint8Array {
  const key = known.get(`${keyId}:${keyVersion}`)
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

/** AES-256-GCM: nonce, ciphertext, tag. Node would take a tag of 4 bytes unless its length is fixed here. */
export function encrypt(key: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(aad)
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Throws for anything that `encrypt` did not make under the same key and the same associated data. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('too short')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()])
}
