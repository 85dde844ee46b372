import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type SimulatorOptions,
  startSimulator,
  type TenantDocument,
  testCertificate,
} from '@tenantscope/m365-simulator'
import { mountPath, startServer } from '../src/server.ts'
import { readSettings } from '../src/settings.ts'

/** A simulator, a reference server on a folder of its own, and a way to call it. `close` takes all of it away, also the folder. */
export async function platform(options: SimulatorOptions & { dataFolder?: string }) {
  const { dataFolder, ...knobs } = options
  const folder = dataFolder ?? mkdtempSync(join(tmpdir(), 'tenantscope-e2e-'))
  const simulator = await startSimulator(knobs)
  const settings = readSettings({ ...process.env, TENANTSCOPE_DATA: folder, TENANTSCOPE_STANDBY: '0', PORT: '0' })
  const server = await startServer(
    { ...settings, proxyUrl: simulator.proxyUrl, caFile: simulator.caFile },
    { resolveTxt: (name) => simulator.resolveTxt(name) },
  )
  const api = `${server.url}${mountPath}`
  return {
    simulator,
    server,
    api,
    folder,
    call: (method: string, path: string, body?: unknown, platformTenant = 'demo') =>
      call(api, method, path, body, platformTenant),
    close: async () => {
      await server.close()
      await simulator.close()
      if (!dataFolder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function call(
  api: string,
  method: string,
  path: string,
  body?: unknown,
  platformTenant = 'demo',
  // biome-ignore lint/suspicious/noExplicitAny: what an HTTP client gets has no type; the assertions are the check.
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: {
      authorization: 'Bearer test',
      'x-tenant-id': platformTenant,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : null }
}

/** Gives the tenant's application a certificate, and the registration that uses it: the only credential that every service takes. */
export async function withCertificate(tenant: TenantDocument) {
  const { pem, privateKeyPem } = await testCertificate()
  tenant.app.certificates = [pem]
  return { ...registration(tenant), client_secret: undefined, certificate: `${privateKeyPem}${pem}` }
}

export function registration(tenant: TenantDocument) {
  return {
    m365_tenant_id: tenant.tenantId,
    m365_tenant_name: tenant.displayName,
    m365_domain: tenant.initialDomain,
    client_id: tenant.app.clientId,
    client_secret: tenant.app.clientSecret,
  }
}
