import type { TenantDocument } from '../index.ts'
import { certificateToken } from './assertion.ts'
import type { TestCertificate } from './certificate.ts'
import { type Client, scopes } from './client.ts'

export interface Outcome {
  /** Of the first answer that was not 200, or 200. */
  status: number
  /** What the service calls its refusal: an error code, or the first bytes of a body that is not JSON. */
  marker: string
  rows: Record<string, unknown>[]
  pages: number
  /** The first body, when it was JSON. */
  body: Record<string, unknown>
}

export const graphHost = 'https://graph.microsoft.com'
const exchangeHost = 'https://outlook.office365.com'
const teamsHost = 'https://api.interfaces.records.teams.microsoft.com'

const teamsTypes: Record<string, string> = {
  'Get-CsTeamsClientConfiguration': 'TeamsClientConfiguration',
  'Get-CsExternalAccessPolicy': 'ExternalAccessPolicy',
  'Get-CsTenantFederationConfiguration': 'TenantFederationSettings',
  'Get-CsTeamsAppPermissionPolicy': 'TeamsAppPermissionPolicy',
  'Get-CsTeamsMeetingPolicy': 'TeamsMeetingPolicy',
  'Get-CsTeamsMessagingPolicy': 'TeamsMessagingPolicy',
}

function sitesXml(startIndex: string): string {
  const construction = '<Constructor Id="1" TypeId="{268004ae-ef6b-4e9b-8425-127220d84719}" />'
  return `<Request xmlns="http://schemas.microsoft.com/sharepoint/clientquery/2009"><Actions><ObjectPath Id="2" ObjectPathId="1" /><ObjectPath Id="4" ObjectPathId="3" /><Query Id="5" ObjectPathId="3"><Query SelectAllProperties="true"><Properties /></Query></Query></Actions><ObjectPaths>${construction}<Method Id="3" ParentId="1" Name="GetSitePropertiesFromSharePointByFilters"><Parameters><Parameter TypeId="{b92aeee2-c92c-4b67-abcc-024e471bc140}"><Property Name="Filter" Type="Null" /><Property Name="IncludeDetail" Type="Boolean">true</Property><Property Name="IncludePersonalSite" Type="Enum">1</Property><Property Name="StartIndex" Type="String">${startIndex}</Property><Property Name="Template" Type="Null" /></Parameter></Parameters></Method></ObjectPaths></Request>`
}

interface Raw {
  status: number
  text: string
  json: Record<string, unknown> | undefined
}

/** What a refusal is recognised by, wherever a service puts it. */
function markerOf({ status, text, json }: Raw): string {
  if (json === undefined) return text.startsWith('\0') ? 'NUL' : text.slice(0, 40)
  const error = (json.error ?? json) as Record<string, unknown>
  const code = error.code ?? error.errorCode ?? error.error_description ?? ''
  return status === 400 && code === 'BadRequest' ? String(error.message) : String(code)
}

/** Reads the sources of one tenant as a scanner would, page by page, through the proxy. */
export class Reader {
  readonly #client: Client
  readonly #tenant: TenantDocument
  readonly #certificate: TestCertificate
  readonly #tokens = new Map<string, Promise<string>>()

  constructor(client: Client, tenant: TenantDocument, certificate: TestCertificate) {
    this.#client = client
    this.#tenant = tenant
    this.#certificate = certificate
  }

  #token(scope: string): Promise<string> {
    let token = this.#tokens.get(scope)
    token ??= certificateToken(this.#client, this.#tenant, this.#certificate, scope)
    this.#tokens.set(scope, token)
    return token
  }

  async #ask(scope: string, url: string, init: { method?: string; headers?: Record<string, string>; body?: string }) {
    const response = await this.#client.fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, authorization: `Bearer ${await this.#token(scope)}` },
    })
    const text = await response.text()
    const raw: Raw = { status: response.status, text, json: undefined }
    try {
      raw.json = JSON.parse(text) as Record<string, unknown>
    } catch {
      // Not JSON: the text says it.
    }
    return { ...raw, headers: response.headers }
  }

  async #pages(first: () => Promise<Raw>, next: (body: Record<string, unknown>) => (() => Promise<Raw>) | undefined) {
    const outcome: Outcome = { status: 200, marker: '', rows: [], pages: 0, body: {} }
    for (let ask: (() => Promise<Raw>) | undefined = first; ask !== undefined; ) {
      const raw: Raw = await ask()
      outcome.pages += 1
      if (raw.status !== 200 || raw.json === undefined)
        return { ...outcome, status: raw.status, marker: markerOf(raw), body: raw.json ?? {} }
      if (outcome.pages === 1) outcome.body = raw.json
      const rows = Array.isArray(raw.json) ? raw.json : (raw.json.value ?? raw.json.tenantSettings)
      if (Array.isArray(rows)) for (const row of rows) outcome.rows.push(row as Record<string, unknown>)
      ask = next(raw.json)
    }
    return outcome
  }

  /** Below graph.microsoft.com, with its version. */
  graph(path: string): Promise<Outcome> {
    const get = (url: string) => () => this.#ask(scopes.graph, url, {})
    return this.#pages(get(`${graphHost}${path}`), (body) => {
      const link = body['@odata.nextLink']
      return typeof link === 'string' ? get(link) : undefined
    })
  }

  async batch(
    version: string,
    urls: string[],
  ): Promise<{ id: string; status: number; body: Record<string, unknown> }[]> {
    const requests = urls.map((url, index) => ({ id: String(index), method: 'GET', url }))
    const body = JSON.stringify({ requests })
    const { json } = await this.#ask(scopes.graph, `${graphHost}/${version}/$batch`, { method: 'POST', body })
    return (json as { responses: never }).responses
  }

  cmdlet(CmdletName: string, Parameters: Record<string, unknown> = {}, base = exchangeHost): Promise<Outcome> {
    const compliance = base !== exchangeHost
    const { tenantId, initialDomain } = this.#tenant
    const anchor = compliance
      ? `UPN:OAuthUser@${initialDomain}`
      : `APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@${tenantId}`
    const post = (url: string) => () =>
      this.#ask(compliance ? scopes.compliance : scopes.exchange, url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-anchormailbox': anchor },
        body: JSON.stringify({ CmdletInput: { CmdletName, Parameters } }),
      })
    return this.#pages(post(`${base}/adminapi/beta/${tenantId}/InvokeCommand`), (body) => {
      const link = body['@odata.nextLink']
      return typeof link === 'string' ? post(link) : undefined
    })
  }

  async compliance(CmdletName: string): Promise<Outcome> {
    const door = scopes.compliance.replace('/.default', '')
    const { headers } = await this.#ask(
      scopes.compliance,
      `${door}/AdminApi/v1.0/${this.#tenant.tenantId}/EXOModuleFile?Version=3.9.0`,
      { headers: { 'x-anchormailbox': `UPN:OAuthUser@${this.#tenant.initialDomain}` } },
    )
    const region = /^https:\/\/([^.]+)\./.exec(headers.get('location') ?? '')?.[1]
    return this.cmdlet(CmdletName, {}, region === undefined ? door : door.replace('https://', `https://${region}.`))
  }

  teams(cmdlet: string): Promise<Outcome> {
    const url =
      teamsTypes[cmdlet] === undefined
        ? 'https://substrate.office.com/m365admin'
        : `${teamsHost}/Skype.Policy/configurations/${teamsTypes[cmdlet]}`
    return this.#pages(
      () => this.#ask(scopes.teams, url, { headers: { accept: 'application/json' } }),
      () => undefined,
    )
  }

  sharepointTenant(): Promise<Outcome> {
    const host = `https://${this.#tenant.sharepoint.prefix}-admin.sharepoint.com`
    const headers = { accept: 'application/json;odata=verbose' }
    return this.#pages(
      () => this.#ask(`${host}/.default`, `${host}/_api/SPO.Tenant`, { headers }),
      () => undefined,
    )
  }

  async sites(): Promise<Outcome> {
    const host = `https://${this.#tenant.sharepoint.prefix}-admin.sharepoint.com`
    const outcome: Outcome = { status: 200, marker: '', rows: [], pages: 0, body: {} }
    for (let start: string | null = '0'; start !== null; ) {
      const raw: Raw = await this.#ask(`${host}/.default`, `${host}/_vti_bin/client.svc/ProcessQuery`, {
        method: 'POST',
        headers: { 'content-type': 'text/xml' },
        body: sitesXml(start),
      })
      outcome.pages += 1
      if (raw.status !== 200) return { ...outcome, status: raw.status, marker: markerOf(raw) }
      const list = (raw.json as unknown as Record<string, unknown>[]).at(-1) ?? {}
      for (const row of list._Child_Items_ as Record<string, unknown>[]) outcome.rows.push(row)
      start = list.NextStartIndexFromSharePoint as string | null
    }
    return outcome
  }

  fabric(): Promise<Outcome> {
    const get = (url: string) => () => this.#ask(scopes.fabric, url, {})
    return this.#pages(get('https://api.fabric.microsoft.com/v1/admin/tenantsettings'), (body) =>
      typeof body.continuationUri === 'string' ? get(body.continuationUri) : undefined,
    )
  }
}
