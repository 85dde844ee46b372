import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startVaultStub, stubKey, type VaultStub } from '../../test/vault-stub.ts'
import { envelopeSecretStore } from './envelope.ts'
import { keyRing, staticKeys } from './key-provider.ts'
import { type VaultTransitOptions, vaultTransitKeys } from './vault-transit-keys.ts'

const context = { platformTenantId: 'msp', m365TenantId: 'm', credentialId: 'c', field: 'client_secret' }
const plaintext = 'canary-of-a-secret'

let vault: VaultStub
beforeEach(async () => {
  vault = await startVaultStub()
})
afterEach(() => vault.close())

const keysOf = (changes: Partial<VaultTransitOptions> = {}) =>
  vaultTransitKeys({ url: vault.url, key: 'main', token: async () => vault.token, timeoutMs: 2_000, ...changes })
const storeOf = (changes: Partial<VaultTransitOptions> = {}) => envelopeSecretStore({ keys: keysOf(changes) })

async function failure(work: Promise<unknown>): Promise<{ code?: string; retryable?: boolean; message: string }> {
  const error = await work.then(
    () => expect.unreachable('it succeeded'),
    (reason: unknown) => reason,
  )
  const shown = inspect(error, { depth: 10, showHidden: true })
  expect(shown).not.toContain(vault.token)
  expect(shown).not.toContain(plaintext)
  return error as { code?: string; retryable?: boolean; message: string }
}

describe('S-05 S-06 keys in Vault', () => {
  it('wraps over the documented API; the secret itself never goes there', async () => {
    const store = storeOf({ namespace: 'team' })
    const sealed = await store.seal({ plaintext, context })
    expect(sealed).toMatchObject({ keyId: 'main', keyVersion: 1 })
    expect(await store.open({ sealed, context })).toBe(plaintext)
    expect(vault.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/transit/keys/main',
      'POST /v1/transit/encrypt/main',
      'POST /v1/transit/decrypt/main',
    ])
    expect(vault.requests[0]?.headers).toMatchObject({ 'x-vault-token': vault.token, 'x-vault-namespace': 'team' })
    expect(vault.requests[1]?.body).toMatchObject({ key_version: 1, associated_data: expect.any(String) })
    expect(JSON.stringify(vault.requests)).not.toContain(Buffer.from(plaintext).toString('base64').slice(0, 16))
  })

  it.each([false, true])('binds the data key to its place (derived key: %s)', async (derived) => {
    vault.keys.set('main', stubKey({ derived }))
    const keys = keysOf()
    const key = { keyId: 'main', keyVersion: 1 }
    const dataKey = randomBytes(32)
    const wrapped = await keys.wrap({ dataKey, aad: Buffer.from('here'), key })
    expect(Buffer.from(await keys.unwrap({ wrapped, aad: Buffer.from('here'), key }))).toEqual(dataKey)
    const [moved, ...others] = await Promise.all([
      failure(keys.unwrap({ wrapped, aad: Buffer.from('there'), key })),
      failure(keys.unwrap({ wrapped, aad: Buffer.from('here'), key: { ...key, keyVersion: 2 } })),
      failure(keys.unwrap({ wrapped, aad: Buffer.from('here'), key: { ...key, keyId: 'other' } })),
    ])
    for (const error of [moved, ...others]) expect(error?.code).toBeUndefined()
  })

  it('moves from static keys, and over a rotation in Vault, with the body unchanged', async () => {
    const previous = staticKeys([{ id: 'old', version: 1, key: randomBytes(32) }])
    const before = await envelopeSecretStore({ keys: previous }).seal({ plaintext, context })
    const ring = envelopeSecretStore({ keys: keyRing({ current: keysOf(), previous: [previous] }) })
    const moved = await ring.rotation?.rewrap({ sealed: before, context })
    if (!moved) throw new Error('no rotation')
    expect(moved).toMatchObject({ keyId: 'main', keyVersion: 1 })

    vault.keys.get('main')?.versions.push(randomBytes(32))
    const later = storeOf()
    const rotated = await later.rotation?.rewrap({ sealed: moved, context })
    if (!rotated) throw new Error('no rotation')
    expect(rotated.keyVersion).toBe(2)
    expect(rotated.envelope.slice(-24)).toBe(before.envelope.slice(-24))
    expect(await later.open({ sealed: rotated, context })).toBe(plaintext)
    expect(await later.open({ sealed: moved, context })).toBe(plaintext)
  })

  it('knows the versions that Vault still decrypts, also one that has just come', async () => {
    const keys = keysOf()
    expect(await keys.current()).toEqual({ keyId: 'main', keyVersion: 1 })
    vault.keys.set('main', stubKey({ oldest: 2, versions: [1, 2, 3].map(() => randomBytes(32)) }))
    expect(await keys.knows({ keyId: 'main', keyVersion: 3 })).toBe(true)
    expect(await keys.knows({ keyId: 'main', keyVersion: 1 })).toBe(false)
    expect(await keys.knows({ keyId: 'main', keyVersion: 4 })).toBe(false)
    expect(await keys.knows({ keyId: 'other', keyVersion: 3 })).toBe(false)
  })
})

describe('trouble with Vault is typed, and says neither token nor secret', () => {
  const says =
    (status: number, body: string, headers = {}) =>
    (response: ServerResponse): void => {
      response.writeHead(status, headers).end(body)
    }
  it.each([
    ['sealed', says(503, '{"errors":["Vault is sealed"]}'), true, /sealed/],
    ['overloaded', says(429, ''), true, /429/],
    ['a fault', says(500, '{"errors":["internal"]}'), true, /500/],
    ['HTML', says(200, '<html>'), true, /not of the transit API/],
    ['another JSON', says(200, '{"data":{"latest_version":"1"}}'), true, /not of the transit API/],
    ['an answer without end', says(200, 'x'.repeat(200_000)), true, /none that could be read/],
    ['a cut connection', (response: ServerResponse): void => void response.destroy(), true, /no answer/],
    ['an unknown path', says(404, '{"errors":[]}'), false, /no such key/],
  ] as const)('%s', async (_, instead, retryable, words) => {
    vault.instead = instead
    const error = await failure(storeOf().seal({ plaintext, context }))
    expect(error).toMatchObject({ code: 'key_service_failed', retryable, message: expect.stringMatching(words) })
  })

  it('no answer at all ends with the time limit', async () => {
    vault.instead = () => {}
    const error = await failure(storeOf({ timeoutMs: 100 }).seal({ plaintext, context }))
    expect(error).toMatchObject({ code: 'key_service_failed', retryable: true })
    const noToken = await failure(
      storeOf({ timeoutMs: 50, token: () => new Promise(() => {}) }).seal({ plaintext, context }),
    )
    expect(noToken).toMatchObject({ code: 'key_service_failed', message: expect.stringContaining('no token in time') })
  })

  it('a redirect is not followed: the token stays here', async () => {
    const elsewhere = await startVaultStub()
    try {
      vault.instead = says(307, '', { location: `${elsewhere.url}/v1/transit/keys/main` })
      const error = await failure(storeOf().seal({ plaintext, context }))
      expect(error).toMatchObject({ code: 'key_service_failed', message: expect.stringContaining('redirects (307)') })
      expect(elsewhere.requests).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })

  it('a wrong token, a token that cannot be got, a token that is none', async () => {
    const wrong = await failure(storeOf({ token: async () => 'wrong' }).seal({ plaintext, context }))
    expect(wrong).toMatchObject({ code: 'key_service_failed', retryable: false })
    const broken = storeOf({ token: () => Promise.reject(new Error(`login with ${vault.token} failed`)) })
    expect(await failure(broken.seal({ plaintext, context }))).toMatchObject({ code: 'key_service_failed' })
    const split = storeOf({ token: async () => `${vault.token}\r\nx: y` })
    expect(await failure(split.seal({ plaintext, context }))).toMatchObject({ retryable: false })
  })

  it('a stored secret is unreadable only when Vault says so, not when it is out of reach', async () => {
    const store = storeOf()
    const sealed = await store.seal({ plaintext, context })
    vault.instead = says(503, '')
    expect(await failure(store.open({ sealed, context }))).toMatchObject({
      code: 'key_service_failed',
      retryable: true,
    })
    vault.instead = null
    vault.keys.delete('main')
    expect(await failure(store.open({ sealed, context }))).toMatchObject({ code: 'secret_unreadable' })
    expect(await failure(storeOf().seal({ plaintext, context }))).toMatchObject({ code: 'key_service_failed' })
  })

  it('S-07 a key of a type that binds nothing is refused', async () => {
    vault.keys.set('main', stubKey({ type: 'rsa-4096' }))
    expect(await failure(storeOf().seal({ plaintext, context }))).toMatchObject({ code: 'secret_key_refused' })
  })

  it.each([
    ['/url', { url: 'http://vault.example:8200' }],
    ['/url', { url: 'https://user:secret@vault.example' }],
    ['/url', { url: 'none' }],
    ['/mount', { mount: '../sys' }],
    ['/key', { key: 'a/../b' }],
    ['/timeoutMs', { timeoutMs: 0 }],
  ])('an unusable option is told at once: %s', (pointer, changes) => {
    expect(() => keysOf(changes)).toThrow(
      expect.objectContaining({ code: 'invalid_input', errors: [expect.objectContaining({ pointer })] }),
    )
  })
})
