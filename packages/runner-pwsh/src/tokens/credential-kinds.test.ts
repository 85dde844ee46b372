import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { isTenantscopeError, type OpenCredential, type SignInError } from '@tenantscope/core'
import { freshTenant, type Simulator, startSimulator } from '@tenantscope/m365-simulator'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MsalSignIn, type MsalSignInOptions, msalSignIn } from './msal-sign-in.ts'

const read = (name: string) => readFileSync(new URL(`../../test/certificates/${name}`, import.meta.url), 'utf8')
const issuerKey = createPrivateKey(read('key.pem'))
const trusted = {
  issuer: 'https://host.example',
  subject: 'scanner',
  publicKey: createPublicKey(issuerKey).export({ type: 'spki', format: 'pem' }).toString(),
}
const person = { userPrincipalName: 'reader@contoso.example', password: 'canary pass "wörd"', directoryRoles: [] }
const base = freshTenant()
const document = freshTenant({
  app: { ...base.app, certificates: [read('cert.pem')], federatedCredentials: [trusted], publicClient: true },
})

let simulator: Simulator
let signIn: MsalSignIn | null = null

beforeAll(async () => {
  simulator = await startSimulator({ tenants: [document], latency: 'none' })
})
afterAll(() => simulator.close())
beforeEach(() => {
  simulator.configure({ faults: [], throttle: null, tokenLifetimeSeconds: 3599, latencyScale: 1 })
  simulator.tenant(document.tenantId).passwordUsers = [{ ...person, state: 'ok' }]
  simulator.clearRequests()
})
afterEach(async () => {
  await signIn?.close()
  signIn = null
})

const use = (options: MsalSignInOptions = {}) => {
  signIn = msalSignIn({ proxyUrl: simulator.proxyUrl, caPem: simulator.caPem, retryDelayMs: 5, ...options })
  return signIn
}

const credentialOf = (kind: OpenCredential['kind'], secrets: OpenCredential['secrets'] = {}): OpenCredential => ({
  credentialId: 'credential-1',
  kind,
  clientId: kind === 'shared_app' ? null : document.app.clientId,
  secrets,
})
const userCredential = (password = person.password) =>
  credentialOf('username_password', { username: person.userPrincipalName, password })

const acquire = (by: MsalSignIn, credential: OpenCredential, signal = new AbortController().signal) =>
  by.acquire({
    credential,
    m365TenantId: document.tenantId,
    cloud: 'commercial',
    scope: 'https://graph.microsoft.com/.default',
    refresh: false,
    signal,
  })

async function failure(work: Promise<unknown>): Promise<SignInError> {
  const error = await work.catch((reason: unknown) => reason)
  expect(isTenantscopeError(error) && error.code).toBe('sign_in_failed')
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/canary/)
  return error as SignInError
}

const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

function assertion(changes: Record<string, unknown> = {}): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { issuer: iss, subject: sub } = trusted
  const exp = Math.floor(Date.now() / 1000) + 300
  const text = `${part({ alg: 'RS256' })}.${part({ iss, sub, aud: 'api://AzureADTokenExchange', exp, ...changes })}`
  return `${text}.${sign('sha256', Buffer.from(text), issuerKey).toString('base64url')}`
}

describe('federated: the host gives the assertion', () => {
  test('a token comes for it, and the host is asked once for each token, with the tenant it is for', async () => {
    const asked: unknown[] = []
    const by = use({
      clientAssertion: async ({ signal, ...params }) => {
        expect(signal.aborted).toBe(false)
        asked.push(params)
        return assertion()
      },
    })
    const token = await acquire(by, credentialOf('federated'))
    expect(claims(token.accessToken)).toMatchObject({ appidacr: '2', tid: document.tenantId })
    expect(await acquire(by, credentialOf('federated'))).toEqual(token)
    expect(asked).toEqual([{ clientId: document.app.clientId, m365TenantId: document.tenantId, cloud: 'commercial' }])
  })

  test('an assertion that the application does not trust is refused in words', async () => {
    const error = await failure(
      acquire(use({ clientAssertion: async () => assertion({ sub: 'other' }) }), credentialOf('federated')),
    )
    expect(error).toMatchObject({ aadstsCode: 'AADSTS700027', reach: 'credential' })
  })

  test.each([
    ['no option', {}, 'credential', /needs the option clientAssertion/],
    ['no JWT', { clientAssertion: async (): Promise<string> => 'canary' }, 'credential', /not a signed JWT/],
    [
      'a failing host',
      { clientAssertion: (): Promise<string> => Promise.reject(new Error('canary')) },
      'transient',
      /gave no client/,
    ],
    [
      'a host that throws at once',
      {
        clientAssertion: (): Promise<string> => {
          throw new Error('canary')
        },
      },
      'transient',
      /gave no client/,
    ],
    [
      'a host that hangs',
      { clientAssertion: () => new Promise<string>(() => {}), timeoutMs: 60 },
      'transient',
      /in time/,
    ],
  ] as const)('%s: nothing is sent', async (_, options, reach, words) => {
    const error = await failure(acquire(use(options), credentialOf('federated')))
    expect(error).toMatchObject({ aadstsCode: null, reach, message: expect.stringMatching(words) })
    expect(simulator.requests).toHaveLength(0)
  })
})

describe('shared_app: the application of the host', () => {
  test.each([
    ['secret', '1', () => ({ clientSecret: document.app.clientSecret })],
    ['certificate', '2', () => ({ certificate: read('cert.pem') + read('key.pem') })],
  ] as const)('signs in by its %s', async (_, appidacr, how) => {
    const by = use({ sharedApp: { clientId: document.app.clientId, ...how() } })
    const token = await acquire(by, credentialOf('shared_app'))
    expect(claims(token.accessToken)).toMatchObject({ appidacr, appid: document.app.clientId })
  })

  test('without the option nothing is sent; a customer who did not consent is told so', async () => {
    const none = await failure(acquire(use(), credentialOf('shared_app')))
    expect(none).toMatchObject({ reach: 'credential', message: expect.stringContaining('option sharedApp') })
    expect(simulator.requests).toHaveLength(0)
    await signIn?.close()
    const clientId = '99999999-2222-4333-8444-555555555555'
    const other = await failure(
      acquire(use({ sharedApp: { clientId, clientSecret: 'canary' } }), credentialOf('shared_app')),
    )
    expect(other).toMatchObject({ aadstsCode: 'AADSTS700016', message: expect.stringContaining('admin consent') })
  })
})

describe('username_password: only where the host allows it', () => {
  test('is off', async () => {
    const error = await failure(acquire(use(), userCredential()))
    expect(error).toMatchObject({ reach: 'credential', message: expect.stringContaining('is off') })
    expect(simulator.requests).toHaveLength(0)
  })

  test('gives the token of the person, and another password never gets it', async () => {
    const by = use({ allowUsernamePassword: true })
    const token = await acquire(by, userCredential())
    expect(claims(token.accessToken)).toMatchObject({ upn: person.userPrincipalName })
    expect((await failure(acquire(by, userCredential('canary 2')))).aadstsCode).toBe('AADSTS50126')
    expect(await acquire(by, userCredential())).toEqual(token)
  })

  test.each([
    ['mfaRequired', 'AADSTS50076', /multi-factor/],
    ['disabled', 'AADSTS50057', /disabled/],
    ['locked', 'AADSTS50053', /locked/],
    ['passwordExpired', 'AADSTS50055', /expired/],
  ] as const)('an account that is %s: code and advice, and no second try', async (state, aadstsCode, words) => {
    simulator.tenant(document.tenantId).passwordUsers = [{ ...person, state }]
    const error = await failure(acquire(use({ allowUsernamePassword: true }), userCredential()))
    expect(error).toMatchObject({ aadstsCode, reach: 'credential', message: expect.stringMatching(words) })
    expect(simulator.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })
})
