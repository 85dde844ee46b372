import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { attached, guid, latch, shared } from '../../test/fixture.ts'
import type { Received } from '../../test/receiver.ts'
import { done, type Script } from '../../test/scripted-runner.ts'
import { closeAfter, listening, toLoopback, urlOf, verified, withEndpoints } from '../../test/webhook-fixture.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { memoryStorage } from '../storage/memory/memory-storage.ts'
import type { WebhookDelivery } from '../storage/webhook-store.ts'

const first = <T>(list: readonly T[]): T => {
  const [one] = list
  if (one === undefined) throw new Error('expected at least one')
  return one
}

describe('the end of a scan', () => {
  it('goes out as one signed message that the receivers’ library takes, with counts and without findings', async () => {
    const target = await listening()
    const { runScan, endpoints, scope } = await withEndpoints([target])
    const { endpoint, secret } = first(endpoints)
    const scan = await runScan()
    await expect.poll(() => target.received.length).toBe(1)
    const message = first(target.received)
    expect(verified(secret, message)).toEqual({
      type: 'scan.completed',
      timestamp: scan.completedAt?.toISOString(),
      data: {
        scan_id: scan.id,
        m365_tenant_id: scan.m365TenantId,
        benchmark: { id: 'cis-m365', version: '5.0.0' },
        status: 'completed',
        failure_reason: null,
        total_checks: 4,
        passed: 0,
        failed: 1,
        errors: 0,
        manual: 0,
        not_applicable: 0,
        not_run: 3,
        score: { value: 0, passed: 0, of: 1 },
        coverage: { value: 0.25, judged: 1, of: 4 },
        created_at: scan.createdAt.toISOString(),
        started_at: scan.startedAt?.toISOString(),
        completed_at: scan.completedAt?.toISOString(),
      },
    })
    expect(() => verified(`whsec_${Buffer.alloc(32, 7).toString('base64')}`, message)).toThrow()
    expect(() => verified(secret, { ...message, body: message.body.replace('completed', 'failed') })).toThrow()
    expect(message.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'tenantscope' })
    // A host's traces, and what could name its inside, stay with it.
    for (const header of ['traceparent', 'b3', 'referer', 'origin', 'cookie', 'authorization']) {
      expect(message.headers).not.toHaveProperty(header)
    }
    await expect
      .poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data)
      .toEqual([
        expect.objectContaining({
          status: 'delivered',
          attempts: 1,
          responseStatus: 204,
          error: null,
          scanId: scan.id,
        }),
      ])
    const { data } = await scope.webhooks.deliveries(endpoint.id)
    expect(message.headers['webhook-id']).toBe(`msg_${first(data).id}`)
  })

  it('is told of failed and cancelled scans too, to those who want to know', async () => {
    const [all, failures] = [await listening(), await listening()]
    const hold = latch()
    const script: Script = async function* () {
      await hold.promise
      yield done('failed')
    }
    const { scope, tenantscope } = await attached(script, {
      webhooks: toLoopback([all, failures]),
      worker: { concurrency: 1 },
    })
    closeAfter(tenantscope)
    const register = (m365TenantId: string) =>
      scope.m365Tenants.register({
        m365TenantId,
        name: 'Contoso',
        defaultDomain: 'contoso.onmicrosoft.com',
        credential: { kind: 'client_secret', clientId: guid, clientSecret: 'a-secret-value' },
      })
    const a = await scope.webhooks.create({ url: urlOf(all) })
    const b = await scope.webhooks.create({ url: urlOf(failures), eventTypes: ['scan.failed'] })
    const running = await scope.scans.start({ m365TenantId: (await register(guid)).id })
    const waiting = await scope.scans.start({ m365TenantId: running.m365TenantId })
    await scope.scans.cancel(waiting.id)
    hold.open()
    expect(await scope.scans.finished(running.id)).toMatchObject({ status: 'failed' })
    await expect.poll(() => all.received.length).toBe(2)
    await expect.poll(() => failures.received.length).toBe(1)
    const told = all.received.map((message) => verified(a.secret, message))
    expect(new Map(told.map(({ type, data }) => [type, data.scan_id]))).toEqual(
      new Map([
        ['scan.cancelled', waiting.id],
        ['scan.failed', running.id],
      ]),
    )
    expect(verified(b.secret, first(failures.received))).toMatchObject({
      type: 'scan.failed',
      data: { status: 'failed', failure_reason: 'runner_error' },
    })
    // Why a run failed may quote a service: that stays with the API.
    expect(first(failures.received).body).not.toContain('gave up on purpose')
  })

  it('reaches the endpoints of its own platform tenant only', async () => {
    const [mine, theirs] = [await listening(), await listening()]
    const { runScan, tenantscope } = await withEndpoints([mine], { outgoing: toLoopback([mine, theirs]) })
    await tenantscope.forPlatformTenant('msp-2', { actor: 'bob' }).webhooks.create({ url: urlOf(theirs) })
    await runScan()
    await expect.poll(() => mine.received.length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(theirs.connections()).toBe(0)
  })
})

describe('a receiver in trouble', () => {
  it('gets the message when it is up again, under the same id', async () => {
    let down = true
    const target = await listening((response) => void response.writeHead(down ? 503 : 200).end('some words'))
    const { runScan, endpoints, scope } = await withEndpoints([target], {
      outgoing: { retryDelaysMs: Array(200).fill(15) },
    })
    const { endpoint, secret } = first(endpoints)
    await runScan()
    await expect.poll(() => target.received.length).toBeGreaterThan(2)
    expect((await scope.webhooks.deliveries(endpoint.id)).data).toMatchObject([
      { status: 'pending', responseStatus: 503, error: 'The endpoint answered 503.' },
    ])
    down = false
    await expect.poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data[0]?.status).toBe('delivered')
    expect(new Set(target.received.map((message) => message.headers['webhook-id'])).size).toBe(1)
    expect(new Set(target.received.map(({ body }) => body)).size).toBe(1)
    for (const message of target.received) verified(secret, message)
  })

  it('that listens on nothing is tried again, and is found when it starts', async () => {
    const before = await listening()
    const { runScan, endpoints, scope } = await withEndpoints([before], {
      outgoing: { retryDelaysMs: Array(500).fill(15) },
    })
    await before.close()
    await runScan()
    const { endpoint } = first(endpoints)
    await expect.poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data[0]?.attempts).toBeGreaterThan(1)
    expect((await scope.webhooks.deliveries(endpoint.id)).data[0]?.error).toBe('The host refused the connection.')
    const after = await listening(undefined, { port: before.port })
    await expect.poll(() => after.received.length).toBe(1)
  })

  it('is asked no sooner than its Retry-After', async () => {
    const target = await listening((response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
    const { runScan, endpoints, scope } = await withEndpoints([target])
    await runScan()
    const delivery = async () => first((await scope.webhooks.deliveries(first(endpoints).endpoint.id)).data)
    await expect.poll(async () => (await delivery()).responseStatus).toBe(429)
    const { nextAttemptAt, lastAttemptAt } = await delivery()
    expect((nextAttemptAt?.getTime() ?? 0) - (lastAttemptAt?.getTime() ?? 0)).toBe(3_600_000)
  })

  it('that answers 410 is disabled, and hears nothing more until it is enabled', async () => {
    let gone = true
    const target = await listening((response) => void response.writeHead(gone ? 410 : 204).end())
    const { runScan, endpoints, scope } = await withEndpoints([target])
    const { endpoint } = first(endpoints)
    await runScan()
    await expect.poll(async () => (await scope.webhooks.get(endpoint.id)).status).toBe('disabled')
    expect((await scope.webhooks.get(endpoint.id)).disabledReason).toBe('The endpoint answered 410 Gone.')
    await runScan()
    const [delivery] = (await scope.webhooks.deliveries(endpoint.id)).data
    await expect(scope.webhooks.test(endpoint.id)).rejects.toMatchObject({ code: 'conflict' })
    await expect(scope.webhooks.redeliver(endpoint.id, delivery?.id ?? '')).rejects.toMatchObject({ code: 'conflict' })
    expect(target.received).toHaveLength(1)
    gone = false
    const enabled = await scope.webhooks.update(endpoint.id, { enabled: true })
    expect(enabled).toMatchObject({ status: 'enabled', disabledReason: null })
    await runScan()
    await expect.poll(() => target.received.length).toBe(2)
  })

  it('that took nothing through all tries of a message is disabled; one that took another message is not', async () => {
    const dead = await listening((response) => void response.writeHead(500).end())
    const picky = await listening((response, { body }) => {
      response.writeHead(body.includes('"test"') ? 200 : 500).end()
    })
    const { runScan, endpoints, scope } = await withEndpoints([dead, picky], {
      outgoing: { retryDelaysMs: [200, 200] },
    })
    await runScan()
    const [ofDead, ofPicky] = endpoints.map(({ endpoint }) => endpoint.id) as [string, string]
    await scope.webhooks.test(ofPicky)
    const failed = async (id: string) => (await scope.webhooks.deliveries(id, { status: 'failed' })).data
    await expect.poll(async () => (await failed(ofDead)).length).toBe(1)
    await expect.poll(async () => (await failed(ofPicky)).length).toBe(1)
    expect(first(await failed(ofDead))).toMatchObject({ attempts: 3, responseStatus: 500, nextAttemptAt: null })
    expect(await scope.webhooks.get(ofDead)).toMatchObject({
      status: 'disabled',
      disabledReason: 'Every try of a message failed, and no other message was taken meanwhile.',
    })
    expect((await scope.webhooks.get(ofPicky)).status).toBe('enabled')
  })

  it('S-54: a name that leads elsewhere by the time of the message is not followed', async () => {
    const target = await listening()
    let addresses = ['93.184.216.34']
    const resolve = async () => addresses
    const { scope, tenant, endpoints } = await withEndpoints([target], { outgoing: { allowPrivate: false, resolve } })
    addresses = ['127.0.0.1']
    await scope.scans.start({ m365TenantId: tenant.id })
    const { endpoint } = first(endpoints)
    await expect
      .poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data[0]?.error)
      .toBe('Not sent: the URL names a host whose address is not a public one.')
    expect(target.connections()).toBe(0)
  })
})

describe('secrets', () => {
  it('during a rotation both sign; afterwards the new one alone; after a leak at once', async () => {
    const target = await listening()
    let at = Date.now()
    const clock = { now: () => new Date(at) }
    const { endpoints, scope } = await withEndpoints([target], { clock })
    const { endpoint, secret: old } = first(endpoints)
    const next = async () => {
      const before = target.received.length
      await scope.webhooks.test(endpoint.id)
      await expect.poll(() => target.received.length).toBe(before + 1)
      return target.received[before] as Received
    }
    const taken = (secret: string, message: Received) => {
      try {
        verified(secret, message)
        return true
      } catch {
        return false
      }
    }
    const rotated = await scope.webhooks.rotateSecret(endpoint.id, { overlapMs: 60_000 })
    expect(rotated.endpoint.previousSecretExpiresAt).toEqual(new Date(at + 60_000))
    const during = await next()
    expect(during.headers['webhook-signature']?.split(' ')).toHaveLength(2)
    expect([taken(old, during), taken(rotated.secret, during)]).toEqual([true, true])
    // The library allows five minutes between its clock and the message's.
    at += 61_000
    const after = await next()
    expect([taken(old, after), taken(rotated.secret, after)]).toEqual([false, true])
    const leaked = await scope.webhooks.rotateSecret(endpoint.id, { overlapMs: 0 })
    const atOnce = await next()
    expect([taken(rotated.secret, atOnce), taken(leaked.secret, atOnce)]).toEqual([false, true])
  })

  it('are given once, stored sealed for their endpoint, and shown nowhere', async () => {
    const target = await listening()
    const { endpoints, scope, storage, runScan } = await withEndpoints([target])
    const { endpoint, secret } = first(endpoints)
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    await runScan()
    await expect.poll(() => target.received.length).toBe(1)
    const stored = await storage.webhooks.getEndpoint({ platformTenantId: 'msp-1', id: endpoint.id })
    const seen = inspect(
      [
        stored,
        await scope.webhooks.get(endpoint.id),
        await scope.webhooks.list(),
        await scope.webhooks.deliveries(endpoint.id),
        await scope.webhooks.update(endpoint.id, { description: 'x' }),
        target.received,
      ],
      { depth: null },
    )
    const bytes = Buffer.from(secret.slice(6), 'base64')
    for (const form of [secret, secret.slice(6), bytes.toString('hex'), encodeURIComponent(secret)])
      expect(seen).not.toContain(form)
    expect(await scope.webhooks.get(endpoint.id)).not.toHaveProperty('secrets')
  })

  it('of one endpoint do not sign for another: what was moved is not opened, and nothing goes out', async () => {
    const target = await listening()
    const { endpoints, scope, storage } = await withEndpoints([target, target])
    const [a, b] = endpoints.map(({ endpoint }) => endpoint.id) as [string, string]
    const platformTenantId = 'msp-1'
    const of = await storage.webhooks.getEndpoint({ platformTenantId, id: a })
    const patch = { secrets: of?.secrets ?? [], updatedAt: new Date(), updatedBy: 'mallory' }
    await storage.webhooks.updateEndpoint({ platformTenantId, id: b, patch })
    await scope.webhooks.test(b)
    await expect
      .poll(async () => (await scope.webhooks.deliveries(b)).data[0]?.error)
      .toBe('Not sent: the signing secret cannot be opened.')
    expect(target.connections()).toBe(0)
  })
})

describe('a fault of ours', () => {
  it('counts as a try: the delivery ends like any other', async () => {
    const target = await listening()
    const secrets: SecretStore = {
      seal: async () => ({ envelope: 'e', keyId: 'k', keyVersion: 1 }),
      open: async () => '',
    }
    const { endpoints, scope } = await withEndpoints([target], { secrets, outgoing: { retryDelaysMs: [1] } })
    const { endpoint } = first(endpoints)
    await scope.webhooks.test(endpoint.id)
    await expect
      .poll(async () => (await scope.webhooks.deliveries(endpoint.id)).data)
      .toMatchObject([{ status: 'failed', attempts: 2, error: 'Not sent: a fault here.' }])
    expect(target.connections()).toBe(0)
  })
})

describe('the outbox', () => {
  it('delivers each message once with two workers on one storage', async () => {
    const target = await listening()
    const { runScan, storage, endpoints, scope } = await withEndpoints([target])
    const second = await attached(
      async function* () {
        yield done()
      },
      { storage: shared(storage), webhooks: toLoopback([target]) },
    )
    closeAfter(second.tenantscope)
    for (let i = 0; i < 12; i += 1) await runScan()
    const { endpoint } = first(endpoints)
    const delivered = async () => (await scope.webhooks.deliveries(endpoint.id, { status: 'delivered' })).data
    await expect.poll(async () => (await delivered()).length, { timeout: 5_000 }).toBe(12)
    expect(target.received).toHaveLength(12)
    expect(new Set(target.received.map(({ headers }) => headers['webhook-id'])).size).toBe(12)
    expect((await delivered()).map(({ attempts }) => attempts)).toEqual(Array(12).fill(1))
  })

  it('sends again under the same id what a process sent and did not live to write down', async () => {
    const target = await listening()
    let skew = 0
    const storage = memoryStorage({ monotonicMs: () => performance.now() + skew })
    const forgetful = {
      ...shared(storage),
      work: {
        ...storage.work,
        settleDelivery: async () => {
          throw new Error('gone')
        },
      },
    }
    const { scope, runScan, endpoints } = await withEndpoints([target], { storage: forgetful })
    await runScan()
    await expect.poll(() => target.received.length).toBe(1)
    const later = await attached(async function* () {}, { storage, webhooks: toLoopback([target]) })
    closeAfter(later.tenantscope)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(target.received).toHaveLength(1)
    skew = 31_000
    const { endpoint } = first(endpoints)
    await expect.poll(() => target.received.length).toBeGreaterThan(1)
    expect(new Set(target.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const [delivery] = (await scope.webhooks.deliveries(endpoint.id)).data
    expect(delivery?.attempts).toBe(2)
  })

  it('loses nothing and tells nothing twice when many scans end while the storage fails now and then', async () => {
    const target = await listening()
    let calls = 0
    const { storage } = await attached(async function* () {}, { worker: false })
    const shaky = {
      ...shared(storage),
      work: {
        ...storage.work,
        claimDeliveries: async (params: Parameters<typeof storage.work.claimDeliveries>[0]) => {
          calls += 1
          if (calls % 2 === 1) throw new Error('no connection')
          return storage.work.claimDeliveries(params)
        },
      },
    }
    const { runScan } = await withEndpoints([target], { storage: shaky })
    for (let i = 0; i < 3; i += 1) await runScan()
    await expect.poll(() => target.received.length).toBe(3)
    expect(calls).toBeGreaterThan(2)
  })

  it('is closed without waiting for a receiver that says nothing, and its message is not lost', async () => {
    const open: ServerResponse[] = []
    const target = await listening((response) => void open.push(response))
    const { runScan, tenantscope, storage, endpoints } = await withEndpoints([target])
    await runScan()
    await expect.poll(() => target.received.length).toBe(1)
    await tenantscope.close()
    await expect.poll(() => open[0]?.destroyed).toBe(true)
    const page = await storage.webhooks.listDeliveries({
      platformTenantId: 'msp-1',
      endpointId: first(endpoints).endpoint.id,
      status: null,
      cursor: null,
      limit: 10,
    })
    expect(page.data).toMatchObject([{ status: 'pending', error: 'Cut off: the worker shut down.' }])
    const { tenantscope: later } = await attached(async function* () {}, { storage, webhooks: toLoopback([target]) })
    closeAfter(later)
    await expect.poll(() => target.received.length).toBe(2)
    expect(new Set(target.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    for (const response of open) response.end()
  })
})

describe('redelivery', () => {
  it('sends a delivered and a failed message again, under the same id, with all its tries', async () => {
    let status = 204
    const target = await listening((response) => void response.writeHead(status).end())
    const { runScan, endpoints, scope } = await withEndpoints([target], { outgoing: { retryDelaysMs: [] } })
    const { endpoint } = first(endpoints)
    const log = async () => (await scope.webhooks.deliveries(endpoint.id)).data
    await runScan()
    await expect.poll(async () => (await log())[0]?.status).toBe('delivered')
    const { id } = first(await log())
    const again: WebhookDelivery = await scope.webhooks.redeliver(endpoint.id, id)
    expect(again).toMatchObject({ id, status: 'pending', attempts: 0 })
    await expect.poll(() => target.received.length).toBe(2)
    expect(new Set(target.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    status = 500
    await expect.poll(async () => (await log())[0]?.status).toBe('delivered')
    await scope.webhooks.redeliver(endpoint.id, id)
    await expect.poll(async () => (await log())[0]?.status).toBe('failed')
    await scope.webhooks.update(endpoint.id, { enabled: true })
    status = 200
    await scope.webhooks.redeliver(endpoint.id, id)
    await expect.poll(async () => (await log())[0]?.status).toBe('delivered')
    expect(await log()).toHaveLength(1)
  })
})
