import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../test/certificate.ts'
import { guid, started } from '../../test/fixture.ts'
import { done } from '../../test/scripted-runner.ts'
import type { SecretField, StoredCredential } from './credential.ts'
import type { CredentialInput } from './credential-input.ts'
import { OpenedCredential } from './opened-credential.ts'

const canary = 'canary~Q8f2.kT-4wZ'
const certificate = await selfSigned(30)
const keyBody = certificate.split('\n')[1] ?? ''

const kinds: [CredentialInput, readonly string[]][] = [
  [{ kind: 'client_secret', clientId: guid, clientSecret: canary }, [canary]],
  [{ kind: 'certificate', clientId: guid, certificate }, [keyBody]],
  [{ kind: 'username_password', clientId: guid, username: `u-${canary}`, password: canary }, [canary]],
  [{ kind: 'federated', clientId: guid }, []],
  [{ kind: 'shared_app' }, []],
]

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function setUp(allowUsernamePassword = true) {
  const fixture = await started(
    async function* () {
      yield done()
    },
    { allowUsernamePassword },
  )
  open.push(fixture.tenantscope)
  return fixture
}

/** Every printed form, and the base64 that a buffer would take in it. */
function expectNothingOf(secrets: readonly string[], value: unknown) {
  const text = [
    JSON.stringify(value),
    String(value),
    inspect(value, { depth: 20, showHidden: true }),
    inspect(value, { depth: 20, showHidden: true, customInspect: false }),
  ].join('\n')
  for (const secret of secrets) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''))
  }
}

describe('S-11 a credential is written, never read', () => {
  it.each(kinds)('by the API and in the storage: $kind', async (input, secrets) => {
    const { scope, tenant, storage } = await setUp()
    const shown = [
      await scope.m365Tenants.replaceCredentials(tenant.id, input),
      await scope.m365Tenants.credentials(tenant.id),
      await scope.m365Tenants.get(tenant.id),
      await scope.m365Tenants.list(),
      await scope.m365Tenants.update(tenant.id, { name: 'another' }),
      await scope.audit.list(),
    ]
    expect(shown[1]).toMatchObject({ kind: input.kind })
    expectNothingOf(secrets, shown)
    const stored = await storage.credentials.get({ platformTenantId: 'msp-1', m365TenantId: tenant.id })
    expect(stored?.kind).toBe(input.kind)
    expectNothingOf(secrets, stored)
  })

  it.each(kinds)('in the error of a wrong one: $kind', async (input, secrets) => {
    const { scope, tenant } = await setUp()
    const wrong = { ...input, magic: secrets[0] ?? 'x' } as unknown as CredentialInput
    const error = await scope.m365Tenants.replaceCredentials(tenant.id, wrong).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_input' })
    expectNothingOf(secrets, error)
  })

  it.each(kinds)('opened in memory, by no printer: $kind', (input) => {
    const { kind } = input
    const at = new Date()
    const fields: SecretField[] = ['client_secret', 'certificate', 'certificate_password', 'username', 'password']
    const secrets = Object.fromEntries(fields.map((field) => [field, canary]))
    const ids = { id: 'c', platformTenantId: 'msp-1', m365TenantId: 'm', clientId: guid }
    const rest = { thumbprint: null, expiresAt: null, sealed: {}, createdAt: at, updatedAt: at }
    const opened = new OpenedCredential({ ...ids, kind, ...rest } satisfies StoredCredential, secrets)
    expect(opened.secrets.password).toBe(canary)
    expectNothingOf([canary], opened)
    expectNothingOf([canary], { nested: [opened], spread: { ...opened } })
  })

  it('user name and password are refused where they are off, and nothing is stored', async () => {
    const { scope, tenant } = await setUp(false)
    const input = { kind: 'username_password', clientId: guid, username: 'u', password: canary } as const
    const error = await scope.m365Tenants.replaceCredentials(tenant.id, input).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/kind' }] })
    expectNothingOf([canary], error)
    expect(await scope.m365Tenants.credentials(tenant.id)).toMatchObject({ kind: 'client_secret' })
    const registered = scope.m365Tenants.register({
      m365TenantId: '99999999-2222-4333-8444-555555555555',
      name: 'Other',
      defaultDomain: 'other.onmicrosoft.com',
      credential: input,
    })
    await expect(registered).rejects.toMatchObject({ errors: [{ pointer: '/credential/kind' }] })
    expect((await scope.m365Tenants.list()).data).toHaveLength(1)
  })
})
