import { randomBytes } from 'node:crypto'
import type { SealedSecret } from '../credentials/credential.ts'
import { isTenantscopeError, TenantscopeError } from '../errors/errors.ts'
import { decrypt, encrypt } from './aes-gcm.ts'
import type { KeyProvider, KeyVersion } from './key-provider.ts'
import type { SecretContext, SecretStore } from './secret-store.ts'

/*
 * The envelope, byte by byte:
 *   1      format version (1)
 *   1      length of the key id, then the key id (UTF-8)
 *   4      key version, big endian
 *   2      length of the wrapped data key, then the wrapped data key
 *   rest   nonce (12), ciphertext, tag (16), under a data key of its own
 *
 * The data key's wrapping is bound to the header and the context; the body is bound to the context only. So a rotation can wrap the data key anew and
 * leave every byte of the body as it is, and still nothing of an envelope can be changed or moved.
 */
const formatVersion = 1
const maxEnvelopeBytes = 128 * 1024
const maxWrappedBytes = 4096

/** A SecretStore that encrypts each secret under a data key of its own (AES-256-GCM), wrapped by `keys`. */
export function envelopeSecretStore(options: { keys: KeyProvider }): SecretStore {
  const { keys } = options
  return {
    seal: async ({ plaintext, context }) => {
      const dataKey = randomBytes(32)
      const key = await keys.current()
      const header = encodeHeader(key)
      const aad = contextAad(context)
      const wrapped = await keys.wrap({ dataKey, aad: wrapAad(header, aad), key })
      const body = encrypt(dataKey, Buffer.from(plaintext, 'utf8'), aad)
      dataKey.fill(0)
      return { envelope: assemble(header, wrapped, body), ...key }
    },
    open: ({ sealed, context }) => unreadableUnless(() => open(keys, sealed, context)),
    rotation: {
      current: () => keys.current(),
      knows: (key) => keys.knows(key),
      rewrap: ({ sealed, context }) => unreadableUnless(() => rewrap(keys, sealed, context)),
    },
  }
}

/** One answer for every reason: which byte was wrong is nobody's business. That the keys are out of reach is no secret, and another try may help. */
async function unreadableUnless<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (isTenantscopeError(error) && error.code === 'key_service_failed') throw error
    throw new TenantscopeError(
      'secret_unreadable',
      'A stored secret cannot be opened: it was changed, moved, or sealed under a key that is not configured.',
    )
  }
}

async function open(keys: KeyProvider, sealed: SealedSecret, context: SecretContext): Promise<string> {
  const { header, wrapped, body, key } = takeApart(sealed)
  const aad = contextAad(context)
  const dataKey = await keys.unwrap({ wrapped, aad: wrapAad(header, aad), key })
  try {
    const { buffer, byteOffset, byteLength } = decrypt(dataKey, body, aad)
    return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
  } finally {
    dataKey.fill(0)
  }
}

/** The secret itself stays closed: only its data key is taken out and wrapped again. */
async function rewrap(keys: KeyProvider, sealed: SealedSecret, context: SecretContext): Promise<SealedSecret> {
  const { header, wrapped, body, key } = takeApart(sealed)
  const next = await keys.current()
  if (key.keyId === next.keyId && key.keyVersion === next.keyVersion) return { envelope: sealed.envelope, ...next }
  const aad = contextAad(context)
  const dataKey = await keys.unwrap({ wrapped, aad: wrapAad(header, aad), key })
  try {
    const nextHeader = encodeHeader(next)
    const rewrapped = await keys.wrap({ dataKey, aad: wrapAad(nextHeader, aad), key: next })
    return { envelope: assemble(nextHeader, rewrapped, body), ...next }
  } finally {
    dataKey.fill(0)
  }
}

function assemble(header: Uint8Array, wrapped: Uint8Array, body: Uint8Array): string {
  if (wrapped.length > maxWrappedBytes)
    throw new TenantscopeError('key_service_failed', 'The key provider wrapped a data key into more than 4096 bytes.')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(wrapped.length)
  const envelope = Buffer.concat([header, length, wrapped, body])
  if (envelope.length > maxEnvelopeBytes)
    throw new TenantscopeError('invalid_input', 'The secret is too large: at most 96 KB can be stored.')
  return envelope.toString('base64')
}

interface Parts {
  header: Uint8Array
  wrapped: Uint8Array
  body: Uint8Array
  /** As the header says, which the wrapping is bound to. What is stored beside the envelope is for storage to index. */
  key: KeyVersion
}

function takeApart(sealed: SealedSecret): Parts {
  if (sealed.envelope.length > (maxEnvelopeBytes * 4) / 3 + 4) throw new Error('too large')
  const bytes = Buffer.from(sealed.envelope, 'base64')
  // Buffer skips what is not base64; the round trip makes sure that the stored text is the only text for these bytes.
  if (bytes.toString('base64') !== sealed.envelope) throw new Error('not base64')
  if (bytes[0] !== formatVersion) throw new Error('format')
  const idEnd = 2 + bytes.readUInt8(1)
  const key = { keyId: bytes.subarray(2, idEnd).toString('utf8'), keyVersion: bytes.readUInt32BE(idEnd) }
  const header = bytes.subarray(0, idEnd + 4)
  const wrappedStart = header.length + 2
  const wrappedLength = bytes.readUInt16BE(header.length)
  if (wrappedLength > maxWrappedBytes) throw new Error('wrapped key too large')
  const bodyStart = wrappedStart + wrappedLength
  return { header, wrapped: bytes.subarray(wrappedStart, bodyStart), body: bytes.subarray(bodyStart), key }
}

function encodeHeader({ keyId, keyVersion }: KeyVersion): Buffer {
  const idBytes = Buffer.byteLength(keyId, 'utf8')
  const header = Buffer.allocUnsafe(2 + idBytes + 4)
  header.writeUInt8(formatVersion, 0)
  header.writeUInt8(idBytes, 1)
  header.write(keyId, 2, 'utf8')
  header.writeUInt32BE(keyVersion, 2 + idBytes)
  return header
}

function wrapAad(header: Uint8Array, context: Uint8Array): Uint8Array {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(header.length)
  return Buffer.concat([length, header, context])
}

/** Each part with its length before it: ("ab", "c") and ("a", "bc") are different contexts. */
function contextAad(context: SecretContext): Uint8Array {
  const parts = [context.platformTenantId, context.m365TenantId, context.credentialId, context.field]
  const lengths = parts.map((part) => Buffer.byteLength(part, 'utf8'))
  const aad = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0))
  let at = 0
  for (const [i, part] of parts.entries()) {
    at = aad.writeUInt32BE(lengths[i] ?? 0, at)
    at += aad.write(part, at, 'utf8')
  }
  return aad
}
