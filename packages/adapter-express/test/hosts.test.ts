import express5 from 'express'
import express4 from 'express4'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type RouterOptions, tenantscopeRouter } from '../src/index.ts'
import { openStream } from './event-client.ts'
import { clientId, guid, type HostOptions, secret, startHost, withScan } from './host.ts'

// The router makes itself with the host's Express; here each test says which one that is.
const routerExpress = vi.hoisted(() => ({ version: 5 }))
vi.mock('express', async (original) => {
  const five = (await original<{ default: typeof express5 }>()).default
  const four = (await import('express4')).default
  const facade = Object.assign(() => (routerExpress.version === 5 ? five() : four()), five, {
    Router: () => (routerExpress.version === 5 ? five.Router() : four.Router()),
  })
  return { default: facade }
})

const rejections: unknown[] = []
const note = (reason: unknown) => void rejections.push(reason)
beforeEach(() => void process.on('unhandledRejection', note))
afterEach(() => void process.off('unhandledRejection', note))

const hosts: [string, number, HostOptions][] = [
  ['Express 5', 5, {}],
  ['Express 4', 4, { createApp: () => express4() as unknown as ReturnType<typeof express5> }],
  [
    'Express 4 with a router of Express 5',
    5,
    { createApp: () => express4() as unknown as ReturnType<typeof express5> },
  ],
  [
    'Express 5 with express.json() and urlencoded mounted',
    5,
    { before: [express5.json(), express5.urlencoded({ extended: true })] },
  ],
  [
    'Express 4 with express.json() mounted',
    4,
    { createApp: () => express4() as never, before: [express4.json() as never] },
  ],
  ['another prefix', 5, { mount: '/api/v1/compliance' }],
  ['no prefix', 5, { mount: '/' }],
]

describe.each(hosts)('%s', (_, version, options) => {
  beforeEach(() => {
    routerExpress.version = version
  })

  it('uses the Express that is meant', () => {
    const router = tenantscopeRouter({} as RouterOptions)
    // Only version 4 has this inner method.
    expect('process_params' in router).toBe(version === 4)
  })

  it('does the documented sequence: register, test, start, follow, read results', async () => {
    const host = await startHost(options)
    const base = host.url.replace(/\/$/, '')
    const headers = {
      'Content-Type': 'application/json',
      Authorization: 'Bearer msp-a',
      'X-Tenant-ID': 'your-tenant-id',
    }
    const call = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(base + path, { headers, ...init })
      // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
      return { status: response.status, json: (await response.json()) as any }
    }
    const created = await call('/m365-tenants', {
      method: 'POST',
      body: JSON.stringify({
        m365_tenant_id: guid,
        m365_tenant_name: 'Contoso Corporation',
        m365_domain: 'contoso.onmicrosoft.com',
        description: 'Production M365 tenant',
        client_id: clientId,
        client_secret: secret,
      }),
    })
    expect(created.status).toBe(201)
    const { authorization, ...rest } = { authorization: headers.Authorization, 'X-Tenant-ID': 'your-tenant-id' }
    const tested = await call(`/m365-tenants/${created.json.id}/test-connection`, {
      method: 'POST',
      headers: { authorization, ...rest },
    })
    expect(tested.json.success).toBe(true)
    const started = await call('/scans/start', {
      method: 'POST',
      body: JSON.stringify({ m365_tenant_id: created.json.id, l1_only: false, output_format: 'json' }),
    })
    expect([started.status, started.json.status]).toEqual([202, 'pending'])
    const stream = await openStream({ ...host, url: base }, started.json.scan_id)
    expect(await stream.ended).toBe(true)
    expect(stream.events.at(-1)?.event).toBe('complete')
    const results = await call(`/scans/${started.json.scan_id}/results`)
    expect(results.json.data.length).toBe(4)
  })

  it('answers every fault itself, and no rejection escapes', async () => {
    const host = await startHost({
      ...options,
      router: {
        authorize: () => {
          throw new Error('the host’s own fault')
        },
      },
    })
    const { scan } = await withScan(host)
    for (const path of ['/scans', `/scans/${scan.id}/status`, `/stream/${scan.id}`]) {
      const answer = await host.call('GET', path.replace(/^\//, host.url.endsWith('/') ? '' : '/'))
      expect([answer.status, answer.json.code]).toEqual([500, 'internal'])
      expect(answer.text).not.toContain('own fault')
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(rejections).toEqual([])
  })
})

describe('two routers', () => {
  it('share nothing', async () => {
    routerExpress.version = 5
    const [one, two] = [await startHost(), await startHost()]
    const { tenantId } = await withScan(one)
    expect((await two.call('GET', `/m365-tenants/${tenantId}`)).status).toBe(404)
  })
})
