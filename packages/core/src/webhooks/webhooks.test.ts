import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { attached } from '../../test/fixture.ts'
import { closeAfter } from '../../test/webhook-fixture.ts'
import { isTenantscopeError } from '../errors/errors.ts'
import { createTenantscope, type TenantscopeOptions } from '../tenantscope.ts'
import type { WebhooksOptions } from './webhook-options.ts'

const publicAddress = async () => ['93.184.216.34']
const allowing = (over: Partial<WebhooksOptions> = {}): WebhooksOptions => ({
  allowedHosts: ['hooks.example.com', '*.customers.example'],
  resolve: publicAddress,
  ...over,
})
const url = 'https://hooks.example.com/tenantscope?x=1'

async function serving(webhooks?: WebhooksOptions) {
  const fixture = await attached(async function* () {}, { worker: false, ...(webhooks && { webhooks }) })
  closeAfter(fixture.tenantscope)
  return { ...fixture, other: fixture.tenantscope.forPlatformTenant('msp-2', { actor: 'bob' }) }
}

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  return isTenantscopeError(error) ? { code: error.code, errors: error.errors, message: error.message } : error
}

describe('S-54: outgoing webhooks are off unless the host turns them on', () => {
  it('says so, and how to turn them on, for everything that would send', async () => {
    const { scope, storage } = await serving()
    const on = await attached(async function* () {}, { storage, worker: false, webhooks: allowing() })
    const { endpoint } = await on.scope.webhooks.create({ url })
    const calls = [
      scope.webhooks.create({ url }),
      scope.webhooks.update(endpoint.id, { url }),
      scope.webhooks.rotateSecret(endpoint.id),
      scope.webhooks.test(endpoint.id),
      scope.webhooks.redeliver(endpoint.id, randomUUID()),
    ]
    for (const call of calls) {
      expect(await refusal(call)).toMatchObject({
        code: 'webhooks_off',
        message: expect.stringContaining('allowedHosts'),
      })
    }
    // What is stored can be seen, silenced and removed.
    expect((await scope.webhooks.list()).data.map(({ id }) => id)).toEqual([endpoint.id])
    expect((await scope.webhooks.deliveries(endpoint.id)).data).toEqual([])
    expect((await scope.webhooks.update(endpoint.id, { enabled: false })).status).toBe('disabled')
    await scope.webhooks.remove(endpoint.id)
    expect((await scope.webhooks.list()).data).toEqual([])
  })

  it('refuses options that are none, so that a slip opens nothing', () => {
    const make = (webhooks: object) => () => createTenantscope({ webhooks } as unknown as TenantscopeOptions)
    expect(make(allowing({ allowedHosts: ['*'] }))).toThrow(/\/webhooks\/allowedHosts\/0/)
    expect(make(allowing({ endpointsPerPlatformTenant: 0 }))).toThrow(/\/webhooks\/endpointsPerPlatformTenant/)
    expect(make(allowing({ pollMs: Number.NaN }))).toThrow(/\/webhooks\/pollMs/)
    expect(make(allowing({ retryDelaysMs: [1, -1] }))).toThrow(/\/webhooks\/retryDelaysMs\/1/)
    expect(make({})).toThrow(/\/webhooks\/allowedHosts/)
  })
})

describe('endpoints', () => {
  it('are created, shown, changed, listed and removed', async () => {
    const { scope } = await serving(allowing())
    const { endpoint, secret } = await scope.webhooks.create({ url, description: 'to the ticket system' })
    expect(endpoint).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      platformTenantId: 'msp-1',
      url,
      description: 'to the ticket system',
      eventTypes: [],
      status: 'enabled',
      disabledReason: null,
      previousSecretExpiresAt: null,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      createdBy: 'ann',
      updatedBy: 'ann',
    })
    expect(secret).toMatch(/^whsec_/)
    expect(await scope.webhooks.get(endpoint.id.toUpperCase())).toEqual(endpoint)
    const changed = await scope.webhooks.update(endpoint.id, {
      url: 'https://a.customers.example/',
      description: null,
      eventTypes: ['scan.failed'],
      enabled: false,
    })
    expect(changed).toMatchObject({
      url: 'https://a.customers.example/',
      description: null,
      eventTypes: ['scan.failed'],
      status: 'disabled',
      disabledReason: 'Disabled by hand.',
    })
    const second = await scope.webhooks.create({ url })
    const page = await scope.webhooks.list({ limit: 1 })
    const rest = await scope.webhooks.list({ limit: 1, cursor: page.next })
    expect(new Set([...page.data, ...rest.data].map(({ id }) => id))).toEqual(
      new Set([endpoint.id, second.endpoint.id]),
    )
    await scope.webhooks.remove(endpoint.id)
    expect((await refusal(scope.webhooks.get(endpoint.id))) as object).toMatchObject({ code: 'not_found' })
  })

  it('are refused with a pointer for each wrong field', async () => {
    const { scope } = await serving(allowing())
    const pointers = async (input: object) => {
      const { errors } = (await refusal(scope.webhooks.create(input as { url: string }))) as {
        errors: { pointer: string }[]
      }
      return errors.map(({ pointer }) => pointer)
    }
    expect(await pointers({})).toEqual(['/url'])
    expect(await pointers({ url: 'http://hooks.example.com/' })).toEqual(['/url'])
    expect(await pointers({ url: 'https://elsewhere.example/' })).toEqual(['/url'])
    expect(await pointers({ url, eventTypes: ['scan.exploded'] })).toEqual(['/eventTypes/0'])
    expect(await pointers({ url, eventTypes: ['test'] })).toEqual(['/eventTypes/0'])
    expect(await pointers({ url, eventTypes: ['scan.failed', 'scan.failed'] })).toEqual(['/eventTypes'])
    expect(await pointers({ url, secret: 'whsec_mine', status: 'enabled', platformTenantId: 'msp-2' })).toEqual([
      '/secret',
      '/status',
      '/platformTenantId',
    ])
  })

  it('S-54: a name that leads inside is refused when it is typed in already', async () => {
    const { scope } = await serving(allowing({ resolve: async () => ['10.0.0.5'] }))
    expect(await refusal(scope.webhooks.create({ url }))).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/url', detail: 'names a host whose address is not a public one.' }],
    })
    const nameless = await serving(allowing({ resolve: () => Promise.reject(new Error('ENOTFOUND 10.9.9.9')) }))
    const refused = (await refusal(nameless.scope.webhooks.create({ url }))) as { errors: { detail: string }[] }
    expect(refused.errors).toEqual([{ pointer: '/url', detail: 'names a host that cannot be resolved now.' }])
  })

  it('S-51: are limited per platform tenant', async () => {
    const { scope, other } = await serving(allowing({ endpointsPerPlatformTenant: 2 }))
    const { endpoint } = await scope.webhooks.create({ url })
    await scope.webhooks.create({ url })
    expect(await refusal(scope.webhooks.create({ url }))).toMatchObject({ code: 'limit_reached' })
    await other.webhooks.create({ url })
    await scope.webhooks.remove(endpoint.id)
    await scope.webhooks.create({ url })
  })

  it('S-51: ten test messages may wait for one', async () => {
    const { scope } = await serving(allowing())
    const { endpoint } = await scope.webhooks.create({ url })
    const { endpoint: second } = await scope.webhooks.create({ url })
    for (let i = 0; i < 10; i += 1) await scope.webhooks.test(endpoint.id)
    expect(await refusal(scope.webhooks.test(endpoint.id))).toMatchObject({ code: 'limit_reached' })
    expect((await scope.webhooks.deliveries(endpoint.id)).data).toHaveLength(10)
    await scope.webhooks.test(second.id)
  })

  it('and deliveries of another platform tenant are missing, in every method', async () => {
    const { scope, other } = await serving(allowing())
    const mine = await scope.webhooks.create({ url })
    const theirs = await other.webhooks.create({ url })
    const delivery = await other.webhooks.test(theirs.endpoint.id)
    for (const id of [theirs.endpoint.id, randomUUID()]) {
      const answers = [
        scope.webhooks.get(id),
        scope.webhooks.update(id, { enabled: false }),
        scope.webhooks.remove(id),
        scope.webhooks.rotateSecret(id),
        scope.webhooks.test(id),
        scope.webhooks.deliveries(id),
        scope.webhooks.redeliver(id, delivery.id),
      ]
      for (const answer of answers) {
        expect(await refusal(answer)).toMatchObject({
          code: 'not_found',
          message: 'There is no such webhook endpoint.',
        })
      }
    }
    expect(await refusal(scope.webhooks.redeliver(mine.endpoint.id, delivery.id))).toMatchObject({ code: 'not_found' })
    expect((await scope.webhooks.list()).data.map(({ id }) => id)).toEqual([mine.endpoint.id])
    expect((await other.webhooks.get(theirs.endpoint.id)).status).toBe('enabled')
  })

  it('are not found by what is no id', async () => {
    const { scope } = await serving(allowing())
    for (const id of ['', 'x', '../x', "'; drop table", '00000000-0000-0000-0000-00000000000g']) {
      expect(await refusal(scope.webhooks.get(id))).toMatchObject({
        code: 'invalid_input',
        errors: [{ pointer: '/id' }],
      })
    }
  })
})

describe('audit log', () => {
  it('has an entry for each write: who, by which request, and names of fields, never a secret or a URL', async () => {
    const { tenantscope, other } = await serving(allowing())
    const scope = tenantscope.forPlatformTenant('msp-1', { actor: 'ben', requestId: 'req-9' })
    const { endpoint, secret } = await scope.webhooks.create({ url, eventTypes: ['scan.failed'] })
    await scope.webhooks.update(endpoint.id, { description: 'words', eventTypes: ['scan.failed'] })
    const { secret: newer } = await scope.webhooks.rotateSecret(endpoint.id)
    const delivery = await scope.webhooks.test(endpoint.id)
    await scope.webhooks.redeliver(endpoint.id, delivery.id)
    await scope.webhooks.update(endpoint.id, { enabled: false })
    await scope.webhooks.update(endpoint.id, { enabled: true })
    await scope.webhooks.remove(endpoint.id)
    const { data } = await scope.audit.list()
    const resource = { type: 'webhook_endpoint', id: endpoint.id }
    const expected = [
      { action: 'webhook_endpoint.created', resource, detail: { fields: ['eventTypes', 'url'] } },
      { action: 'webhook_endpoint.updated', resource, detail: { fields: ['description'] } },
      { action: 'webhook_endpoint.secret_rotated', resource, detail: { fields: ['secrets'] } },
      { action: 'webhook_endpoint.tested', resource, detail: {} },
      {
        action: 'webhook_delivery.redelivered',
        resource: { type: 'webhook_delivery', id: delivery.id },
        detail: { endpointId: endpoint.id },
      },
      { action: 'webhook_endpoint.disabled', resource, detail: { fields: ['status'] } },
      { action: 'webhook_endpoint.enabled', resource, detail: { fields: ['status'] } },
      { action: 'webhook_endpoint.deleted', resource, detail: {} },
    ]
    const byAction = new Map(data.map((entry) => [entry.action, entry]))
    for (const one of expected) {
      expect(byAction.get(one.action)).toMatchObject({ ...one, actor: 'ben', requestId: 'req-9' })
      expect(byAction.get(one.action)?.detail).toEqual(one.detail)
    }
    expect(data).toHaveLength(expected.length)
    for (const value of [secret, newer, secret.slice(6), url, 'words'])
      expect(JSON.stringify(data)).not.toContain(value)
    expect((await other.audit.list()).data).toEqual([])
  })

  it('has nothing of what was refused', async () => {
    const { scope } = await serving(allowing({ endpointsPerPlatformTenant: 1 }))
    const { endpoint } = await scope.webhooks.create({ url })
    await scope.webhooks.update(endpoint.id, { enabled: false })
    const before = (await scope.audit.list()).data.length
    const refused = [
      scope.webhooks.create({ url }),
      scope.webhooks.create({ url: 'https://elsewhere.example/' }),
      scope.webhooks.update(endpoint.id, { url: 'http://169.254.169.254' }),
      scope.webhooks.test(endpoint.id),
      scope.webhooks.redeliver(endpoint.id, randomUUID()),
      scope.webhooks.remove(randomUUID()),
    ]
    for (const call of refused) expect(await refusal(call)).not.toBeNull()
    expect((await scope.audit.list()).data).toHaveLength(before)
  })
})
