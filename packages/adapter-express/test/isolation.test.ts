import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type RouteInfo, routes } from '../src/index.ts'
import {
  type Answer,
  type CallInit,
  clientId,
  endpointUrl,
  type Host,
  newTenantBody,
  secret,
  startHost,
  withScan,
} from './host.ts'

type Kind = 'own' | 'other tenant' | 'random' | 'malformed'
interface Things {
  tenantId: string
  guid: string
  scanId: string
  endpointId: string
  deliveryId: string
}

const brokenText = ["'; drop table scans; --", '../x', '\0', 'a b', '']
const brokenIds = ['x', '1', '00000000-0000-0000-0000-00000000000g', ...brokenText]
/** What no client library would send; the path must be sent as it is. */
const brokenEscapes = ['%E0%A4%A', '%', '%zz']

async function things(host: Host, platformTenantId: string): Promise<Things> {
  const { tenantId, guid, scan } = await withScan(host, platformTenantId)
  const { webhooks } = host.scope(platformTenantId)
  const { endpoint } = await webhooks.create({ url: endpointUrl })
  const delivery = await webhooks.test(endpoint.id)
  return { tenantId, guid, scanId: scan.id, endpointId: endpoint.id, deliveryId: delivery.id }
}

const bodies: Record<string, Record<string, unknown>> = {
  'PUT /m365-tenants/{id}': { m365_tenant_name: 'Renamed' },
  'PATCH /m365-tenants/{id}': { m365_tenant_name: 'Renamed' },
  'PUT /m365-tenants/{id}/credentials': { client_id: clientId, client_secret: secret },
  'PATCH /webhooks/{id}': { enabled: false },
  'PUT /m365-tenants/{id}/inputs': { inputs: { approvedPublicGroups: ['g'] } },
}

const nameOf = (route: RouteInfo) => `${route.method} ${route.path}`
const parametersOf = (route: RouteInfo) => [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')

function ownValues(route: RouteInfo, own: Things): Record<string, string> {
  const [, collection] = route.path.split('/')
  const ids: Record<string, string> = { benchmarks: 'cis-m365', webhooks: own.endpointId }
  return {
    id: ids[collection ?? ''] ?? own.tenantId,
    scan_id: own.scanId,
    delivery_id: own.deliveryId,
    check_id: '1.1.1',
    version: '5.0.0',
    control: '1.1.1',
  }
}

/** What another platform tenant has in the place of this parameter. */
function foreignValues(route: RouteInfo, parameter: string, foreign: Things): string[] {
  if (parameter === 'scan_id') return [foreign.scanId]
  if (parameter === 'delivery_id') return [foreign.deliveryId]
  if (parameter !== 'id' || route.path.startsWith('/benchmarks')) return []
  return route.path.startsWith('/webhooks') ? [foreign.endpointId] : [foreign.tenantId, foreign.guid]
}

/** The request with `target` replaced by a value of some kind and everything else the caller's own. */
function request(route: RouteInfo, own: Things, target: string, value: string): { path: string; init: CallInit } {
  const values: Record<string, string> = {
    ...ownValues(route, own),
    [target]: value,
  }
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
  const json = bodies[nameOf(route)]
  return { path, init: json ? { json } : {} }
}

function expectOutcome(answer: Answer, kind: Kind) {
  const problem = 'application/problem+json; charset=utf-8'
  if (kind === 'own') return expect(answer.status).toBeLessThan(300)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([kind === 'malformed' ? 400 : 404, problem])
}

/** Two answers must not differ in anything but the request's own marks. */
function comparable(answer: Answer): unknown {
  const headers = [...answer.headers].filter(([name]) => !['x-request-id', 'date'].includes(name))
  const { request_id: _, ...body } = answer.json
  return { status: answer.status, headers, body }
}

describe('every id of every route', () => {
  const cases = routes
    .filter((route) => route.security === 'host')
    .flatMap((route) => parametersOf(route).map((parameter) => [nameOf(route), parameter, route] as const))

  it.each(cases)('%s: {%s}', async (_, parameter, route) => {
    const host = await startHost()
    const [own, foreign] = [await things(host, 'msp-a'), await things(host, 'msp-b')]
    const call = async (value: string) => {
      const { path, init } = request(route, own, parameter, value)
      return host.call(route.method, path, init)
    }
    const others = foreignValues(route, parameter, foreign)
    const isGuid = others.length > 0
    const broken = (isGuid ? brokenIds : brokenText).filter((value) => value !== '' || !atEnd(route, parameter))
    for (const value of [...broken.map(encodeURIComponent), ...brokenEscapes])
      expectOutcome(await call(value), 'malformed')
    const random = await call(isGuid ? randomUUID() : '9.9.9')
    expectOutcome(random, 'random')
    for (const other of others) {
      const answer = await call(other)
      expectOutcome(answer, 'other tenant')
      expect(comparable(answer)).toEqual(comparable(random))
    }
    const untouched = await host.scope('msp-b').m365Tenants.get(foreign.tenantId)
    expect([untouched.name, untouched.inputs]).toEqual(['Contoso', {}])
    expect((await host.scope('msp-b').webhooks.get(foreign.endpointId)).status).toBe('enabled')
    expectOutcome(await call(ownValues(route, own)[parameter] ?? ''), 'own')
  })

  /** Left out at the end of a path, a parameter makes another path. */
  const atEnd = (route: RouteInfo, parameter: string) => route.path.endsWith(`{${parameter}}`)

  it('holds for ids in a body and in a query', async () => {
    const host = await startHost()
    const [own, foreign] = [await things(host, 'msp-a'), await things(host, 'msp-b')]
    const start = (id: string) => host.call('POST', '/scans/start', { json: { m365_tenant_id: id } })
    const list = (id: string) => host.call('GET', `/scans?m365_tenant_id=${encodeURIComponent(id)}`)
    for (const call of [start, list]) {
      const random = await call(randomUUID())
      for (const id of [foreign.tenantId, foreign.guid]) {
        expect(comparable(await call(id))).toEqual(comparable(random))
      }
      expectOutcome(random, 'random')
      expectOutcome(await call('nobody'), 'malformed')
      for (const id of [own.tenantId, own.guid]) expectOutcome(await call(id), 'own')
    }
    expect((await host.scope('msp-b').scans.list()).data.map((scan) => scan.id)).toEqual([foreign.scanId])
  })

  it('lists only what is the caller’s', async () => {
    const host = await startHost()
    const [own, foreign] = [await things(host, 'msp-a'), await things(host, 'msp-b')]
    for (const path of ['/m365-tenants', '/scans', '/m365-tenants?q=contoso']) {
      const { text } = await host.call('GET', path)
      expect(text).toContain(own.tenantId)
      for (const id of Object.values(foreign)) expect(text).not.toContain(id)
    }
  })
})

describe('the platform tenant comes from the host alone', () => {
  it('ignores a header that says otherwise, and refuses such fields and parameters', async () => {
    const host = await startHost()
    const own = await things(host, 'msp-a')
    const plain = await host.call('GET', '/m365-tenants')
    const headed = await host.call('GET', '/m365-tenants', {
      headers: { 'X-Tenant-ID': 'msp-b', 'X-Platform-Tenant': 'msp-b' },
    })
    expect(headed.json).toEqual(plain.json)
    for (const parameter of ['tenant_id', 'platform_tenant_id', 'platformTenantId']) {
      const queried = await host.call('GET', `/m365-tenants?${parameter}=msp-b`)
      expect([queried.status, queried.json.errors]).toEqual([
        400,
        [{ in: 'query', pointer: `/${parameter}`, detail: 'is not a known parameter.' }],
      ])
      const created = await host.call('POST', '/m365-tenants', { json: newTenantBody({ [parameter]: 'msp-b' }) })
      expect([created.status, created.json.errors[0].pointer]).toEqual([400, `/${parameter}`])
      const started = await host.call('POST', '/scans/start', {
        json: { m365_tenant_id: own.tenantId, [parameter]: 'msp-b' },
      })
      expect(started.status).toBe(400)
    }
  })

  it('answers 401 without a caller and 500 when the host names no platform tenant', async () => {
    const host = await startHost({ router: { docs: true } })
    for (const route of routes.filter(({ security }) => security === 'host')) {
      const id = randomUUID()
      const { path, init } = request(
        route,
        { tenantId: id, guid: '', scanId: id, endpointId: id, deliveryId: id },
        '',
        '',
      )
      const answer = await host.call(route.method, path, { ...init, token: null })
      expect([nameOf(route), answer.status, answer.json.code]).toEqual([nameOf(route), 401, 'unauthenticated'])
    }
    const careless = await startHost({
      router: { authenticate: () => ({ platformTenantId: '', actor: 'x', principal: { role: 'admin' } }) },
    })
    expect((await careless.call('GET', '/m365-tenants')).status).toBe(500)
  })
})

describe('authorisation', () => {
  it('is asked once on every route, with the route’s action and what it is about', async () => {
    for (const route of routes) {
      const host = await startHost({ router: { docs: true } })
      const own = await things(host, 'msp-a')
      host.questions.length = 0
      const { path, init } = request(route, own, '', '')
      const extra: CallInit =
        route.path === '/scans/start'
          ? { json: { m365_tenant_id: own.guid } }
          : nameOf(route) === 'POST /m365-tenants'
            ? { json: newTenantBody() }
            : nameOf(route) === 'POST /webhooks'
              ? { json: { url: endpointUrl } }
              : {}
      await host.call(route.method, path, { ...init, ...extra })
      if (route.security === 'signature') {
        expect(host.questions).toEqual([])
        continue
      }
      expect(host.questions.map(({ action }) => action)).toEqual([route.action])
      const resource = host.questions[0]?.resource
      const concerned = route.subject.type === 'scan' || route.path.startsWith('/m365-tenants/')
      const listOrNew = ['/scans', '/m365-tenants', '/scans/start'].includes(route.path)
      const id = route.subject.type === 'scan' ? own.scanId : own.tenantId
      const endpointId = route.path.startsWith('/webhooks/') ? own.endpointId : null
      expect(resource).toEqual({
        type: route.subject.type,
        id: concerned && !listOrNew ? id : endpointId,
        m365TenantId: concerned && route.path !== '/scans' ? own.tenantId : null,
      })
    }
  })

  it('refuses with 403, changes nothing, and hides what is not there', async () => {
    const host = await startHost()
    const own = await things(host, 'msp-a')
    const token = 'msp-a/reader'
    for (const id of [own.tenantId, randomUUID()]) {
      const answer = await host.call('DELETE', `/m365-tenants/${id}`, { token })
      expect([answer.status, answer.json.code]).toEqual([403, 'forbidden'])
    }
    expect((await host.call('GET', `/m365-tenants/${own.tenantId}`)).status).toBe(200)
  })

  it('takes nothing but true for a yes', async () => {
    const host = await startHost({ router: { authorize: (() => 'no') as unknown as () => boolean } })
    expect((await host.call('GET', '/scans')).status).toBe(403)
  })
})
