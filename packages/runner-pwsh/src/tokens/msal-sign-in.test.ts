import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { isTenantscopeError, type OpenCredential, type SignInError } from '@tenantscope/core'
import { freshTenant, type Simulator, startSimulator } from '@tenantscope/m365-simulator'
import { getGlobalDispatcher } from 'undici'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MsalSignIn, msalSignIn } from './msal-sign-in.ts'

const folder = new URL('../../test/certificates/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const base = freshTenant()
const document = freshTenant({
  app: { ...base.app, certificates: [read('cert.pem')], expiredSecrets: ['an-expired-secret'] },
})
const scope = 'https://graph.microsoft.com/.default'
const globalBefore = getGlobalDispatcher()

let simulator: Simulator
let signIn: MsalSignIn

beforeAll(async () => {
  simulator = await startSimulator({ tenants: [document], latency: 'none' })
})
afterAll(() => simulator.close())
beforeEach(() => {
  simulator.configure({ faults: [], throttle: null, tokenLifetimeSeconds: 3599, latencyScale: 1 })
  simulator.clearRequests()
  signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem, retryDelayMs: 5 })
})
afterEach(() => signIn.close())

const secretCredential = (secret = document.app.clientSecret, credentialId = 'credential-1'): OpenCredential =>
  open('client_secret', { client_secret: secret }, credentialId)

function open(
  kind: OpenCredential['kind'],
  secrets: OpenCredential['secrets'],
  credentialId = 'credential-1',
): OpenCredential {
  return { credentialId, kind, clientId: kind === 'shared_app' ? null : document.app.clientId, secrets }
}

function acquire(changes: Partial<Parameters<MsalSignIn['acquire']>[0]> = {}) {
  return signIn.acquire({
    credential: secretCredential(),
    m365TenantId: document.tenantId,
    cloud: 'commercial',
    scope,
    refresh: false,
    signal: new AbortController().signal,
    ...changes,
  })
}

async function failure(changes: Partial<Parameters<MsalSignIn['acquire']>[0]> = {}): Promise<SignInError> {
  const error = await acquire(changes).catch((reason: unknown) => reason)
  expect(isTenantscopeError(error) && error.code).toBe('sign_in_failed')
  return error as SignInError
}

const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

describe('a token', () => {
  test('for a client secret takes one request, the token request', async () => {
    const token = await acquire()
    expect(claims(token.accessToken)).toMatchObject({ appidacr: '1', tid: document.tenantId })
    expect(token.expiresAt.getTime()).toBeGreaterThan(Date.now() + 50 * 60_000)
    expect(simulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /${document.tenantId}/oauth2/v2.0/token`,
    ])
  })

  test.each([
    ['a PEM', () => ({ certificate: read('cert.pem') + read('key.pem') })],
    [
      'a PFX',
      () => ({
        certificate: readFileSync(new URL('modern.pfx', folder)).toString('base64'),
        certificate_password: 'synthetic',
      }),
    ],
  ])('for a certificate from %s', async (_, secrets) => {
    const token = await acquire({ credential: open('certificate', secrets()) })
    expect(claims(token.accessToken).appidacr).toBe('2')
  })

  test('secrets need not be enumerable', async () => {
    const secrets = Object.defineProperty({}, 'client_secret', { value: document.app.clientSecret })
    expect((await acquire({ credential: open('client_secret', secrets) })).accessToken).toMatch(/^eyJ/)
  })

  test('is kept in memory until its last minutes, per scope; refresh asks again', async () => {
    const first = await acquire()
    expect(await acquire()).toEqual(first)
    expect(simulator.requests).toHaveLength(1)
    await acquire({ scope: 'https://api.fabric.microsoft.com/.default' })
    await acquire({ refresh: true })
    expect(simulator.requests).toHaveLength(3)
  })

  test('that ends within five minutes is not given out a second time', async () => {
    simulator.configure({ tokenLifetimeSeconds: 240 })
    await acquire()
    await acquire()
    expect(simulator.requests).toHaveLength(2)
  })

  test('is asked for once when many want it at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => acquire()))
    expect(new Set(tokens.map((token) => token.accessToken)).size).toBe(1)
    expect(simulator.requests).toHaveLength(1)
  })

  test('is forgotten with its credential, and never given to another secret under the same id', async () => {
    await acquire()
    signIn.forget({ credentialId: 'credential-1' })
    await acquire()
    expect(simulator.requests).toHaveLength(2)
    expect((await failure({ credential: secretCredential('another-secret') })).aadstsCode).toBe('AADSTS7000215')
  })
})

describe('a refusal', () => {
  test.each([
    [
      'a wrong secret',
      () => ({ credential: secretCredential('wrong') }),
      'AADSTS7000215',
      'credential',
      /secret is wrong/,
    ],
    [
      'an expired secret',
      () => ({ credential: secretCredential('an-expired-secret') }),
      'AADSTS7000222',
      'credential',
      /expired/,
    ],
    [
      'an unknown application',
      () => ({ credential: { ...secretCredential(), clientId: '99999999-2222-4333-8444-555555555555' } }),
      'AADSTS700016',
      'credential',
      /not known in this tenant/,
    ],
    [
      'an unknown tenant',
      () => ({ m365TenantId: '99999999-2222-4333-8444-555555555555' }),
      'AADSTS90002',
      'credential',
      /no such tenant/,
    ],
    [
      'a service that the tenant does not have',
      () => ({ scope: 'https://unknown.example/.default' }),
      'AADSTS500011',
      'service',
      /does not have this service/,
    ],
  ] as const)('%s: code, reach and advice', async (_, changes, code, reach, words) => {
    const error = await failure(changes())
    expect(error).toMatchObject({ aadstsCode: code, reach, message: expect.stringMatching(words) })
    expect(simulator.requests).toHaveLength(1)
  })

  test('an unregistered certificate', async () => {
    simulator.tenant(document.tenantId).app.certificates = []
    try {
      const error = await failure({
        credential: open('certificate', { certificate: read('cert.pem') + read('key.pem') }),
      })
      expect(error).toMatchObject({ aadstsCode: 'AADSTS700027', reach: 'credential' })
    } finally {
      simulator.tenant(document.tenantId).app.certificates = [read('cert.pem')]
    }
  })

  test('holds neither the secret nor what Entra ID said about it', async () => {
    const error = await failure({ credential: secretCredential('canary-secret-value') })
    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)
    expect(shown).not.toMatch(/canary-secret-value|Ensure the secret|client_assertion/)
  })

  test('a tenant id that is no GUID never becomes part of a URL', async () => {
    expect((await failure({ m365TenantId: '../common' })).message).toMatch(/malformed/)
    expect(simulator.requests).toHaveLength(0)
  })
})

describe('trouble on the way', () => {
  test.each([
    ['503', { kind: 'status', status: 503 }],
    ['429', { kind: 'status', status: 429 }],
    ['HTML of a front door', { kind: 'html' }],
    ['a reset connection', { kind: 'reset' }],
  ] as const)('%s once: the next try reaches the wire and succeeds', async (_, fault) => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, ...fault, times: 1 }] })
    expect((await acquire()).accessToken).toMatch(/^eyJ/)
    expect(simulator.requests).toHaveLength(2)
  })

  test.each([
    ['503', { kind: 'status', status: 503 }],
    ['HTML', { kind: 'html' }],
    ['an empty body', { kind: 'emptyBody' }],
    ['a cut body', { kind: 'truncated' }],
  ] as const)('%s for ever: transient after the last try', async (_, fault) => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, ...fault }] })
    const error = await failure()
    expect(error.reach).toBe('transient')
    expect(error.message).not.toMatch(/undefined|null/)
    expect(simulator.requests).toHaveLength(4)
    // Nothing is remembered: as soon as the fault is over, a token comes.
    simulator.configure({ faults: [] })
    expect((await acquire()).accessToken).toMatch(/^eyJ/)
  })

  test('no answer at all ends with the time limit', async () => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, kind: 'hang' }] })
    const hurried = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem, timeoutMs: 200 })
    const previous = signIn
    signIn = hurried
    try {
      expect(await failure()).toMatchObject({ reach: 'transient', message: expect.stringContaining('in time') })
    } finally {
      await previous.close()
    }
  })

  test('an abort ends the wait with its reason; who waits for the same token still gets it', async () => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, kind: 'slow', delayMs: 300 }] })
    const abort = new AbortController()
    const leaving = acquire({ signal: abort.signal })
    const staying = acquire()
    abort.abort(new Error('enough'))
    await expect(leaving).rejects.toThrow('enough')
    expect((await staying).accessToken).toMatch(/^eyJ/)
    expect(simulator.requests).toHaveLength(1)
  })

  test('a request that everybody left is given up, and the next one starts anew', async () => {
    simulator.configure({ faults: [{ match: { service: 'signin' }, kind: 'hang', times: 1 }] })
    const abort = new AbortController()
    const left = acquire({ signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(left).rejects.toThrow('enough')
    simulator.configure({ faults: [] })
    expect((await acquire()).accessToken).toMatch(/^eyJ/)
  })

  test('an authority that is not trusted is told as such', async () => {
    const previous = signIn
    signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, retries: 0 })
    try {
      expect(await failure()).toMatchObject({ reach: 'transient', message: expect.stringContaining('caPem') })
    } finally {
      await previous.close()
    }
  })

  test('the process-wide dispatcher stays as it was', async () => {
    await acquire()
    expect(getGlobalDispatcher()).toBe(globalBefore)
  })
})
