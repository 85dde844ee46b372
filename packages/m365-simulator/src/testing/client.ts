import { fetch, ProxyAgent, type RequestInit, type Response } from 'undici'
import { type Simulator, type SimulatorOptions, startSimulator, type TenantDocument } from '../index.ts'

/** A client of production URLs that differs from a real one in its proxy and its trusted authority alone. */
export class Client {
  readonly simulator: Simulator
  readonly #agent: ProxyAgent

  private constructor(simulator: Simulator) {
    this.simulator = simulator
    this.#agent = new ProxyAgent({ uri: simulator.proxyUrl, requestTls: { ca: simulator.caPem } })
  }

  static async start(options: SimulatorOptions): Promise<Client> {
    return new Client(await startSimulator(options))
  }

  get dispatcher(): ProxyAgent {
    return this.#agent
  }

  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return fetch(url, { ...init, dispatcher: this.#agent })
  }

  async signIn(
    tenant: TenantDocument,
    scope: string,
    form: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await this.fetch(`https://login.microsoftonline.com/${tenant.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: tenant.app.clientId,
        client_secret: tenant.app.clientSecret,
        grant_type: 'client_credentials',
        scope,
        ...form,
      }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  async token(tenant: TenantDocument, scope: string): Promise<string> {
    const { body } = await this.signIn(tenant, scope)
    if (typeof body.access_token !== 'string') throw new Error(`No token: ${JSON.stringify(body.error_codes)}`)
    return body.access_token
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
    await this.simulator.close()
  }
}

export const scopes = {
  graph: 'https://graph.microsoft.com/.default',
  exchange: 'https://outlook.office365.com/.default',
  compliance: 'https://ps.compliance.protection.outlook.com/.default',
  teams: '48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default',
  fabric: 'https://api.fabric.microsoft.com/.default',
} as const

export async function signedIn(
  client: Client,
  tenant: TenantDocument,
  scope: string,
): Promise<(url: string, init?: RequestInit) => Promise<Response>> {
  const token = await client.token(tenant, scope)
  return (url, init = {}) =>
    client.fetch(url, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
    })
}
