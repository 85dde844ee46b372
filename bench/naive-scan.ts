import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Simulator, TenantDocument } from '@tenantscope/m365-simulator'
import { powershellRoot } from '@tenantscope/powershell'
import { ProxyAgent, type RequestInit, fetch as undiciFetch } from 'undici'
import { timed } from './measure.ts'

/**
 * The same reads the way a folder of scripts makes them: one check after the other, each reads its own sources, one request after the other. Tokens are kept, process
 * starts are not counted, and nothing is judged: all that would make it slower still. `objects` are the ids of per-object sources, from a scan before.
 */
export async function naiveScan(
  simulator: Simulator,
  tenant: TenantDocument,
  token: (scope: string) => Promise<string>,
  objects: Map<string, string[]>,
) {
  const proxy = new ProxyAgent({ uri: simulator.proxyUrl, requestTls: { ca: simulator.caPem }, connections: 1 })
  const reader = new NaiveReader(proxy, tenant, token, objects, simulator)
  try {
    const wallMs = await timed(async () => {
      for (const sources of sourcesOfChecks()) for (const source of sources) await reader.read(source)
    })
    return { wallMs, requests: reader.requests }
  } finally {
    await proxy.close()
  }
}

// biome-ignore lint/suspicious/noExplicitAny: declarations are data of another package; the bench reads what it needs of them.
type Declaration = Record<string, any>

const readJson = (...path: string[]): Declaration => JSON.parse(readFileSync(join(powershellRoot, ...path), 'utf8'))

function sourcesOfChecks(): string[][] {
  const { controls } = readJson('benchmarks', 'cis-m365-5.0.0.json')
  return controls.map(({ check }: { check: string }) =>
    (readJson('checks', check, 'check.json').sources as Declaration[]).map((one) =>
      typeof one === 'string' ? one : (one.anyOf?.[0] ?? one.source),
    ),
  )
}

class NaiveReader {
  requests = 0
  readonly #proxy: ProxyAgent
  readonly #tenant: TenantDocument
  readonly #token: (scope: string) => Promise<string>
  readonly #objects: Map<string, string[]>
  readonly #simulator: Simulator
  readonly #declarations: Map<string, Declaration>

  constructor(
    proxy: ProxyAgent,
    tenant: TenantDocument,
    token: (scope: string) => Promise<string>,
    objects: Map<string, string[]>,
    simulator: Simulator,
  ) {
    this.#proxy = proxy
    this.#tenant = tenant
    this.#token = token
    this.#objects = objects
    this.#simulator = simulator
    this.#declarations = loadDeclarations()
  }

  async read(id: string): Promise<void> {
    const declaration = this.#declarations.get(id)
    if (!declaration) return
    const service = id.slice(0, id.indexOf('/'))
    if (declaration.derivedFrom) {
      for (const from of declaration.derivedFrom) await this.read(from)
    } else if (id === 'dns/txt') {
      for (const name of this.#objects.get(id) ?? []) await this.#simulator.resolveTxt(name).catch(() => [])
    } else if (declaration.kind === 'perObject') {
      for (const object of this.#objects.get(id) ?? []) await this.#graph(declaration, object)
    } else if (service === 'graph') await this.#graph(declaration, '')
    else await this.#other(service, declaration)
  }

  async #graph(declaration: Declaration, object: string): Promise<void> {
    const query = new URLSearchParams(declaration.query ?? {}).toString()
    const path = String(declaration.path).replaceAll(/\{\w+\}/g, encodeURIComponent(object))
    let next: string | undefined = `https://graph.microsoft.com/${declaration.api}${path}${query ? `?${query}` : ''}`
    while (next) {
      const body: Declaration = await this.#send(next, 'https://graph.microsoft.com/.default')
      next = body['@odata.nextLink']
    }
  }

  async #other(service: string, declaration: Declaration): Promise<void> {
    const { tenantId } = this.#tenant
    const command = { CmdletInput: { CmdletName: declaration.cmdlet, Parameters: declaration.parameters ?? {} } }
    if (service === 'exchange') {
      await this.#send(
        `https://outlook.office365.com/adminapi/beta/${tenantId}/InvokeCommand`,
        'https://outlook.office365.com/.default',
        command,
      )
    } else if (service === 'compliance') {
      const scope = 'https://ps.compliance.protection.outlook.com/.default'
      await this.#send(
        `https://ps.compliance.protection.outlook.com/AdminApi/v1.0/${tenantId}/EXOModuleFile?Version=3.9.0`,
        scope,
      )
      await this.#send(
        `https://ps.compliance.protection.outlook.com/adminapi/beta/${tenantId}/InvokeCommand`,
        scope,
        command,
      )
    } else if (service === 'teams' && declaration.configuration) {
      const url = `https://api.interfaces.records.teams.microsoft.com/Skype.Policy/configurations/${declaration.configuration}`
      await this.#send(url, '48ac35b8-9aa8-4d74-927d-1f4a14a0b239/.default')
    } else if (service === 'fabric') {
      await this.#send(
        'https://api.fabric.microsoft.com/v1/admin/tenantsettings',
        'https://api.fabric.microsoft.com/.default',
      )
    }
  }

  async #send(url: string, scope: string, body?: unknown): Promise<Declaration> {
    const authorization = `Bearer ${await this.#token(scope)}`
    for (;;) {
      this.requests += 1
      const init: RequestInit = {
        headers: { authorization, 'content-type': 'application/json' },
        redirect: 'manual',
        dispatcher: this.#proxy,
      }
      const response = await undiciFetch(
        url,
        body === undefined ? init : { ...init, method: 'POST', body: JSON.stringify(body) },
      )
      const text = await response.text()
      if (response.status === 429) {
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        continue
      }
      return response.headers.get('content-type')?.includes('json') && text.startsWith('{') ? JSON.parse(text) : {}
    }
  }
}

function loadDeclarations(): Map<string, Declaration> {
  const found = new Map<string, Declaration>()
  for (const file of declarationFiles()) {
    const declaration = readJson('sources', file)
    if (declaration.id) found.set(declaration.id, declaration)
  }
  return found
}

function declarationFiles(): string[] {
  return readdirSync(join(powershellRoot, 'sources'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  )
}
