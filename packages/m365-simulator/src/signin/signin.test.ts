import { generateKeyPairSync } from 'node:crypto'
import { ConfidentialClientApplication, type INetworkModule, type NetworkRequestOptions } from '@azure/msal-node'
import { decodeJwt, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshTenant, roleTemplateId, type TenantDocument } from '../index.ts'
import { type AssertionOptions, assertion, assertionType } from '../testing/assertion.ts'
import { type TestCertificate, testCertificate } from '../testing/certificate.ts'
import { Client, scopes } from '../testing/client.ts'

let client: Client
let tenant: TenantDocument
let certificate: TestCertificate
let stranger: TestCertificate

beforeAll(async () => {
  ;[certificate, stranger] = await Promise.all([testCertificate(), testCertificate('stranger')])
  tenant = freshTenant({ app: { certificates: [certificate.pem], expiredSecrets: ['last-year'] } })
  client = await Client.start({ tenants: [tenant] })
})

afterAll(() => client?.close())

async function withAssertion(signer: TestCertificate, options: AssertionOptions = {}) {
  const form = { client_assertion: await assertion(tenant, signer, options), client_assertion_type: assertionType }
  return client.signIn(tenant, scopes.graph, form)
}

describe('a token', () => {
  it('carries the tenant, the granted permissions, the directory roles and the kind of credential', async () => {
    const claims = decodeJwt(await client.token(tenant, scopes.graph))
    expect(claims).toMatchObject({
      aud: 'https://graph.microsoft.com',
      tid: tenant.tenantId,
      appid: tenant.app.clientId,
      appidacr: '1',
      roles: tenant.app.appRoles.graph,
      wids: [roleTemplateId('Global Reader'), roleTemplateId('Security Reader')],
    })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3599)
  })

  it('has the audience of its scope, and no roles claim when nothing was consented', async () => {
    const claims = decodeJwt(await client.token(tenant, scopes.teams))
    expect(claims.aud).toBe('48ac35b8-9aa8-4d74-927d-1f4a14a0b239')
    expect(claims.roles).toBeUndefined()
    const admin = decodeJwt(await client.token(tenant, 'https://contoso-admin.sharepoint.com/.default'))
    expect(admin.aud).toBe('https://contoso-admin.sharepoint.com')
  })

  it.each(['PS256', 'RS256'] as const)('is given for a certificate assertion signed with %s', async (algorithm) => {
    const { status, body } = await withAssertion(certificate, { algorithm })
    expect(status).toBe(200)
    expect(decodeJwt(String(body.access_token)).appidacr).toBe('2')
  })

  it('accepts an assertion for the tenant named by its domain', async () => {
    const { status } = await withAssertion(certificate, {
      audience: 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token',
    })
    expect(status).toBe(200)
  })
})

describe('a refused sign-in', () => {
  const other = '99999999-0000-4000-8000-000000000000'
  it.each([
    ['a wrong secret', { client_secret: 'nope' }, 401, 7000215, 'invalid_client'],
    ['an expired secret', { client_secret: 'last-year' }, 401, 7000222, 'invalid_client'],
    ['no secret', { client_secret: '' }, 401, 7000218, 'invalid_client'],
    ['an unknown application', { client_id: other }, 400, 700016, 'unauthorized_client'],
    ['a scope that is not .default', { scope: 'https://graph.microsoft.com/User.Read' }, 400, 1002012, 'invalid_scope'],
    ['two scopes', { scope: `${scopes.graph} ${scopes.exchange}` }, 400, 70011, 'invalid_scope'],
    [
      'a resource the tenant does not have',
      { scope: 'https://nobody.example/.default' },
      400,
      500011,
      'invalid_resource',
    ],
  ])('for %s has the service’s own code', async (_, form, status, code, error) => {
    const answer = await client.signIn(tenant, scopes.graph, form as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ error, error_codes: [code] })
    expect(String(answer.body.error_description)).toMatch(
      new RegExp(`^AADSTS${code}: .* Trace ID: .* Correlation ID: .* Timestamp: `),
    )
  })

  it.each([
    ['99999999-0000-4000-8000-000000000000', 90002],
    ['unknown.example', 90002],
    ['no_tenant', 900023],
  ])('for tenant %s is AADSTS%i', async (name, code) => {
    const answer = await client.signIn({ ...tenant, tenantId: name }, scopes.graph)
    expect(answer.body.error_codes).toEqual([code])
  })

  it('tells assertions apart by what is wrong with them', async () => {
    expect((await withAssertion(stranger)).body.error_codes).toEqual([700027])
    expect(
      (await withAssertion(certificate, { audience: 'https://login.microsoftonline.us/x/oauth2/v2.0/token' })).body
        .error_codes,
    ).toEqual([700023])
    expect(
      (await withAssertion(certificate, { notBefore: Math.floor(Date.now() / 1000) - 7200 })).body.error_codes,
    ).toEqual([700024])
    // No public source names a code for a foreign issuer: 700027 is a guess.
    expect((await withAssertion(certificate, { issuer: other })).body.error_codes).toEqual([700027])
    const forged = { ...stranger, sha1: certificate.sha1, sha256: certificate.sha256 }
    expect((await withAssertion(forged)).body.error_codes).toEqual([700027])
  })
})

describe('a federated assertion', () => {
  it('is trusted by issuer, subject and key, and counts like a certificate', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const trusted = {
      issuer: 'https://ci.example',
      subject: 'repo:scanner',
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    }
    tenant.app.federatedCredentials = [trusted]
    const signed = (subject: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(trusted.issuer)
        .setSubject(subject)
        .setAudience('api://AzureADTokenExchange')
        .setExpirationTime('5m')
        .sign(privateKey)
    const send = async (subject: string) =>
      client.signIn(tenant, scopes.graph, {
        client_assertion: await signed(subject),
        client_assertion_type: assertionType,
      })
    expect(decodeJwt(String((await send('repo:scanner')).body.access_token)).appidacr).toBe('2')
    expect((await send('repo:other')).body.error_codes).toEqual([700027])
    tenant.app.federatedCredentials = []
  })
})

describe('the password grant', () => {
  const person = {
    userPrincipalName: 'admin@contoso.onmicrosoft.com',
    password: 'pass word',
    directoryRoles: [roleTemplateId('Global Reader')],
  }
  const send = (form: Record<string, string> = {}) =>
    client.signIn(tenant, `openid ${scopes.graph}`, {
      grant_type: 'password',
      username: person.userPrincipalName,
      password: person.password,
      ...form,
    })

  it('gives a delegated token', async () => {
    tenant.passwordUsers = [{ ...person, state: 'ok' }]
    const claims = decodeJwt(String((await send()).body.access_token))
    expect(claims).toMatchObject({ idtyp: 'user', upn: person.userPrincipalName, wids: person.directoryRoles })
    expect(claims.roles).toBeUndefined()
    const response = await client.fetch('https://graph.microsoft.com/v1.0/organization', {
      headers: { authorization: `Bearer ${(await send()).body.access_token}` },
    })
    expect(response.status).toBe(200)
  })

  it.each([
    ['mfaRequired', 50076],
    ['disabled', 50057],
    ['locked', 50053],
    ['passwordExpired', 50055],
  ] as const)('of an account that is %s fails with %i', async (state, code) => {
    tenant.passwordUsers = [{ ...person, state }]
    expect((await send()).body.error_codes).toEqual([code])
  })

  it('tells a wrong password from an unknown account, and asks a confidential application for its secret', async () => {
    tenant.passwordUsers = [{ ...person, state: 'ok' }]
    expect((await send({ password: 'x' })).body.error_codes).toEqual([50126])
    expect((await send({ username: 'nobody@contoso.com' })).body.error_codes).toEqual([50034])
    expect((await send({ client_secret: '' })).body.error_codes).toEqual([7000218])
    tenant.app.publicClient = true
    expect((await send({ client_secret: '' })).status).toBe(200)
    tenant.app.publicClient = false
  })
})

describe('discovery', () => {
  it('turns a domain into the tenant', async () => {
    const response = await client.fetch(
      'https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration',
    )
    const body = (await response.json()) as Record<string, string>
    expect(body.issuer).toBe(`https://login.microsoftonline.com/${tenant.tenantId}/v2.0`)
    const keys = (await (await client.fetch(String(body.jwks_uri))).json()) as { keys: unknown[] }
    expect(keys.keys).toHaveLength(1)
  })

  it('knows its own instance and no other', async () => {
    const ask = (endpoint: string) =>
      client.fetch(
        `https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(endpoint)}`,
      )
    expect((await ask('https://login.microsoftonline.com/x/oauth2/v2.0/authorize')).status).toBe(200)
    expect((await ask('https://login.example.org/x/oauth2/v2.0/authorize')).status).toBe(400)
  })
})

/** MSAL with the real authority; only its way to the network goes through the proxy. */
function networkClient(): INetworkModule {
  const send = async (url: string, method: string, options?: NetworkRequestOptions) => {
    const response = await client.fetch(url, {
      method,
      headers: options?.headers ?? {},
      ...(options?.body === undefined ? {} : { body: options.body }),
    })
    return {
      headers: Object.fromEntries(response.headers.entries()),
      body: (await response.json()) as never,
      status: response.status,
    }
  }
  return {
    sendGetRequestAsync: (url, options) => send(url, 'GET', options),
    sendPostRequestAsync: (url, options) => send(url, 'POST', options),
  }
}

describe('msal-node', () => {
  const application = (credential: Record<string, unknown>) =>
    new ConfidentialClientApplication({
      auth: {
        clientId: tenant.app.clientId,
        authority: `https://login.microsoftonline.com/${tenant.tenantId}`,
        ...credential,
      },
      system: { networkClient: networkClient() },
    })

  it('signs in with a secret', async () => {
    const result = await application({ clientSecret: tenant.app.clientSecret }).acquireTokenByClientCredential({
      scopes: [scopes.graph],
    })
    expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({ appidacr: '1', tid: tenant.tenantId })
  })

  it('signs in with a certificate', async () => {
    const clientCertificate = { thumbprintSha256: certificate.sha256, privateKey: certificate.privateKeyPem }
    const result = await application({ clientCertificate }).acquireTokenByClientCredential({ scopes: [scopes.graph] })
    expect(decodeJwt(result?.accessToken ?? '')).toMatchObject({ appidacr: '2', tid: tenant.tenantId })
  })

  it('reports the code of a refusal', async () => {
    const refused = application({ clientSecret: 'nope' }).acquireTokenByClientCredential({ scopes: [scopes.graph] })
    await expect(refused).rejects.toMatchObject({ errorCode: 'invalid_client', errorNo: 7000215 })
  })
})
