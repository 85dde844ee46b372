import { request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { freshTenant, hardenedTenant, roleTemplateId, type TenantOverrides } from '../index.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'

const base = 'https://api.interfaces.records.teams.microsoft.com/Skype.Policy/configurations'

let client: Client | undefined

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function open(overrides: TenantOverrides = {}, scope: string = scopes.teams) {
  const tenant = freshTenant(overrides)
  client = await Client.start({ tenants: [tenant] })
  const get = await signedIn(client, tenant, scope)
  return { tenant, get, own: client }
}

describe('Teams', () => {
  it.each([
    ['TeamsClientConfiguration', 'Get-CsTeamsClientConfiguration'],
    ['ExternalAccessPolicy', 'Get-CsExternalAccessPolicy'],
    ['TenantFederationSettings', 'Get-CsTenantFederationConfiguration'],
    ['TeamsAppPermissionPolicy', 'Get-CsTeamsAppPermissionPolicy'],
    ['TeamsMeetingPolicy', 'Get-CsTeamsMeetingPolicy'],
    ['TeamsMessagingPolicy', 'Get-CsTeamsMessagingPolicy'],
  ])('lists %s as a bare array with Global in it', async (type, cmdlet) => {
    const { get, own, tenant } = await open()
    const response = await get(`${base}/${type}`)
    const body = (await response.json()) as Record<string, unknown>[]
    expect(body.map((row) => row.Identity)).toEqual(tenant.teams.configurations[type]?.map((row) => row.Identity))
    expect(body.find((row) => row.Identity === 'Global')).toMatchObject({
      ConfigId: 'Global',
      ConfigMetadata: { Authority: 'Tenant' },
      Key: { ScopeClass: 'Global' },
    })
    expect(own.simulator.requests.at(-1)?.source).toBe(`teams/${cmdlet}`)
  })

  it('serves one instance by name, and names what it does not find', async () => {
    const { get } = await open()
    const one = (await (await get(`${base}/TeamsMeetingPolicy/configuration/Global`)).json()) as Record<string, unknown>
    expect(one.AutoAdmittedUsers).toBe('EveryoneInCompany')
    const tag = (await (
      await get(`${base}/TeamsMeetingPolicy/configuration/${encodeURIComponent('Tag:AllOff')}`)
    ).json()) as Record<string, unknown>
    expect(tag.ConfigId).toBe('AllOff')
    for (const path of ['TeamsMeetingPolicy/configuration/Nope', 'Nonsense']) {
      const response = await get(`${base}/${path}`)
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'NotFound'])
    }
  })

  it('answers "allow all" and an allow list in their read forms', async () => {
    const { get } = await open()
    const [fresh] = (await (await get(`${base}/TenantFederationSettings`)).json()) as Record<string, unknown>[]
    expect(fresh?.AllowedDomains).toEqual({})
    expect(hardenedTenant().teams.configurations.TenantFederationSettings?.[0]?.AllowedDomains).toEqual({
      AllowedDomain: [{ Domain: 'partner.example' }],
    })
  })

  it('compresses when asked to', async () => {
    const { own, tenant } = await open()
    const token = await own.token(tenant, scopes.teams)
    const response = await request(`${base}/TeamsMeetingPolicy`, {
      dispatcher: own.dispatcher,
      headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip, deflate' },
    })
    expect(response.headers['content-encoding']).toBe('gzip')
    await response.body.dump()
  })

  it('is 401 for a foreign token, 403 without a role or with the trap permission or without Teams', async () => {
    const foreign = await open({}, scopes.graph)
    expect((await foreign.get(`${base}/TeamsMeetingPolicy`)).status).toBe(401)
    const refused: [TenantOverrides, boolean][] = [
      [{ app: { directoryRoles: [roleTemplateId('Security Reader')] } }, true],
      [{ app: { appRoles: { teams: ['application_access_custom_sba_appliance'] } } }, true],
      [{ servicePlans: [] }, false],
    ]
    for (const [overrides, hasBody] of refused) {
      await client?.close()
      const { get } = await open(overrides)
      const response = await get(`${base}/TeamsMeetingPolicy`)
      const text = await response.text()
      expect([response.status, text !== '']).toEqual([403, hasBody])
      if (hasBody)
        expect(JSON.parse(text)).toEqual({
          code: 'Forbidden',
          message: 'Access Denied.',
          action: 'Provide different credential or request access.',
        })
    }
  })

  it('never gives the org-wide app settings to an application (status is a guess)', async () => {
    const { get } = await open()
    expect((await get('https://substrate.office.com/AdminAppCatalog/ps/v2/admin/unifiedApp/settings')).status).toBe(403)
  })
})
