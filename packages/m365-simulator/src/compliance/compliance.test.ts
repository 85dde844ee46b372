import { afterEach, describe, expect, it } from 'vitest'
import { hardenedTenant, type TenantDocument, type TenantOverrides } from '../index.ts'
import { Client, scopes } from '../testing/client.ts'

const door = 'https://ps.compliance.protection.outlook.com'

let client: Client | undefined

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function open(overrides: TenantOverrides = {}, scope: string = scopes.compliance) {
  const tenant: TenantDocument = hardenedTenant(overrides)
  const own = await Client.start({ tenants: [tenant] })
  client = own
  const token = await own.token(tenant, scope)
  const headers = {
    authorization: `Bearer ${token}`,
    'x-anchormailbox': `UPN:OAuthUser@${tenant.initialDomain}`,
    'content-type': 'application/json',
  }
  return {
    tenant,
    own,
    discover: (anchor?: string) =>
      own.fetch(`${door}/AdminApi/v1.0/${tenant.tenantId}/EXOModuleFile?Version=3.9.0`, {
        redirect: 'manual',
        headers: anchor === undefined ? headers : { ...headers, 'x-anchormailbox': anchor },
      }),
    invoke: (base: string, CmdletName: string) =>
      own.fetch(`${base}/adminapi/beta/${tenant.tenantId}/InvokeCommand`, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body: JSON.stringify({ CmdletInput: { CmdletName, Parameters: {} } }),
      }),
  }
}

describe('compliance', () => {
  it('tells the region by a redirect to another host and port', async () => {
    const { discover, tenant } = await open()
    const response = await discover()
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(
      `https://eur01b.admin.protection.outlook.com:446/AdminApi/v1.0/${tenant.tenantId}/EXOModuleFile?Version=3.9.0`,
    )
  })

  it('cannot route an anchor without the initial domain (status assumed)', async () => {
    const { discover, tenant } = await open()
    expect((await discover(`UPN:OAuthUser@${tenant.tenantId}`)).status).toBe(400)
  })

  it.each([
    ['Get-ProtectionAlert', 4],
    ['Get-DlpCompliancePolicy', 1],
    ['Get-LabelPolicy', 1],
  ])('serves %s on the regional host', async (cmdlet, rows) => {
    const { invoke, own } = await open()
    const response = await invoke('https://eur01b.ps.compliance.protection.outlook.com', cmdlet)
    const body = (await response.json()) as { '@odata.context': string; value: unknown[] }
    expect(body['@odata.context']).toContain('https://eur01b.ps.compliance.protection.outlook.com/')
    expect(body.value).toHaveLength(rows)
    expect(own.simulator.requests.at(-1)).toMatchObject({ source: `compliance/${cmdlet}`, service: 'compliance' })
  })

  it('redirects a post to the front door, unless the tenant has no region', async () => {
    const { invoke } = await open()
    expect((await invoke(door, 'Get-LabelPolicy')).status).toBe(302)
    await client?.close()
    const local = await open({ compliance: { region: null } })
    expect((await local.discover()).status).toBe(200)
    expect((await local.invoke(door, 'Get-LabelPolicy')).status).toBe(200)
  })

  it('takes no Exchange token, and no Exchange role', async () => {
    const foreign = await open({}, scopes.exchange)
    expect((await foreign.discover()).status).toBe(401)
    await client?.close()
    const roleless = await open({ app: { appRoles: { compliance: [] } } })
    const refused = await roleless.invoke('https://eur01b.ps.compliance.protection.outlook.com', 'Get-LabelPolicy')
    expect([refused.status, Buffer.from(await refused.arrayBuffer())]).toEqual([403, Buffer.alloc(16)])
  })

  it('lies about the audit log, as the real host does', async () => {
    const { invoke } = await open()
    const response = await invoke('https://eur01b.ps.compliance.protection.outlook.com', 'Get-AdminAuditLogConfig')
    const { value } = (await response.json()) as { value: Record<string, unknown>[] }
    expect(value[0]?.UnifiedAuditLogIngestionEnabled).toBe(false)
  })
})
