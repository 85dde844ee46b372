import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { endpointUrl, type Host, onCleanup, startHost, withScan } from './host.ts'

const create = (host: Host, json: object = { url: endpointUrl }, headers: Record<string, string> = {}) =>
  host.call('POST', '/webhooks', { json, headers })

/** A receiver on loopback and what it got. */
async function receiver() {
  const received: { headers: Record<string, string>; body: string }[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') })
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onCleanup(async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return { port: (server.address() as AddressInfo).port, received }
}

describe('webhook endpoints', () => {
  it('give their secret once, and never again: not in a list, not for the same Idempotency-Key', async () => {
    const host = await startHost()
    const headers = { 'idempotency-key': randomUUID() }
    const created = await create(
      host,
      { url: endpointUrl, description: 'tickets', event_types: ['scan.failed'] },
      headers,
    )
    expect(created.status).toBe(201)
    expect(created.json).toMatchObject({
      url: endpointUrl,
      description: 'tickets',
      event_types: ['scan.failed'],
      status: 'enabled',
      created_by: 'ann',
      secret: expect.stringMatching(/^whsec_/),
    })
    expect(created.headers.get('location')).toBe(`/msp/cspm/webhooks/${created.json.id}`)
    const again = await create(
      host,
      { url: endpointUrl, description: 'tickets', event_types: ['scan.failed'] },
      headers,
    )
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(again.json).toEqual({ ...created.json, secret: null })
    const list = await host.call('GET', '/webhooks')
    const one = await host.call('GET', `/webhooks/${created.json.id}`)
    const { secret, ...shown } = created.json
    expect([list.json.data, one.json]).toEqual([[shown], shown])
    const rotated = await host.call('POST', `/webhooks/${shown.id}/rotate-secret`, { json: { overlap_seconds: 60 } })
    expect(rotated.status).toBe(200)
    expect(rotated.json.secret).toMatch(/^whsec_/)
    expect(rotated.json.secret).not.toBe(secret)
    expect(rotated.json.previous_secret_expires_at).not.toBeNull()
    const plain = await host.call('POST', `/webhooks/${shown.id}/rotate-secret`)
    expect(plain.status).toBe(200)
  })

  it('are changed, disabled and removed', async () => {
    const host = await startHost()
    const { json } = await create(host)
    const path = `/webhooks/${json.id}`
    expect((await host.call('PATCH', path, { json: {} })).json.status).toBe('enabled')
    const off = await host.call('PATCH', path, { json: { enabled: false, description: null } })
    expect([off.json.status, off.json.disabled_reason]).toEqual(['disabled', 'Disabled by hand.'])
    const test = await host.call('POST', `${path}/test`)
    expect([test.status, test.json.code]).toEqual([409, 'conflict'])
    expect((await host.call('DELETE', path)).status).toBe(204)
    expect((await host.call('GET', path)).status).toBe(404)
  })

  it('S-54: are refused with the reason, for every URL that is not allowed', async () => {
    const host = await startHost()
    for (const url of ['http://169.254.169.254', 'https://2130706433:9/', 'https://elsewhere.example/', 'nonsense']) {
      const answer = await create(host, { url })
      expect([answer.status, answer.json.errors[0].pointer]).toEqual([400, '/url'])
    }
    const wrong = await create(host, { url: '', event_types: ['nothing'], status: 'enabled', secret: 'whsec_mine' })
    expect(wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/event_types/0',
      '/secret',
      '/status',
      '/url',
    ])
    const twice = await create(host, { url: endpointUrl, event_types: ['scan.failed', 'scan.failed'] })
    expect(twice.json.errors[0].pointer).toBe('/event_types')
  })

  it('are off unless the host turns them on, and limited when they are on', async () => {
    const off = await startHost({ core: { webhooks: undefined } as never })
    const refused = await create(off)
    expect([refused.status, refused.json.code]).toEqual([409, 'webhooks_off'])
    // How the host turns them on is not for its customers.
    expect(refused.text).not.toContain('allowedHosts')
    const webhooks = {
      allowedHosts: ['hooks.example.com:9'],
      resolve: async () => ['93.184.216.34'],
      endpointsPerPlatformTenant: 1,
    }
    const limited = await startHost({ core: { webhooks, worker: false } })
    expect((await create(limited)).status).toBe(201)
    const second = await create(limited)
    expect([second.status, second.json.code]).toEqual([429, 'limit_reached'])
  })

  it('hear of a scan by a signed message; the log tells of it, and it can be sent again', async () => {
    const target = await receiver()
    const host = await startHost({
      core: {
        webhooks: {
          allowedHosts: [`receiver.test:${target.port}`],
          allowHttp: true,
          allowPrivate: true,
          resolve: async () => ['127.0.0.1'],
        },
      },
    })
    const { json: endpoint } = await create(host, { url: `http://receiver.test:${target.port}/` })
    const { scan } = await withScan(host)
    await expect.poll(() => target.received.length).toBe(1)
    const [message] = target.received
    const told = new Webhook(endpoint.secret).verify(message?.body ?? '', message?.headers ?? {}) as { data: object }
    // The same words as in the status of the scan.
    const status = await host.call('GET', `/scans/${scan.id}/status`)
    for (const [name, value] of Object.entries(told.data)) {
      if (name !== 'coverage' && name in status.json) expect([name, value]).toEqual([name, status.json[name]])
    }
    const path = `/webhooks/${endpoint.id}/deliveries`
    await expect.poll(async () => (await host.call('GET', `${path}?status=delivered`)).json.data.length).toBe(1)
    const [delivery] = (await host.call('GET', path)).json.data
    expect(delivery).toMatchObject({
      message_id: message?.headers['webhook-id'],
      event_type: 'scan.completed',
      scan_id: scan.id,
      attempts: 1,
      response_status: 204,
    })
    const again = await host.call('POST', `${path}/${delivery.id}/redeliver`)
    expect([again.status, again.json.status]).toEqual([202, 'pending'])
    await expect.poll(() => target.received.length).toBe(2)
    const test = await host.call('POST', `/webhooks/${endpoint.id}/test`)
    expect([test.status, test.json.event_type]).toEqual([202, 'test'])
    await expect.poll(() => target.received.length).toBe(3)
    expect(target.received[2]?.body).toContain('"type":"test"')
  })
})
