import { randomBytes } from 'node:crypto'
import type { SealedSecret } from '../credentials/credential.ts'
import { TenantscopeError } from '../errors/errors.ts'
import { decrypt, encrypt, type KeyProvider } from './key-provider.ts'
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
      const { keyId, keyVersion } = keys.current
      const header = encodeHeader(keyId, keyVersion)
      const wrapped = await keys.wrap({ dataKey, aad: wrapAad(header, context) })
      const body = encrypt(dataKey, Buffer.from(plaintext, 'utf8'), contextAad(context))
      dataKey.fill(0)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(wrapped.length)
      const envelope = Buffer.concat([header, length, wrapped, body])
      if (envelope.length > maxEnvelopeBytes)
        throw new TenantscopeError('invalid_input', 'The secret is too large: at most 96 KB can be stored.')
      return { envelope: envelope.toString('base64'), keyId, keyVersion }
    },
    open: async ({ sealed, context }) => {
      try {
        return await open(keys, sealed, context)
      } catch {
        // One answer for every reason: which byte was wrong is nobody's business.
        throw new TenantscopeError(
          'secret_unreadable',
          'A stored secret cannot be opened: it was changed, moved, or sealed under a key that is not configured.',
        )
      }
    },
  }
}

async function open(keys: KeyProvider, sealed: SealedSecret, context: SecretContext): Promise<string> {
  if (sealed.envelope.length > (maxEnvelopeBytes * 4) / 3 + 4) throw new Error('too large')
  const bytes = Buffer.from(sealed.envelope, 'base64')
  // Buffer skips what is not base64; the round trip makes sure that the stored text is the only text for these bytes.
  if (bytes.toString('base64') !== sealed.envelope) throw new Error('not base64')
  if (bytes[0] !== formatVersion) throw new Error('format')
  const idEnd = 2 + bytes.readUInt8(1)
  const keyId = bytes.subarray(2, idEnd).toString('utf8')
  const keyVersion = bytes.readUInt32BE(idEnd)
  const header = bytes.subarray(0, idEnd + 4)
  const wrappedStart = header.length + 2
  const wrappedLength = bytes.readUInt16BE(header.length)
  if (wrappedLength > maxWrappedBytes) throw new Error('wrapped key too large')
  const wrapped = bytes.subarray(wrappedStart, wrappedStart + wrappedLength)
  const dataKey = await keys.unwrap({ wrapped, aad: wrapAad(header, context), keyId, keyVersion })
  try {
    return Buffer.from(decrypt(dataKey, bytes.subarray(wrappedStart + wrappedLength), contextAad(context))).toString(
      'utf8',
    )
  } finally {
    dataKey.fill(0)
  }
}

function encodeHeader(keyId: string, keyVersion: number): Buffer {
  const id = Buffer.from(keyId, 'utf8')
  const version = Buffer.alloc(4)
  version.writeUInt32BE(keyVersion)
  return Buffer.concat([Buffer.from([formatVersion, id.length]), id, version])
}

function wrapAad(header: Uint8Array, context: SecretContext): Uint8Array {
  return Buffer.concat([lengthPrefixed(header), contextAad(context)])
}

/** Each part with its length before it: ("ab", "c") and ("a", "bc") are different contexts. */
function contextAad(context: SecretContext): Uint8Array {
  const parts = [context.platformTenantId, context.m365TenantId, context.credentialId, context.field]
  return Buffer.concat(parts.map((part) => lengthPrefixed(Buffer.from(part, 'utf8'))))
}

function lengthPrefixed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
