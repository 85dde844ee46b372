import { afterEach, describe, expect, it } from 'vitest'
import { type Fault, freshTenant, hardenedTenant, type SimulatorOptions } from '../index.ts'
import { Client, scopes, signedIn } from '../testing/client.ts'

let client: Client | undefined

afterEach(async () => {
  await client?.close()
  client = undefined
})

async function open(options: Partial<SimulatorOptions> = {}) {
  const tenant = hardenedTenant()
  client = await Client.start({ tenants: [tenant], ...options })
  return { tenant, own: client, get: await signedIn(client, tenant, scopes.graph) }
}

const url = 'https://graph.microsoft.com/v1.0/domains'
const fault = (kind: Fault['kind'], more: Partial<Fault> = {}): Fault => ({
  match: { source: 'graph/domains' },
  kind,
  ...more,
})

describe('a fault', () => {
  it.each([
    [fault('status'), 500, 'InternalServerError'],
    [fault('status', { status: 503 }), 503, 'serviceNotAvailable'],
    [fault('status', { status: 429 }), 429, 'TooManyRequests'],
    [fault('denied'), 403, 'Authorization_RequestDenied'],
    [fault('unlicensed'), 403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant'],
  ])('%j looks like the service’s own trouble', async (one, status, code) => {
    const { get } = await open({ faults: [one] })
    const response = await get(url)
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ])
  })

  it('can be a page, an empty body, half a body or no answer at all', async () => {
    const { get, own } = await open({ faults: [fault('html')] })
    const page = await get(url)
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8'])
    own.simulator.configure({ faults: [fault('emptyBody')] })
    const nothing = await get(url)
    expect([nothing.status, await nothing.text()]).toEqual([200, ''])
    own.simulator.configure({ faults: [fault('truncated')] })
    await expect(get(url).then((response) => response.text())).rejects.toThrow()
    own.simulator.configure({ faults: [fault('reset')] })
    await expect(get(url)).rejects.toThrow()
    expect(own.simulator.requests.at(-1)?.status).toBe(0)
    own.simulator.configure({ faults: [fault('hang')] })
    const hanging = expect(get(url)).rejects.toThrow()
    await expect
      .poll(() => own.simulator.requests.filter((record) => record.source === 'graph/domains'))
      .toHaveLength(5)
    // Closing cuts the connection that hangs.
    await own.simulator.close()
    await hanging
  })

  it('strikes as often as it says, and where it says', async () => {
    const { get } = await open({
      faults: [{ match: { host: 'graph.microsoft.com', path: '/DOMAINS' }, kind: 'status', times: 2 }],
    })
    const statuses = []
    for (let count = 0; count < 3; count += 1) statuses.push((await get(url)).status)
    expect(statuses).toEqual([500, 500, 200])
  })

  it('strikes parts of a batch alone, and delays it as a whole', async () => {
    const { get, own } = await open({ faults: [fault('html')] })
    const requests = [
      { id: 'd', method: 'GET', url: '/domains' },
      { id: 'o', method: 'GET', url: '/organization' },
    ]
    const send = () =>
      get('https://graph.microsoft.com/v1.0/$batch', { method: 'POST', body: JSON.stringify({ requests }) })
    const { responses } = (await (await send()).json()) as {
      responses: { id: string; status: number; body: unknown }[]
    }
    expect(responses.find((part) => part.id === 'o')?.status).toBe(200)
    const struck = responses.find((part) => part.id === 'd')
    // A body that is no JSON comes as base64.
    expect(struck?.status).toBe(502)
    expect(Buffer.from(String(struck?.body), 'base64').toString()).toContain('<html>')
    own.simulator.configure({ faults: [fault('reset')] })
    await expect(send()).rejects.toThrow()
  })

  it('at the token endpoint is a code of sign-in', async () => {
    const { own, tenant } = await open()
    own.simulator.configure({
      faults: [
        { match: { service: 'signin' }, kind: 'denied', times: 1 },
        { match: { service: 'signin' }, kind: 'status', status: 503 },
      ],
    })
    expect((await own.signIn(tenant, scopes.graph)).body.error_codes).toEqual([53003])
    expect(await own.signIn(tenant, scopes.graph)).toMatchObject({ status: 503, body: { error_codes: [90033] } })
  })
})

describe('the throttle', () => {
  const statuses = async (seed: number) => {
    const { get, own } = await open({ throttle: { share: 0.4, retryAfter: 'mixed', seed } })
    const answers = []
    for (let count = 0; count < 25; count += 1) {
      const response = await get(url)
      answers.push(response.status === 429 ? `429 ${response.headers.get('retry-after') ?? 'bare'}` : '200')
      await response.text()
    }
    await own.close()
    client = undefined
    return answers
  }

  it('hits the same requests for the same seed, with and without a time', async () => {
    const first = await statuses(1)
    expect(await statuses(1)).toEqual(first)
    expect(new Set(first)).toEqual(new Set(['200', '429 1', '429 bare']))
    expect(await statuses(2)).not.toEqual(first)
  })

  it('leaves sign-in and other services alone, and can be taken away', async () => {
    const { own, tenant, get } = await open()
    own.simulator.configure({ throttle: { share: 1, retryAfter: 'never', services: ['exchange'] } })
    expect((await own.signIn(tenant, scopes.graph)).status).toBe(200)
    expect((await get(url)).status).toBe(200)
    own.simulator.configure({ throttle: { share: 1, retryAfter: 'never' } })
    expect((await get(url)).status).toBe(429)
    own.simulator.configure({ throttle: null })
    expect((await get(url)).status).toBe(200)
  })
})

describe('knobs', () => {
  it('shorten tokens and leave the document open to changes', async () => {
    const { own, tenant, get } = await open()
    own.simulator.configure({ tokenLifetimeSeconds: 120 })
    expect((await own.signIn(tenant, scopes.graph)).body.expires_in).toBe(120)
    own.simulator.tenant(tenant.tenantId).displayName = 'Renamed'
    const { value } = (await (await get('https://graph.microsoft.com/v1.0/organization')).json()) as {
      value: { displayName: string }[]
    }
    expect(value[0]?.displayName).toBe('Renamed')
    expect(() => own.simulator.tenant('nobody')).toThrow(RangeError)
    expect(() => own.simulator.configure({ latencyScale: -1 })).toThrow('latencyScale')
    expect(freshTenant().displayName).toBe('Contoso')
  })
})
