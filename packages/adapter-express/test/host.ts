import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTenantscope,
  envelopeSecretStore,
  inProcessQueue,
  type Logger,
  memoryStorage,
  type PlatformTenantScope,
  type Scan,
  staticKeys,
  type Tenantscope,
  type TenantscopeOptions,
  type WebhooksOptions,
} from '@tenantscope/core'
import express, { type Express, type RequestHandler } from 'express'
import { afterEach } from 'vitest'
import { type RouterOptions, tenantscopeRouter } from '../src/index.ts'
import { requireDocumented } from './documented.ts'
import { acceptingSignIn, goodScan, type Script, scriptedRunner } from './scripted-runner.ts'

export const guid = '660636d5-cb4e-4816-b1b8-f5afc446f583'
export const clientId = '0a0a0a0a-1111-4222-8333-444444444444'
export const secret = 'a-very-secret-value'

export interface Principal {
  role: string
}

export interface Host {
  /** `http://127.0.0.1:PORT/msp/cspm` */
  url: string
  server: Server
  tenantscope: Tenantscope
  scope(platformTenantId?: string): PlatformTenantScope
  /** Whatever the router logged. */
  log: { level: string; message: string; fields: Record<string, unknown> | undefined }[]
  /** Questions asked of `authorize`. */
  questions: { action: string; resource: unknown }[]
  call(method: string, path: string, init?: CallInit): Promise<Answer>
}

export interface CallInit {
  token?: string | null
  json?: unknown
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

export interface Answer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  json: any
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
export const onCleanup = (close: () => Promise<void>): void => void closers.push(close)

/** An endpoint that can be had and never takes anything: nothing listens there. */
export const endpointUrl = 'https://hooks.example.com:9/tenantscope'
const nowhere: WebhooksOptions = {
  allowedHosts: ['hooks.example.com:9'],
  allowPrivate: true,
  resolve: async () => ['127.0.0.1'],
}

export interface HostOptions {
  script?: Script
  core?: Partial<TenantscopeOptions>
  router?: Partial<RouterOptions<Principal>>
  before?: RequestHandler[]
  createApp?: () => Express
  mount?: string
}

/** A host with two platform tenants, `msp-a` and `msp-b`: the bearer token names one. */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const log: Host['log'] = []
  const note = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void log.push({ level, message, fields })
  const logger: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const tenantscope = createTenantscope({
    storage: memoryStorage(),
    queue: inProcessQueue(),
    secrets: envelopeSecretStore({ keys: staticKeys([{ id: 'test', version: 1, key: randomBytes(32) }]) }),
    runner: scriptedRunner(options.script ?? goodScan),
    signIn: acceptingSignIn,
    webhooks: nowhere,
    ...options.core,
  })
  await tenantscope.start()
  onCleanup(() => tenantscope.close())

  const questions: Host['questions'] = []
  const app = (options.createApp ?? express)()
  for (const handler of options.before ?? []) app.use(handler)
  const mount = options.mount ?? '/msp/cspm'
  app.use(
    mount,
    tenantscopeRouter<Principal>({
      tenantscope,
      authenticate: (req) => {
        const match = /^Bearer (msp-[ab])(?:\/(\w+))?$/.exec(req.headers.authorization ?? '')
        return match?.[1]
          ? { platformTenantId: match[1], actor: 'ann', principal: { role: match[2] ?? 'admin' } }
          : null
      },
      authorize: ({ principal, action, resource }) => {
        questions.push({ action, resource })
        return principal.role === 'admin'
      },
      logger,
      ...options.router,
    }),
  )
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${mount}`

  const call: Host['call'] = async (method, path, init = {}) => {
    const { token = 'msp-a', json, headers = {} } = init
    const body = json === undefined ? init.body : JSON.stringify(json)
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    const answer: Answer = {
      status: response.status,
      headers: response.headers,
      text,
      json: type.includes('json') && text !== '' ? JSON.parse(text) : null,
    }
    requireDocumented(method, path, answer)
    return answer
  }
  const scope = (id = 'msp-a') => tenantscope.forPlatformTenant(id, { actor: 'setup' })
  return { url, server, tenantscope, scope, log, questions, call }
}

export function newTenantBody(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    m365_tenant_id: randomUUID(),
    m365_tenant_name: 'Contoso Corporation',
    m365_domain: 'contoso.onmicrosoft.com',
    description: 'Production M365 tenant',
    client_id: clientId,
    client_secret: secret,
    ...overrides,
  }
}

/** A registered M365 tenant with a scan that has ended. */
export async function withScan(
  host: Host,
  platformTenantId = 'msp-a',
): Promise<{ tenantId: string; guid: string; scan: Scan }> {
  const scope = host.scope(platformTenantId)
  const m365TenantId = randomUUID()
  const tenant = await scope.m365Tenants.register({
    m365TenantId,
    name: 'Contoso',
    defaultDomain: 'contoso.onmicrosoft.com',
    credential: { kind: 'client_secret', clientId, clientSecret: secret },
  })
  const scan = await scope.scans.start({ m365TenantId: tenant.id })
  return { tenantId: tenant.id, guid: m365TenantId, scan: await scope.scans.finished(scan.id) }
}
