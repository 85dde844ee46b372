import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freshTenant, type TenantDocument, type TenantOverrides } from '../index.ts'
import { certificateToken } from '../testing/assertion.ts'
import { type TestCertificate, testCertificate } from '../testing/certificate.ts'
import { Client, scopes } from '../testing/client.ts'

const admin = 'https://contoso-admin.sharepoint.com'
const scope = `${admin}/.default`
const construction = '<Constructor Id="1" TypeId="{268004ae-ef6b-4e9b-8425-127220d84719}" />'

const tenantXml = `<Request xmlns="http://schemas.microsoft.com/sharepoint/clientquery/2009"><Actions><ObjectPath Id="2" ObjectPathId="1" /><Query Id="3" ObjectPathId="1"><Query SelectAllProperties="true"><Properties /></Query></Query></Actions><ObjectPaths>${construction}</ObjectPaths></Request>`

function sitesXml(startIndex: string, personal: string): string {
  return `<Request xmlns="http://schemas.microsoft.com/sharepoint/clientquery/2009"><Actions><ObjectPath Id="2" ObjectPathId="1" /><ObjectPath Id="4" ObjectPathId="3" /><Query Id="5" ObjectPathId="3"><Query SelectAllProperties="true"><Properties /></Query></Query></Actions><ObjectPaths>${construction}<Method Id="3" ParentId="1" Name="GetSitePropertiesFromSharePointByFilters"><Parameters><Parameter TypeId="{b92aeee2-c92c-4b67-abcc-024e471bc140}"><Property Name="Filter" Type="Null" /><Property Name="IncludeDetail" Type="Boolean">true</Property><Property Name="IncludePersonalSite" Type="Enum">${personal}</Property><Property Name="StartIndex" Type="String">${startIndex}</Property><Property Name="Template" Type="Null" /></Parameter></Parameters></Method></ObjectPaths></Request>`
}

let certificate: TestCertificate
let client: Client | undefined

beforeAll(async () => {
  certificate = await testCertificate()
})

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function open(overrides: TenantOverrides = {}, credential: 'certificate' | 'secret' = 'certificate') {
  const tenant: TenantDocument = freshTenant({
    ...overrides,
    app: { ...overrides.app, certificates: [certificate.pem] },
  })
  const own = await Client.start({ tenants: [tenant] })
  client = own
  const token =
    credential === 'secret' ? await own.token(tenant, scope) : await certificateToken(own, tenant, certificate, scope)
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json;odata=verbose' }
  return {
    tenant,
    own,
    rest: (accept = headers.accept) => own.fetch(`${admin}/_api/SPO.Tenant`, { headers: { ...headers, accept } }),
    csom: async (xml: string) => {
      const response = await own.fetch(`${admin}/_vti_bin/client.svc/ProcessQuery`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'text/xml' },
        body: xml,
      })
      const text = await response.text()
      return {
        status: response.status,
        text,
        body: (response.status === 200 ? JSON.parse(text) : []) as Record<string, unknown>[],
      }
    },
  }
}

describe('SPO.Tenant', () => {
  it('wraps the object in d and collections in results when asked verbosely', async () => {
    const { rest, own } = await open()
    const { d } = (await (await rest()).json()) as { d: Record<string, unknown> }
    expect(d).toMatchObject({
      SharingCapability: 2,
      LegacyAuthProtocolsEnabled: true,
      RootSiteUrl: 'https://contoso.sharepoint.com',
      StorageQuota: '1105920',
    })
    expect(d.AllowedDomainListForSyncClient).toEqual({ __metadata: { type: 'Collection(Edm.Guid)' }, results: [] })
    expect(own.simulator.requests.at(-1)?.source).toBe('sharepoint/tenant')
  })

  it('is flat otherwise (not verified for this endpoint)', async () => {
    const { rest, tenant } = await open()
    expect(await (await rest('application/json;odata=nometadata')).json()).toEqual(tenant.sharepoint.tenant)
  })

  it('is refused to a secret, although the token was issued', async () => {
    const { rest, csom } = await open({}, 'secret')
    const response = await rest()
    expect(response.status).toBe(401)
    expect(response.headers.get('x-ms-diagnostics')).toContain('invalid_client')
    // The text was found in no source.
    expect(await response.json()).toEqual({ error_description: 'Unsupported app only token.' })
    expect((await csom(tenantXml)).status).toBe(401)
  })

  it('is 401 for a Graph token and 403 without the permission, in the form asked for', async () => {
    const { own, tenant } = await open()
    const foreign = await own.fetch(`${admin}/_api/SPO.Tenant`, {
      headers: { authorization: `Bearer ${await own.token(tenant, scopes.graph)}` },
    })
    expect([foreign.status, ((await foreign.json()) as { error_description: string }).error_description]).toEqual([
      401,
      expect.stringContaining('AudienceUriValidationFailed'),
    ])
    await client?.close()
    const denied = await open({ app: { appRoles: { sharepoint: [] } } })
    const verbose = await denied.rest()
    expect([verbose.status, Object.keys((await verbose.json()) as object)]).toEqual([403, ['error']])
    expect(Object.keys((await (await denied.rest('application/json')).json()) as object)).toEqual(['odata.error'])
    const { status, body } = await denied.csom(tenantXml)
    expect(status).toBe(200)
    expect(body[0]?.ErrorInfo).toMatchObject({
      ErrorCode: -2147024891,
      ErrorTypeName: 'System.UnauthorizedAccessException',
    })
  })

  it('has no principal in a tenant without SharePoint', async () => {
    const tenant = freshTenant({ servicePlans: ['EXCHANGE_S_ENTERPRISE'] })
    client = await Client.start({ tenants: [tenant] })
    expect((await client.signIn(tenant, scope)).body.error_codes).toEqual([500011])
  })
})

describe('ProcessQuery', () => {
  it('answers the tenant as the last element, GUIDs in the CSOM way', async () => {
    const { csom } = await open({
      sharepoint: { tenant: { AllowedDomainListForSyncClient: ['786548dd-877b-4760-a749-6b1efbc1190a'] } },
    })
    const { text, body } = await csom(tenantXml)
    expect(body[0]).toMatchObject({ ErrorInfo: null })
    expect(body.slice(1, 4)).toEqual([2, { IsNull: false }, 3])
    expect(body.at(-1)).toMatchObject({
      SharingCapability: 2,
      StorageQuota: 1105920,
      AllowedDomainListForSyncClient: ['/Guid(786548dd-877b-4760-a749-6b1efbc1190a)/'],
    })
    expect(text).toContain('"\\/Guid(786548dd-877b-4760-a749-6b1efbc1190a)\\/"')
  })

  it('pages through sites and leaves OneDrive out when told', async () => {
    const { csom, own, tenant } = await open({ sharepoint: { sitePageSize: 1 } })
    const urls: unknown[] = []
    let start: string | null = '0'
    while (start !== null) {
      const page = (await csom(sitesXml(start, '1'))).body.at(-1) as {
        NextStartIndexFromSharePoint: string | null
        _Child_Items_: { Url: string }[]
      }
      urls.push(...page._Child_Items_.map((site) => site.Url))
      start = page.NextStartIndexFromSharePoint
    }
    expect(urls).toEqual(tenant.sharepoint.sites.map((site) => site.Url))
    expect(own.simulator.requests.at(-1)?.source).toBe('sharepoint/sites')
    const shared = (await csom(sitesXml('0', '2'))).body.at(-1) as { _Child_Items_: { Template: string }[] }
    expect(shared._Child_Items_.map((site) => site.Template)).toEqual(['SITEPAGEPUBLISHING#0'])
  })

  it('says in ErrorInfo that it does not know a method', async () => {
    const { csom } = await open()
    const { body } = await csom(tenantXml.replace('ObjectPathId="1"><Query', 'ObjectPathId="9"><Query'))
    expect(body[0]?.ErrorInfo).toMatchObject({
      ErrorTypeName: 'Microsoft.SharePoint.Client.InvalidClientQueryException',
    })
  })
})
