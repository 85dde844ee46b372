import { randomBytes, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type LaunchDocument, launchDocumentSchema, openTokenAnswer, remoteRunner } from '@tenantscope/core'
import express from 'express'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { type CallInit, clientId, type Host, type HostOptions, secret, startHost } from './host.ts'
import { checked, done, scriptedRunner } from './scripted-runner.ts'

const newKey = () => `whsec_${randomBytes(32).toString('base64')}`

/** A host whose scans run elsewhere: the test plays the remote process of two scans, of two platform tenants. */
async function receiving(options: HostOptions = {}) {
  const launched: LaunchDocument[] = []
  const runner = remoteRunner({
    dispatch: async ({ launch }) => void launched.push(launchDocumentSchema.parse(JSON.parse(launch.document()))),
    receiverUrl: 'https://msp.example/msp/cspm',
    local: scriptedRunner(async function* () {
      yield done()
    }),
  })
  const host = await startHost({
    ...options,
    core: { runner, worker: { concurrency: 4 }, ...options.core },
    router: {
      authenticate: () => {
        throw new Error('A signed message must not be authenticated.')
      },
      ...options.router,
    },
  })
  const begin = async (platformTenantId: string) => {
    const scope = host.scope(platformTenantId)
    const m365TenantId = randomUUID()
    const credential = { kind: 'client_secret' as const, clientId, clientSecret: secret }
    const tenant = { m365TenantId, name: 'Contoso', defaultDomain: 'contoso.onmicrosoft.com', credential }
    const { id } = await scope.m365Tenants.register(tenant)
    const scan = await scope.scans.start({ m365TenantId: id })
    while (!launched.some(({ job }) => job.scanId === scan.id)) await new Promise((resolve) => setTimeout(resolve, 5))
    const { key } = launched.find(({ job }) => job.scanId === scan.id) as LaunchDocument
    const status = () => host.tenantscope.remoteRuns.status({ platformTenantId, scanId: scan.id })
    return { id: scan.id, key, status, scope, body: bodyOf(scan.id) }
  }
  const send = (scan: string, init: CallInit) =>
    host.call('POST', `/webhook/progress/${scan}`, { token: null, ...init })
  return { host, a: await begin('msp-a'), b: await begin('msp-b'), begin, send }
}

const bodyOf = (scanId: string, events: readonly unknown[] = [], sequence = 0, more: object = {}) =>
  // Not as JSON.stringify writes it: the signature is over these bytes.
  `{ "scan_id": "${scanId}",  "attempt": 1, "sequence": ${sequence}, "events":${JSON.stringify(events)}${Object.entries(
    more,
  )
    .map(([name, value]) => `, "${name}": ${JSON.stringify(value)}`)
    .join('')} }`

let messages = 0
function signed(key: string, body: string, at = new Date(), id = `msg_${++messages}`): CallInit & { body: string } {
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(key).sign(id, at, body),
    },
  }
}

const withHeaders = (init: CallInit, headers: Record<string, string>): CallInit => ({
  ...init,
  headers: { ...init.headers, ...headers },
})
const without = (init: CallInit, name: string): CallInit => {
  const headers = { ...init.headers }
  delete headers[name]
  return { ...init, headers }
}
const allControls = ['1.1.1', '1.1.2', '1.2.1', '5.1.2.2']

describe('a signed message', () => {
  it('brings the scan forward, also beside other signatures; the same message twice has one effect (S-32)', async () => {
    const { a, send } = await receiving()
    const first = signed(a.key, bodyOf(a.id, [checked('1.1.1'), checked('1.1.2')]))
    expect((await send(a.id, first)).status).toBe(204)
    expect((await send(a.id, first)).status).toBe(204)
    const rest = signed(a.key, bodyOf(a.id, [checked('1.2.1'), checked('5.1.2.2', 'fail'), done()], 2, { total: 5 }))
    const several = `v1,AAAA v2,xyz ${rest.headers?.['webhook-signature']}`
    expect((await send(a.id, withHeaders(rest, { 'webhook-signature': several }))).status).toBe(204)
    const scan = await a.scope.scans.finished(a.id)
    expect([scan.status, scan.counts.pass, scan.counts.fail]).toEqual(['completed', 3, 1])
    expect((await send(a.id, rest)).status).toBe(204)
    expect(await a.status()).toMatchObject({ accepted: 2, rejected: 0 })
  })

  it('may be four minutes off, not six (S-32)', async () => {
    const { a, send } = await receiving()
    const off = (minutes: number) => new Date(Date.now() + minutes * 60_000)
    const answers = []
    for (const minutes of [-6, -4, 4, 6]) answers.push((await send(a.id, signed(a.key, a.body, off(minutes)))).status)
    expect(answers).toEqual([401, 204, 204, 401])
    expect(await a.status()).toMatchObject({ accepted: 2 })
  })

  it('about another scan, tenant or control is refused with 403 and counted (S-35)', async () => {
    const { host, a, b, send } = await receiving()
    const wrong = [
      bodyOf(b.id),
      bodyOf(a.id, [checked('9.9.9')]),
      bodyOf(a.id, [], 0, { platform_tenant_id: 'msp-b' }),
      bodyOf(a.id, [{ type: 'invented' }]),
      '[]',
      'null',
    ]
    for (const body of wrong) {
      const answer = await send(a.id, signed(a.key, body))
      expect([answer.status, answer.json.code], body).toEqual([403, 'message_rejected'])
    }
    expect((await send(a.id, signed(a.key, '{"scan_id":'))).status).toBe(400)
    expect(await a.status()).toMatchObject({ accepted: 0, rejected: wrong.length })
    expect(await b.status()).toMatchObject({ accepted: 0, rejected: 0 })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(host.questions).toEqual([])
  })

  it('is too much at some point: 429 with Retry-After, while another scan goes on (S-36)', async () => {
    const { a, b, send } = await receiving({ core: { remoteRuns: { messagesPerSecond: 0.01, messageBurst: 20 } } })
    const flood = await Promise.all(Array.from({ length: 200 }, () => send(a.id, signed(a.key, a.body))))
    const taken = flood.filter(({ status }) => status === 204)
    const held = flood.filter(({ status }) => status === 429)
    expect([taken.length, held.length]).toEqual([20, 180])
    for (const { headers } of held) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await a.status()).toMatchObject({ accepted: 20 })
    const events = [...allControls.map((id) => checked(id)), done()]
    expect((await send(b.id, signed(b.key, bodyOf(b.id, events)))).status).toBe(204)
    expect((await b.scope.scans.finished(b.id)).status).toBe('completed')
  })

  it('that is too large is answered 413, and nothing is lost when it comes in pieces (S-34)', async () => {
    const { a, send } = await receiving({ router: { limits: { webhookBytes: 20_000 } } })
    const findings = Array.from({ length: 500 }, (_, i) => ({
      resourceId: `user-${i}`,
      resourceName: `Person ${i} with a name of some length`,
      property: 'mfa',
      expected: true,
      actual: false,
      compliant: false,
    }))
    const large = { ...checked('1.1.1', 'fail'), findings, findingsTotal: 5_000 }
    expect((await send(a.id, signed(a.key, bodyOf(a.id, [large])))).status).toBe(413)
    const bytes = Buffer.from(JSON.stringify(large))
    for (let offset = 0; offset < bytes.length; offset += 12_000) {
      const last = offset + 12_000 >= bytes.length
      const fragment = { offset, last, data: bytes.subarray(offset, offset + 12_000).toString('base64') }
      expect((await send(a.id, signed(a.key, bodyOf(a.id, [], 0, { fragment })))).status).toBe(204)
    }
    expect((await send(a.id, signed(a.key, bodyOf(a.id, [done()], 1)))).status).toBe(204)
    await a.scope.scans.finished(a.id)
    const result = await a.scope.results.get(a.id, '1.1.1')
    expect([result.status, result.findings.length, result.findingsTotal]).toEqual(['fail', 500, 5_000])
  })

  it('after the end is told to stop with 410, and after a while not known (S-30)', async () => {
    let at = Date.now()
    const { a, send } = await receiving({ core: { clock: { now: () => new Date(at) } } })
    await a.scope.scans.cancel(a.id)
    await a.scope.scans.finished(a.id)
    const late = () => send(a.id, signed(a.key, bodyOf(a.id, [checked('1.1.1')])))
    const answer = await late()
    expect([answer.status, answer.json.code]).toEqual([410, 'run_ended'])
    at += 61_000
    expect((await late()).status).toBe(401)
    expect((await a.scope.scans.get(a.id)).counts.not_run).toBe(4)
  })
})

describe('anything else is refused alike, unread (S-31)', () => {
  type Running = Awaited<ReturnType<typeof receiving>>
  const good = ({ a }: Running) => signed(a.key, a.body)
  const cases: [string, (running: Running) => CallInit, ('b' | 'none')?][] = [
    ['no headers at all', ({ a }) => ({ body: a.body, headers: { 'content-type': 'application/json' } })],
    ['no id', (running) => without(good(running), 'webhook-id')],
    ['no timestamp', (running) => without(good(running), 'webhook-timestamp')],
    ['no signature', (running) => without(good(running), 'webhook-signature')],
    ['a timestamp that is no number', (running) => withHeaders(good(running), { 'webhook-timestamp': '12x' })],
    ['another signature', (running) => withHeaders(good(running), { 'webhook-signature': 'v1,AAAA' })],
    ['an empty signature', (running) => withHeaders(good(running), { 'webhook-signature': 'v1,' })],
    ['a signature without version', (running) => withHeaders(good(running), { 'webhook-signature': 'AAAA' })],
    [
      'a good signature under another version',
      (running) => {
        const init = good(running)
        return withHeaders(init, {
          'webhook-signature': (init.headers?.['webhook-signature'] ?? '').replace('v1', 'v2'),
        })
      },
    ],
    [
      'half a signature',
      (running) => {
        const init = good(running)
        return withHeaders(init, { 'webhook-signature': (init.headers?.['webhook-signature'] ?? '').slice(0, 20) })
      },
    ],
    ['another id', (running) => withHeaders(good(running), { 'webhook-id': 'msg_another' })],
    [
      'another timestamp',
      (running) => withHeaders(good(running), { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 9) }),
    ],
    ['two ids in one', (running) => withHeaders(good(running), { 'webhook-id': 'msg_1, msg_1' })],
    [
      'a body that was serialised again',
      (running) => ({ ...good(running), body: JSON.stringify(JSON.parse(good(running).body)) }),
    ],
    ['a body with a byte more', (running) => ({ ...good(running), body: `${good(running).body} ` })],
    ['S-30: the key of another scan', good, 'b'],
    ['a scan that is not there', good, 'none'],
    ['a strange key', ({ a }) => signed(newKey(), a.body)],
    ['bytes that are no UTF-8', ({ a }) => ({ ...signed(a.key, '\ufffd'), body: new Uint8Array([0xff]) })],
    ['a broken body unsigned', () => ({ body: '{"__proto__":', headers: {} })],
  ]
  it.each(cases)('%s', async (_, init, target) => {
    const running = await receiving()
    const { host, a, b, send } = running
    const scan = target === 'b' ? b.id : target === 'none' ? randomUUID() : a.id
    for (const route of ['progress', 'token']) {
      const answer = await host.call('POST', `/webhook/${route}/${scan}`, { token: null, ...init(running) })
      expect([answer.status, answer.json.code]).toEqual([401, 'signature_invalid'])
    }
    for (const one of [a, b]) expect(await one.status()).toMatchObject({ accepted: 0, rejected: 0 })
    expect(host.questions).toEqual([])
    expect((await send(a.id, good(running))).status).toBe(204)
  })

  it('a header that is there twice, even when one of them is good', async () => {
    const running = await receiving()
    const { host, a } = running
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      const init = good(running)
      const headers = { ...init.headers } as Record<string, string | string[]>
      for (const pair of [
        [String(headers[name]), 'v1,AAAA'],
        ['v1,AAAA', String(headers[name])],
        [String(headers[name]), String(headers[name])],
      ]) {
        expect(await statusOf(`${host.url}/webhook/progress/${a.id}`, { ...headers, [name]: pair }, init.body)).toBe(
          401,
        )
      }
    }
    expect(await a.status()).toMatchObject({ accepted: 0 })
  })

  it('a compressed body, a malformed scan id', async () => {
    const running = await receiving()
    const { a, send } = running
    const packed = withHeaders(
      { ...good(running), body: new Uint8Array(gzipSync(a.body)) },
      { 'content-encoding': 'gzip' },
    )
    expect((await send(a.id, packed)).status).toBe(415)
    expect((await send('x', good(running))).status).toBe(400)
    expect(await a.status()).toMatchObject({ accepted: 0 })
  })

  it('everything, when nothing runs elsewhere', async () => {
    const host = await startHost()
    const answer = await host.call('POST', `/webhook/progress/${randomUUID()}`, {
      token: null,
      ...signed(newKey(), '{}'),
    })
    expect([answer.status, answer.json.code]).toEqual([401, 'signature_invalid'])
  })
})

describe('a question for a token', () => {
  const question = (scanId: string, scope = 'https://graph.microsoft.com/.default') =>
    JSON.stringify({ scan_id: scanId, attempt: 1, service: 'graph', scope, refresh: false })
  const ask = (host: Host, scanId: string, init: CallInit) =>
    host.call('POST', `/webhook/token/${scanId}`, { token: null, ...init })

  it('is answered sealed, not to be kept, for the services of scans only', async () => {
    const { host, a } = await receiving()
    const answer = await ask(host, a.id, signed(a.key, question(a.id), new Date(), 'q-1'))
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(openTokenAnswer({ key: a.key, messageId: 'q-1', sealed: answer.json.sealed })).toMatchObject({
      access_token: 'token',
    })
    const elsewhere = question(a.id, 'https://management.azure.com/.default')
    const refused = await ask(host, a.id, signed(a.key, elsewhere))
    expect([refused.status, refused.json.code]).toEqual([403, 'message_rejected'])
    await a.scope.scans.cancel(a.id)
    await a.scope.scans.finished(a.id)
    expect((await ask(host, a.id, signed(a.key, question(a.id)))).status).toBe(410)
  })
})

describe('a host that parses bodies first (S-33)', () => {
  it('is told in the log why messages are refused', async () => {
    const { host, a, send } = await receiving({ before: [express.json()] })
    expect((await send(a.id, signed(a.key, a.body))).status).toBe(401)
    expect(await a.status()).toMatchObject({ accepted: 0 })
    expect(host.log.map(({ message }) => message).join()).toContain('rawBody')
  })

  it.each([
    [
      'keeps the bytes in rawBody',
      express.json({ verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes }) }),
    ],
    ['reads raw bodies', express.raw({ type: () => true })],
  ])('works when it %s', async (_, parser) => {
    const { a, send } = await receiving({ before: [parser] })
    expect((await send(a.id, signed(a.key, a.body))).status).toBe(204)
    expect((await send(a.id, { ...signed(a.key, a.body), body: `${a.body} ` })).status).toBe(401)
    expect(await a.status()).toMatchObject({ accepted: 1 })
  })
})

/** A request with headers as they are: fetch would join what is there twice. */
function statusOf(url: string, headers: Record<string, string | string[]>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on('error', reject)
    call.end(body)
  })
}
