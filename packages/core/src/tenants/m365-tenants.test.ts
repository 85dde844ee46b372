import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../test/certificate.ts'
import { attached, guid, started } from '../../test/fixture.ts'
import { done } from '../../test/scripted-runner.ts'
import type { PlatformTenantScope, Tenantscope } from '../tenantscope.ts'
import type { M365Tenant } from './m365-tenant.ts'

let tenantscope: Tenantscope
let scope: PlatformTenantScope
let tenant: M365Tenant
let storage: Awaited<ReturnType<typeof started>>['storage']

beforeEach(async () => {
  ;({ tenantscope, scope, tenant, storage } = await started(async function* () {
    yield done()
  }))
})
afterEach(() => tenantscope.close())

const valid = {
  m365TenantId: '99999999-2222-4333-8444-555555555555',
  name: 'Fabrikam',
  defaultDomain: 'fabrikam.onmicrosoft.com',
  credential: { kind: 'client_secret' as const, clientId: guid, clientSecret: 's3cret-value' },
}

describe('register', () => {
  it('stores the tenant under the row id and finds it by GUID too', async () => {
    expect(await scope.m365Tenants.get(tenant.id)).toEqual(tenant)
    expect(await scope.m365Tenants.get(guid.toUpperCase())).toEqual(tenant)
    expect(tenant).toMatchObject({ createdBy: 'ann', status: 'active', platformTenantId: 'msp-1' })
  })

  it('tells every wrong field at once, each with a pointer', async () => {
    const input = {
      ...valid,
      m365TenantId: 'nope',
      defaultDomain: 'not a domain',
      owner: 'x',
      credential: { kind: 'client_secret', clientId: 'x y' },
    }
    const error = await scope.m365Tenants.register(input as never).catch((e) => e)
    expect(error).toMatchObject({ code: 'invalid_input' })
    expect(error.errors.map((e: { pointer: string }) => e.pointer).sort()).toEqual([
      '/credential/clientId',
      '/credential/clientSecret',
      '/defaultDomain',
      '/m365TenantId',
      '/owner',
    ])
  })

  it('wants a credential', async () => {
    const { credential: _, ...without } = valid
    await expect(scope.m365Tenants.register(without as never)).rejects.toMatchObject({
      errors: [{ pointer: '/credential' }],
    })
  })

  it('refuses a second registration of one GUID in a platform tenant, and only there', async () => {
    await expect(scope.m365Tenants.register({ ...valid, m365TenantId: guid })).rejects.toMatchObject({
      code: 'conflict',
    })
    const other = tenantscope.forPlatformTenant('msp-2', { actor: 'bob' })
    expect((await other.m365Tenants.register({ ...valid, m365TenantId: guid })).platformTenantId).toBe('msp-2')
  })

  it('checks operator inputs by name and type', async () => {
    const inputs = { approvedPublicGroups: 'not a list', nonsense: 1 }
    const error = await scope.m365Tenants.register({ ...valid, inputs }).catch((e) => e)
    expect(error.errors.map((e: { pointer: string }) => e.pointer)).toEqual([
      '/inputs/approvedPublicGroups',
      '/inputs/nonsense',
    ])
    expect(await scope.m365Tenants.setInputs(tenant.id, { approvedPublicGroups: ['a'] })).toEqual({
      approvedPublicGroups: ['a'],
    })
  })
})

describe('what is another platform tenant is missing', () => {
  it('for every method, with the same error', async () => {
    const foreign = tenantscope.forPlatformTenant('msp-2', { actor: 'eve' })
    const scan = await scope.scans.start({ m365TenantId: tenant.id })
    const attempts: [string, (id: string) => Promise<unknown>][] = [
      ['get', (id) => foreign.m365Tenants.get(id)],
      ['update', (id) => foreign.m365Tenants.update(id, { name: 'x' })],
      ['remove', (id) => foreign.m365Tenants.remove(id)],
      ['credentials', (id) => foreign.m365Tenants.credentials(id)],
      ['replaceCredentials', (id) => foreign.m365Tenants.replaceCredentials(id, valid.credential)],
      ['testConnection', (id) => foreign.m365Tenants.testConnection(id)],
      ['inputs', (id) => foreign.m365Tenants.inputs(id)],
      ['setInputs', (id) => foreign.m365Tenants.setInputs(id, {})],
      ['start', (id) => foreign.scans.start({ m365TenantId: id })],
    ]
    for (const [name, attempt] of attempts) {
      const missing = await attempt('00000000-0000-4000-8000-00000000dead').catch((e) => e.message)
      for (const id of [tenant.id, guid])
        await expect(attempt(id), name).rejects.toMatchObject({ code: 'not_found', message: missing })
    }
    const scanAttempts: [string, (id: string) => Promise<unknown>][] = [
      ['get', (id) => foreign.scans.get(id)],
      ['cancel', (id) => foreign.scans.cancel(id)],
      ['events', (id) => Array.fromAsync(foreign.scans.events(id))],
      ['results', (id) => foreign.results.list(id)],
      ['result', (id) => foreign.results.get(id, '1.1.1')],
      ['score', (id) => foreign.results.score(id)],
      ['evidence', (id) => foreign.results.evidence(id)],
    ]
    for (const [name, attempt] of scanAttempts)
      await expect(attempt(scan.id), name).rejects.toMatchObject({ code: 'not_found' })
    expect((await foreign.m365Tenants.list()).data).toEqual([])
    expect((await foreign.scans.list()).data).toEqual([])
  })
})

describe('credentials', () => {
  it('S-11 are never shown, in no form', async () => {
    const summary = await scope.m365Tenants.credentials(tenant.id)
    expect(summary).toMatchObject({ kind: 'client_secret', clientId: guid, thumbprintLast4: null })
    expect(summary?.services).not.toContain('sharepoint')
    const stored = await storage.credentials.get({ platformTenantId: 'msp-1', m365TenantId: tenant.id })
    for (const shown of [summary, tenant, stored]) {
      expect(JSON.stringify(shown) + inspect(shown, { depth: 9, showHidden: true })).not.toContain('a-secret-value')
    }
  })

  it('take a certificate apart when it is stored, and refuse one that cannot sign in', async () => {
    const pem = await selfSigned(30)
    const summary = await scope.m365Tenants.replaceCredentials(tenant.id, {
      kind: 'certificate',
      clientId: guid,
      certificate: pem,
    })
    expect(summary).toMatchObject({ kind: 'certificate', thumbprintLast4: expect.stringMatching(/^[0-9A-F]{4}$/) })
    expect(summary.services).toContain('sharepoint')
    const refused = [
      pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')),
      'bm90IGEgcGZ4',
      await selfSigned(-1),
      `${pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'))}${(await selfSigned(30)).slice(pem.indexOf('-----BEGIN CERTIFICATE'))}`,
    ]
    for (const certificate of refused) {
      const attempt = scope.m365Tenants.replaceCredentials(tenant.id, {
        kind: 'certificate',
        clientId: guid,
        certificate,
      })
      await expect(attempt).rejects.toMatchObject({ errors: [{ pointer: '/credential/certificate' }] })
    }
  })

  it('are missing: a scan is not started', async () => {
    const getWithCredential: typeof storage.m365Tenants.getWithCredential = async (params) => {
      const found = await storage.m365Tenants.getWithCredential(params)
      return found && { ...found, credential: null }
    }
    const empty = { ...storage, m365Tenants: { ...storage.m365Tenants, getWithCredential }, close: async () => {} }
    const { scope: blind, tenantscope: second } = await attached(async function* () {}, { storage: empty })
    await expect(blind.scans.start({ m365TenantId: tenant.id })).rejects.toMatchObject({
      errors: [{ pointer: '/m365TenantId' }],
    })
    await second.close()
  })
})

describe('scans.start', () => {
  it('names unknown controls, never guesses', async () => {
    const bad = ['1.1.1', '../../etc/passwd', '__proto__', 'constructor', '１.1.1', '1.1.1\n']
    const error = await scope.scans.start({ m365TenantId: tenant.id, controlIds: bad }).catch((e) => e)
    expect(error.errors.map((e: { pointer: string }) => e.pointer)).toEqual(
      [1, 2, 3, 4, 5].map((i) => `/controlIds/${i}`),
    )
  })

  it.each([
    [{ m365TenantId: 'x' }, '/m365TenantId'],
    [{ level: 'L3' }, '/level'],
    [{ benchmark: { id: 'cis-m365', version: '4.0.0' } }, '/benchmark'],
    [{ controlIds: [] }, '/controlIds'],
    [{ attempt: 3 }, '/attempt'],
  ])('refuses %j', async (input, pointer) => {
    await expect(scope.scans.start({ m365TenantId: tenant.id, ...input } as never)).rejects.toMatchObject({
      errors: [{ pointer }],
    })
  })

  it('plans by level, profile and ids, in benchmark order', async () => {
    const start = (input: object) => scope.scans.start({ m365TenantId: tenant.id, ...input })
    expect((await start({ level: 'L2' })).plannedControls).toEqual(['1.2.1'])
    expect((await start({ profile: 'E3-L1' })).plannedControls).toEqual(['1.1.1', '5.1.2.2', '9.1.1'])
    expect((await start({ controlIds: ['9.1.1', '1.1.1', '9.1.1'] })).plannedControls).toEqual(['1.1.1', '9.1.1'])
  })
})

describe('remove', () => {
  it('takes scans and credential with it', async () => {
    const scan = await scope.scans.start({ m365TenantId: tenant.id })
    await scope.scans.finished(scan.id)
    await scope.m365Tenants.remove(tenant.id)
    await expect(scope.scans.get(scan.id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await storage.credentials.get({ platformTenantId: 'msp-1', m365TenantId: tenant.id })).toBeNull()
  })
})
