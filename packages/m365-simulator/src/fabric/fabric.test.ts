import { afterEach, describe, expect, it } from 'vitest'
import { freshTenant, type TenantOverrides } from '../index.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'

const url = 'https://api.fabric.microsoft.com/v1/admin/tenantsettings'
const powerBi = 'https://analysis.windows.net/powerbi/api/.default'

let client: Client | undefined

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function open(overrides: TenantOverrides = {}, scope: string = scopes.fabric) {
  const tenant = freshTenant(overrides)
  client = await Client.start({ tenants: [tenant] })
  return { tenant, get: await signedIn(client, tenant, scope), own: client }
}

describe('Fabric', () => {
  it.each(['tenantSettings', 'value'] as const)('answers in the envelope %s', async (envelope) => {
    const { get, own, tenant } = await open({ fabric: { envelope } })
    const body = (await (await get(url)).json()) as Record<string, { settingName: string }[]>
    expect(Object.keys(body)).toEqual([envelope])
    expect(body[envelope]).toEqual(tenant.fabric.settings)
    expect(own.simulator.requests.at(-1)?.source).toBe('fabric/tenantSettings')
  })

  it('serves the older host, and takes either token at either host', async () => {
    const { get } = await open({}, powerBi)
    expect((await get('https://api.powerbi.com/v1/admin/tenantsettings')).status).toBe(200)
    expect((await get(url)).status).toBe(200)
  })

  it('pages by continuation', async () => {
    const { get, tenant } = await open({ fabric: { pageSize: 4 } })
    const names: string[] = []
    let next: string | undefined = url
    while (next !== undefined) {
      const body = (await (await get(next)).json()) as {
        tenantSettings: { settingName: string }[]
        continuationUri?: string
        continuationToken?: string
      }
      expect(body.continuationUri === undefined).toBe(body.continuationToken === undefined)
      names.push(...body.tenantSettings.map((row) => row.settingName))
      next = body.continuationUri
    }
    expect(names).toEqual(tenant.fabric.settings.map((row) => row.settingName))
    expect((await get(`${url}?continuationToken=made-up`)).status).toBe(400)
  })

  it('refuses for its own reasons', async () => {
    const off = await open({ fabric: { servicePrincipalsAllowed: false } })
    const response = await off.get(url)
    expect([response.status, ((await response.json()) as { errorCode: string }).errorCode]).toEqual([
      401,
      'Unauthorized',
    ])
    await client?.close()
    const consented = await open({ app: { appRoles: { fabric: ['Tenant.Read.All'] } } })
    expect((await consented.get(url)).status).toBe(500)
    await client?.close()
    const foreign = await open({}, scopes.graph)
    expect((await foreign.get(url)).status).toBe(401)
  })

  it('does not exist where Power BI was never provisioned', async () => {
    const { own, tenant } = await open({ servicePlans: ['EXCHANGE_S_ENTERPRISE'] }, scopes.graph)
    expect((await own.signIn(tenant, scopes.fabric)).body.error_codes).toEqual([500011])
  })
})
