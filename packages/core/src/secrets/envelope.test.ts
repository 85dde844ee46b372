import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { TenantscopeError } from '../errors/errors.ts'
import { envelopeSecretStore } from './envelope.ts'
import { type KeyProvider, keyRing, staticKeys } from './key-provider.ts'

const key = randomBytes(32)
const store = envelopeSecretStore({ keys: staticKeys([{ id: 'k', version: 1, key }]) })
const context = { platformTenantId: 'msp', m365TenantId: 'm', credentialId: 'c', field: 'client_secret' }
const unreadable = { code: 'secret_unreadable' }
const other = envelopeSecretStore({ keys: staticKeys([{ id: 'foreign', version: 1, key: randomBytes(32) }]) })

/** What follows the header of an envelope whose key id has one letter. */
function partsOf(bytes: Buffer): { wrapped: Buffer; body: Buffer } {
  const start = 2 + bytes.readUInt8(1) + 4 + 2
  const end = start + bytes.readUInt16BE(start - 2)
  return { wrapped: bytes.subarray(start, end), body: bytes.subarray(end) }
}

const formsOf = (bytes: Uint8Array) => [
  Buffer.from(bytes).toString('hex'),
  Buffer.from(bytes).toString('base64').slice(0, 40),
  [...bytes.slice(0, 8)].join(', '),
  [...bytes.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
]

/** Whatever looks like a key in what people copy from. */
function publishedKeys(): string[] {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  const folders = ['packages', 'examples'].flatMap((place) =>
    readdirSync(join(root, place)).map((name) => join(root, place, name)),
  )
  const texts = [root, join(root, 'docs'), ...folders].flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.md$|\.env/.test(entry.name))
      .map((entry) => join(folder, entry.name)),
  )
  return texts.flatMap((file) => readFileSync(file, 'utf8').match(/(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?!=)/g) ?? [])
}

describe('the envelope', () => {
  it.each(['', 'a', 'pä$$wörd 🔑\u0000\n', 'x'.repeat(64 * 1024)])(
    'S-01 gives back what was sealed',
    async (plaintext) => {
      const sealed = await store.seal({ plaintext, context })
      expect(await store.open({ sealed, context })).toBe(plaintext)
      expect(sealed).toMatchObject({ keyId: 'k', keyVersion: 1 })
    },
  )

  it('S-02 seals one secret 10,000 times with 10,000 nonces and data keys', async () => {
    const dataKeys = new Set<string>()
    const keys = staticKeys([{ id: 'k', version: 1, key }])
    const watched: KeyProvider = {
      ...keys,
      wrap: (params) => {
        dataKeys.add(Buffer.from(params.dataKey).toString('hex'))
        return keys.wrap(params)
      },
    }
    const sealing = envelopeSecretStore({ keys: watched })
    const bodyNonces = new Set<string>()
    const wrapNonces = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from((await sealing.seal({ plaintext: 'same', context })).envelope, 'base64')
      const { wrapped, body } = partsOf(bytes)
      wrapNonces.add(wrapped.subarray(0, 12).toString('hex'))
      bodyNonces.add(body.subarray(0, 12).toString('hex'))
    }
    expect([dataKeys.size, bodyNonces.size, wrapNonces.size]).toEqual([10_000, 10_000, 10_000])
  })

  it('S-04 opens nothing when any single bit was flipped, and says nothing of the content', async () => {
    const plaintext = 'the-secret-value'
    const sealed = await store.seal({ plaintext, context })
    const bytes = Buffer.from(sealed.envelope, 'base64')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const error = await store
        .open({ sealed: { ...sealed, envelope: changed.toString('base64') }, context })
        .catch((e) => e)
      expect(error).toMatchObject(unreadable)
      expect(String(error)).not.toContain(plaintext)
    }
  })

  it.each([4, 8, 12, 15, 17])('S-03 opens nothing whose tag has %i bytes', async (length) => {
    const bytes = Buffer.from((await store.seal({ plaintext: 'x', context })).envelope, 'base64')
    const changed = Buffer.concat([bytes, Buffer.alloc(1)]).subarray(0, bytes.length - 16 + length)
    const sealed = { envelope: changed.toString('base64'), keyId: 'k', keyVersion: 1 }
    await expect(store.open({ sealed, context })).rejects.toMatchObject(unreadable)
  })

  it.each([0, 1, 20, 60])('S-03 opens nothing that was cut by %i bytes from its tag, or extended', async (left) => {
    const sealed = await store.seal({ plaintext: 'x', context })
    const bytes = Buffer.from(sealed.envelope, 'base64')
    for (const changed of [
      bytes.subarray(0, left),
      bytes.subarray(0, bytes.length - 1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
    ]) {
      await expect(
        store.open({ sealed: { ...sealed, envelope: changed.toString('base64') }, context }),
      ).rejects.toMatchObject(unreadable)
    }
  })

  it('S-05 opens only under the very same context', async () => {
    const sealed = await store.seal({ plaintext: 'x', context })
    for (const other of [
      { ...context, platformTenantId: 'other' },
      { ...context, m365TenantId: 'other' },
      { ...context, credentialId: 'other' },
      { ...context, field: 'password' },
    ]) {
      await expect(store.open({ sealed, context: other })).rejects.toMatchObject(unreadable)
    }
    const left = await store.seal({
      plaintext: 'x',
      context: { ...context, platformTenantId: 'ab', m365TenantId: 'c' },
    })
    await expect(
      store.open({ sealed: left, context: { ...context, platformTenantId: 'a', m365TenantId: 'bc' } }),
    ).rejects.toMatchObject(unreadable)
  })

  it('S-06 opens old envelopes after a rotation and none under a key that is gone', async () => {
    const old = await store.seal({ plaintext: 'x', context })
    const next = { id: 'k', version: 2, key: randomBytes(32) }
    const rotated = envelopeSecretStore({ keys: staticKeys([next, { id: 'k', version: 1, key }]) })
    expect(await rotated.open({ sealed: old, context })).toBe('x')
    expect(await rotated.seal({ plaintext: 'x', context })).toMatchObject({ keyVersion: 2 })
    await expect(
      envelopeSecretStore({ keys: staticKeys([next]) }).open({ sealed: old, context }),
    ).rejects.toMatchObject(unreadable)
  })

  it('S-06 wraps anew without touching the body, and only under the very same context', async () => {
    const sealed = await store.seal({ plaintext: 'x', context })
    const next = { id: 'k', version: 2, key: randomBytes(32) }
    const rotated = envelopeSecretStore({ keys: staticKeys([next, { id: 'k', version: 1, key }]) })
    const rewrap = rotated.rotation?.rewrap ?? expect.fail('no rotation')
    const after = await rewrap({ sealed, context })
    expect(after).toMatchObject({ keyId: 'k', keyVersion: 2 })
    const [one, two] = [sealed, after].map(({ envelope }) => partsOf(Buffer.from(envelope, 'base64')))
    expect(two?.body.equals(one?.body ?? Buffer.alloc(0))).toBe(true)
    expect(two?.wrapped.equals(one?.wrapped ?? Buffer.alloc(0))).toBe(false)
    expect(await rotated.open({ sealed: after, context })).toBe('x')
    // The new key alone is enough, and a second time changes nothing.
    expect(await envelopeSecretStore({ keys: staticKeys([next]) }).open({ sealed: after, context })).toBe('x')
    expect(await rewrap({ sealed: after, context })).toEqual(after)
    await expect(rewrap({ sealed, context: { ...context, credentialId: 'other' } })).rejects.toMatchObject(unreadable)
    await expect(rewrap({ sealed: { ...sealed, envelope: 'AAAA' }, context })).rejects.toMatchObject(unreadable)
  })

  it('S-06 moves from one provider to another by a key ring', async () => {
    const sealed = await store.seal({ plaintext: 'x', context })
    const current = staticKeys([{ id: 'elsewhere', version: 7, key: randomBytes(32) }])
    const keys = keyRing({ current, previous: [staticKeys([{ id: 'k', version: 1, key }])] })
    const ring = envelopeSecretStore({ keys })
    expect(await ring.open({ sealed, context })).toBe('x')
    const after = await ring.rotation?.rewrap({ sealed, context })
    expect(after).toMatchObject({ keyId: 'elsewhere', keyVersion: 7 })
    expect(await keys.knows({ keyId: 'k', keyVersion: 1 })).toBe(true)
    expect(await keys.knows({ keyId: 'k', keyVersion: 2 })).toBe(false)
    await expect(ring.open({ sealed: await other.seal({ plaintext: 'x', context }), context })).rejects.toMatchObject(
      unreadable,
    )
  })

  it('S-04 says that the keys are out of reach, which is another thing than an envelope that does not open', async () => {
    const sealed = await store.seal({ plaintext: 'x', context })
    const away = () => Promise.reject(new TenantscopeError('key_service_failed', 'No answer.', { retryable: true }))
    const keys = { ...staticKeys([{ id: 'k', version: 1, key }]), unwrap: away, wrap: away }
    const failing = envelopeSecretStore({ keys })
    const error = { code: 'key_service_failed', retryable: true }
    await expect(failing.open({ sealed, context })).rejects.toMatchObject(error)
    await expect(failing.seal({ plaintext: 'x', context })).rejects.toMatchObject(error)
  })

  it('S-09 refuses an envelope that is too large before any cryptography', async () => {
    const sealed = { envelope: 'A'.repeat(200 * 1024), keyId: 'k', keyVersion: 1 }
    await expect(store.open({ sealed, context })).rejects.toMatchObject(unreadable)
  })

  it('S-09 refuses a wrapped key of more than 4096 bytes without asking for it to be unwrapped', async () => {
    let asked = 0
    const keys = staticKeys([{ id: 'k', version: 1, key }])
    const counting = envelopeSecretStore({
      keys: {
        ...keys,
        unwrap: (params) => {
          asked += 1
          return keys.unwrap(params)
        },
      },
    })
    const header = Buffer.from([1, 1, 0x6b, 0, 0, 0, 1])
    for (const length of [4096, 4097]) {
      const size = Buffer.alloc(2)
      size.writeUInt16BE(length)
      const envelope = Buffer.concat([header, size, randomBytes(length + 40)]).toString('base64')
      const sealed = { envelope, keyId: 'k', keyVersion: 1 }
      await expect(counting.open({ sealed, context })).rejects.toMatchObject(unreadable)
    }
    expect(asked).toBe(1)
  })

  it('S-11 shows no key, however it is printed', () => {
    const keys = staticKeys([{ id: 'k', version: 1, key }])
    const printed = [keys, store, keyRing({ current: keys, previous: [keys] })].map((one) =>
      [inspect(one, { showHidden: true, depth: 10, getters: true }), JSON.stringify(one), `${one}`].join(),
    )
    for (const text of printed) for (const form of formsOf(key)) expect(text).not.toContain(form)
  })
})

describe('S-07 keys', () => {
  const counter = Uint8Array.from({ length: 32 }, (_, i) => i)
  it.each([
    ['31 bytes', randomBytes(31)],
    ['33 bytes', randomBytes(33)],
    ['all zero', new Uint8Array(32)],
    ['one byte repeated', new Uint8Array(32).fill(7)],
    ['a counter', counter],
    ['a passphrase of 32 characters', Buffer.from('correct horse battery staple 123')],
    ['a passphrase as text', 'correct horse battery staple'],
    ['hex instead of base64', randomBytes(32).toString('hex')],
  ])('refuses %s', (_, bad) => {
    expect(() => staticKeys([{ id: 'k', version: 1, key: bad }])).toThrowError(
      expect.objectContaining({ code: 'secret_key_refused' }),
    )
  })

  it('refuses every key that stands in the documentation or the examples', () => {
    const published = publishedKeys()
    expect(published.length).toBeGreaterThan(0)
    for (const example of published) {
      expect(() => staticKeys([{ id: 'k', version: 1, key: example }]), example).toThrowError(
        expect.objectContaining({ code: 'secret_key_refused', message: expect.not.stringContaining(example) }),
      )
    }
  })

  it('takes base64 of 32 random bytes', async () => {
    expect(await staticKeys([{ id: 'k', version: 1, key: randomBytes(32).toString('base64') }]).current()).toEqual({
      keyId: 'k',
      keyVersion: 1,
    })
  })
})
