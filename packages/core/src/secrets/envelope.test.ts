import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { envelopeSecretStore } from './envelope.ts'
import { staticKeys } from './key-provider.ts'

const key = randomBytes(32)
const store = envelopeSecretStore({ keys: staticKeys([{ id: 'k', version: 1, key }]) })
const context = { platformTenantId: 'msp', m365TenantId: 'm', credentialId: 'c', field: 'client_secret' }
const unreadable = { code: 'secret_unreadable' }

describe('the envelope', () => {
  it.each(['', 'a', 'pä$$wörd 🔑\u0000\n', 'x'.repeat(64 * 1024)])(
    'S-01 gives back what was sealed',
    async (plaintext) => {
      const sealed = await store.seal({ plaintext, context })
      expect(await store.open({ sealed, context })).toBe(plaintext)
      expect(sealed).toMatchObject({ keyId: 'k', keyVersion: 1 })
    },
  )

  it('S-02 never seals twice the same way', async () => {
    const envelopes = await Promise.all(Array.from({ length: 500 }, () => store.seal({ plaintext: 'same', context })))
    expect(new Set(envelopes.map((sealed) => sealed.envelope)).size).toBe(500)
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

  it('S-09 refuses an envelope that is too large before any cryptography', async () => {
    const sealed = { envelope: 'A'.repeat(200 * 1024), keyId: 'k', keyVersion: 1 }
    await expect(store.open({ sealed, context })).rejects.toMatchObject(unreadable)
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

  it('takes base64 of 32 random bytes', () => {
    expect(staticKeys([{ id: 'k', version: 1, key: randomBytes(32).toString('base64') }]).current).toEqual({
      keyId: 'k',
      keyVersion: 1,
    })
  })
})
