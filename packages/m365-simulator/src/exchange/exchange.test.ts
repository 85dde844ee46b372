import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshTenant, hardenedTenant, roleTemplateId, type TenantDocument } from '../index.ts'
import { Client, scopes } from '../testing/client.ts'
import { exchangeCmdlets } from './cmdlets.ts'

const host = 'https://outlook.office365.com'
const anchor = (id: string) => ({ 'x-anchormailbox': `APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@${id}` })

interface Envelope {
  [name: string]: unknown
  value: Record<string, unknown>[]
  error: {
    message: string
    details?: { message: string }[]
    innererror: { internalexception: { message: string; type: string } }
  }
}

let client: Client
let tenant: TenantDocument

async function start(document: TenantDocument): Promise<void> {
  await client?.close()
  tenant = document
  client = await Client.start({ tenants: [tenant] })
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}, token?: string) {
  const bearer = token ?? (await client.token(tenant, scopes.exchange))
  const url = path.startsWith('https') ? path : `${host}/adminapi/beta/${tenant.tenantId}/${path}`
  const response = await client.fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bearer}`,
      'content-type': 'application/json',
      ...anchor(tenant.tenantId),
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    body: () => JSON.parse(bytes.toString('utf8')) as Envelope,
  }
}

const input = (CmdletName: string, Parameters: unknown = {}) => ({ CmdletInput: { CmdletName, Parameters } })
const invoke = (name: string, parameters: unknown = {}, headers: Record<string, string> = {}) =>
  post('InvokeCommand', input(name, parameters), headers)

beforeEach(() => start(hardenedTenant()))
afterEach(() => client.close())

describe('InvokeCommand', () => {
  it('serves every cmdlet with its envelope', async () => {
    for (const { name, source } of exchangeCmdlets) {
      const answer = await invoke(name)
      expect([name, answer.status]).toEqual([name, 200])
      const body = answer.body()
      expect(body['@adminapi.warnings']).toEqual([])
      expect(body['@odata.context']).toContain(`/adminapi/beta/${tenant.tenantId}/$metadata#`)
      expect(body.value).toHaveLength(tenant.exchange.cmdlets[name]?.length ?? -1)
      expect(client.simulator.requests.at(-1)).toMatchObject({ source, cmdlet: name, service: 'exchange' })
    }
  })

  it('writes annotations before their property, by the type of the value', async () => {
    const [row = {}] = (await invoke('Get-DkimSigningConfig')).body().value
    const names = Object.keys(row)
    expect(names.indexOf('Selector1KeySize@odata.type')).toBe(names.indexOf('Selector1KeySize') - 1)
    expect(row).toMatchObject({
      'Selector1KeySize@data.type': 'System.UInt16',
      'KeyCreationTime@data.type': 'System.DateTime',
      'Guid@odata.type': '#Guid',
      'ObjectClass@odata.type': '#Collection(String)',
    })
    const [config = {}] = (await invoke('Get-OrganizationConfig')).body().value
    expect(config).toMatchObject({
      'MailTipsLargeAudienceThreshold@data.type': 'System.UInt32',
      'IPListBlocked@odata.type': '#Collection(String)',
      IPListBlocked: [],
      EwsEnabled: null,
    })
    expect(Object.keys(config)).not.toContain('EwsEnabled@data.type')
  })

  it('honours $select together with the annotations', async () => {
    const body = (
      await post('InvokeCommand?$select=AuditDisabled,MailTipsLargeAudienceThreshold', input('get-organizationconfig'))
    ).body()
    expect(body.value).toEqual([
      {
        AuditDisabled: false,
        'MailTipsLargeAudienceThreshold@data.type': 'System.UInt32',
        MailTipsLargeAudienceThreshold: 25,
      },
    ])
  })

  it('filters by Identity and kind, and says what it does not find', async () => {
    expect((await invoke('Get-AcceptedDomain', { Identity: 'fabrikam.com' })).body().value).toHaveLength(1)
    expect(
      (await invoke('Get-Mailbox', { RecipientTypeDetails: ['SharedMailbox'] }))
        .body()
        .value.map((row) => row.DisplayName),
    ).toEqual(['Info'])
    const missing = await invoke('Get-AcceptedDomain', { Identity: 'Nope' })
    expect(missing.status).toBe(404)
    expect(missing.body().error.details?.[0]?.message).toContain(
      "|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'Nope'",
    )
  })

  it('refuses unknown parameters, bad values and a body without Parameters', async () => {
    const unknown = await invoke('Get-TransportConfig', { BogusParameter: 1 })
    expect(unknown.status).toBe(400)
    expect(unknown.body().error.innererror.internalexception.type).toContain('AmbiguousParameterSetException')
    const bad = await invoke('Get-Mailbox', { ResultSize: 'Bogus' })
    expect(bad.body().error.innererror.internalexception.message).toContain("parameter 'ResultSize'")
    expect((await post('InvokeCommand', { CmdletInput: { CmdletName: 'Get-TransportConfig' } })).status).toBe(400)
    expect((await post('InvokeCommand', {})).status).toBe(400)
  })

  it('pages by Prefer; the cursor holds for one anchor and one body', async () => {
    const headers = { prefer: 'odata.maxpagesize=3' }
    const parameters = { ResultSize: 'Unlimited' }
    const seen: unknown[] = []
    let page = (await invoke('Get-Mailbox', parameters, headers)).body()
    const link = String(page['@odata.nextLink'])
    for (;;) {
      seen.push(...page.value.map((row) => row.UserPrincipalName))
      if (page['@odata.nextLink'] === undefined) break
      page = (await post(String(page['@odata.nextLink']), input('Get-Mailbox', parameters), headers)).body()
    }
    expect(seen).toEqual(tenant.exchange.cmdlets['Get-Mailbox']?.map((row) => row.UserPrincipalName))
    const elsewhere = await post(link, input('Get-Mailbox', parameters), { ...headers, 'x-anchormailbox': 'TID:other' })
    expect(elsewhere.status).toBe(400)
    expect(elsewhere.body().error.innererror.internalexception.message).toBe(
      'Expired or Invalid pagination request. Default Expiry time is 00:30:00',
    )
    expect((await post(link, input('Get-Mailbox', {}), headers)).status).toBe(400)
  })

  it('cuts a growing list at ResultSize and warns', async () => {
    const [row = {}] = tenant.exchange.cmdlets['Get-Mailbox'] ?? []
    tenant.exchange.cmdlets['Get-Mailbox'] = Array.from({ length: 1200 }, (_, index) => ({
      ...row,
      Identity: `user${index}`,
    }))
    const cut = (await invoke('Get-Mailbox')).body()
    expect(cut.value).toHaveLength(1000)
    expect(String((cut['@adminapi.warnings'] as string[])[0])).toContain('more results available')
    const whole = (await invoke('Get-Mailbox', { ResultSize: 'Unlimited' })).body()
    expect(whole.value).toHaveLength(1000)
    expect(whole['@odata.nextLink']).toBeTypeOf('string')
  })
})

describe('access', () => {
  const nul = Buffer.alloc(16)

  it('is 401 for a bad token or a missing application role', async () => {
    expect((await post('InvokeCommand', input('Get-TransportConfig'), {}, 'x.y.z')).status).toBe(401)
    const foreign = await post(
      'InvokeCommand',
      input('Get-TransportConfig'),
      {},
      await client.token(tenant, scopes.graph),
    )
    expect([foreign.status, foreign.bytes.length]).toEqual([401, 0])
    expect(foreign.headers.get('www-authenticate')).toContain('00000002-0000-0ff1-ce00-000000000000')
    await start(hardenedTenant({ app: { appRoles: { exchange: [] } } }))
    expect((await invoke('Get-TransportConfig')).status).toBe(401)
  })

  it('is 403 with NUL bytes for a missing directory role, a role without the cmdlet, and an unknown cmdlet', async () => {
    const unknown = await invoke('Get-Nonsense')
    expect([unknown.status, unknown.bytes]).toEqual([403, nul])
    await start(hardenedTenant({ app: { directoryRoles: [] } }))
    expect((await invoke('Get-TransportRule')).bytes).toEqual(nul)
    await start(hardenedTenant({ app: { directoryRoles: [roleTemplateId('Security Reader')] } }))
    expect((await invoke('Get-TransportRule')).status).toBe(200)
    expect((await invoke('Get-OrganizationConfig')).bytes).toEqual(nul)
    await start(hardenedTenant({ app: { directoryRoles: [roleTemplateId('Global Reader')] } }))
    expect((await invoke('Get-ReportSubmissionPolicy')).status).toBe(403)
    expect((await invoke('Get-OrganizationConfig')).status).toBe(200)
  })

  it('hides Defender cmdlets from a tenant without the plan, in the same words', async () => {
    await start(freshTenant())
    expect((await invoke('Get-SafeLinksPolicy')).bytes).toEqual(nul)
    expect((await invoke('Get-MalwareFilterPolicy')).status).toBe(200)
  })

  it('answers the compliance cmdlets only where the tenant says so', async () => {
    expect((await invoke('Get-LabelPolicy')).status).toBe(403)
    await start(hardenedTenant({ compliance: { answersOnExchangeHost: true } }))
    expect((await invoke('Get-LabelPolicy')).body().value).toHaveLength(1)
  })
})

describe('$batch', () => {
  it('answers each part under its id, whatever became of the others', async () => {
    const part = (id: string, name: string) => ({
      id,
      method: 'POST',
      url: `${host}/adminapi/beta/${tenant.tenantId}/InvokeCommand?$select=Name`,
      headers: anchor(tenant.tenantId),
      body: input(name),
    })
    const answer = await post('$batch', { requests: [part('b1', 'Get-TransportConfig'), part('b2', 'Get-Nonsense')] })
    const responses = (answer.body() as unknown as { responses: { id: string; status: number; body: Envelope }[] })
      .responses
    expect(Object.fromEntries(responses.map((response) => [response.id, response.status]))).toEqual({
      b1: 200,
      b2: 403,
    })
    expect(responses.find((response) => response.id === 'b1')?.body.value).toEqual([{ Name: 'Transport Settings' }])
    expect(client.simulator.requests.at(-1)).toMatchObject({
      batchSize: 2,
      sources: ['exchange/Get-TransportConfig', ''],
    })
    const eleven = Array.from({ length: 11 }, (_, index) => part(String(index), 'Get-TransportConfig'))
    // Ten is what clients send; what the service itself allows is not known.
    expect((await post('$batch', { requests: eleven })).status).toBe(400)
  })
})
