import { randomBytes, randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import express from 'express'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { type CallInit, type HostOptions, startHost } from './host.ts'

const newKey = () => `whsec_${randomBytes(32).toString('base64')}`
const scanA = randomUUID()
const scanB = randomUUID()
const keys: Record<string, string[]> = { [scanA]: [newKey(), newKey()], [scanB]: [newKey()] }
const first = (scan: string) => keys[scan]?.[0] ?? ''

async function receiving(options: HostOptions = {}) {
  const accepted: { scanId: string; id: string; payload: unknown }[] = []
  const host = await startHost({
    ...options,
    router: {
      authenticate: () => {
        throw new Error('A signed message must not be authenticated.')
      },
      webhook: {
        keysFor: async (scanId) => keys[scanId] ?? [],
        accept: async (message) => void accepted.push(message),
      },
      ...options.router,
    },
  })
  return {
    host,
    accepted,
    send: (scan: string, init: CallInit) => host.call('POST', `/webhook/progress/${scan}`, { token: null, ...init }),
  }
}

function signed(key: string, body: string, at = new Date(), id = 'msg_1'): CallInit {
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

const body = '{ "type": "check.finished",  "data": {"n": 1.0} }'
const withHeaders = (init: CallInit, headers: Record<string, string>): CallInit => ({
  ...init,
  headers: { ...init.headers, ...headers },
})
const without = (init: CallInit, name: string): CallInit => {
  const headers = { ...init.headers }
  delete headers[name]
  return { ...init, headers }
}

describe('a signed message', () => {
  it('is handed on with its id, by any of the keys, also beside other signatures', async () => {
    const { accepted, send } = await receiving()
    const good = signed(first(scanA), body)
    expect((await send(scanA, good)).status).toBe(204)
    expect((await send(scanA, signed(keys[scanA]?.[1] ?? '', body, new Date(), 'msg_2'))).status).toBe(204)
    const several = `v1,AAAA v2,xyz ${good.headers?.['webhook-signature']}`
    expect((await send(scanA, withHeaders(good, { 'webhook-signature': several }))).status).toBe(204)
    const payload = { type: 'check.finished', data: { n: 1 } }
    expect(accepted.map(({ scanId, id }) => [scanId, id])).toEqual([
      [scanA, 'msg_1'],
      [scanA, 'msg_2'],
      [scanA, 'msg_1'],
    ])
    expect(accepted[0]?.payload).toEqual(payload)
  })

  it('may be four minutes off, not six', async () => {
    const { accepted, send } = await receiving()
    const off = (minutes: number) => new Date(Date.now() + minutes * 60_000)
    const answers = []
    for (const minutes of [-6, -4, 4, 6])
      answers.push((await send(scanA, signed(first(scanA), body, off(minutes)))).status)
    expect(answers).toEqual([401, 204, 204, 401])
    expect(accepted.length).toBe(2)
  })
})

describe('anything else is refused alike, unread', () => {
  const good = () => signed(first(scanA), body)
  const cases: [string, string, () => CallInit][] = [
    ['no headers at all', scanA, () => ({ body, headers: { 'content-type': 'application/json' } })],
    ['no id', scanA, () => without(good(), 'webhook-id')],
    ['no timestamp', scanA, () => without(good(), 'webhook-timestamp')],
    ['no signature', scanA, () => without(good(), 'webhook-signature')],
    ['a timestamp that is no number', scanA, () => withHeaders(good(), { 'webhook-timestamp': '12x' })],
    ['another signature', scanA, () => withHeaders(good(), { 'webhook-signature': 'v1,AAAA' })],
    ['a signature without version', scanA, () => withHeaders(good(), { 'webhook-signature': 'AAAA' })],
    [
      'half a signature',
      scanA,
      () => withHeaders(good(), { 'webhook-signature': good().headers?.['webhook-signature']?.slice(0, 20) ?? '' }),
    ],
    ['another id', scanA, () => withHeaders(good(), { 'webhook-id': 'msg_9' })],
    ['two ids', scanA, () => withHeaders(good(), { 'webhook-id': 'msg_1, msg_1' })],
    ['a body that was serialised again', scanA, () => ({ ...good(), body: JSON.stringify(JSON.parse(body)) })],
    ['the key of another scan', scanB, good],
    ['a scan that has no key', randomUUID(), good],
    ['a strange key', scanA, () => signed(newKey(), body)],
    ['bytes that are no UTF-8', scanA, () => ({ ...signed(first(scanA), '\ufffd'), body: new Uint8Array([0xff]) })],
    ['a broken body unsigned', scanA, () => ({ body: '{"__proto__":', headers: {} })],
  ]
  it.each(cases)('%s', async (_, scan, init) => {
    const { host, accepted, send } = await receiving()
    const answer = await send(scan, init())
    expect([answer.status, answer.json.code]).toEqual([401, 'signature_invalid'])
    expect(accepted).toEqual([])
    expect(host.questions).toEqual([])
  })

  it('a compressed body, a malformed scan id, too large a body', async () => {
    const { send } = await receiving({ router: { limits: { webhookBytes: 100 } } })
    const packed = withHeaders({ ...good(), body: new Uint8Array(gzipSync(body)) }, { 'content-encoding': 'gzip' })
    expect((await send(scanA, packed)).status).toBe(415)
    expect((await send('x', good())).status).toBe(400)
    expect((await send(scanA, signed(first(scanA), JSON.stringify('x'.repeat(200))))).status).toBe(413)
  })

  it('everything, when the host takes no messages', async () => {
    const host = await startHost()
    const answer = await host.call('POST', `/webhook/progress/${scanA}`, { token: null, ...good() })
    expect([answer.status, answer.json.code]).toEqual([401, 'signature_invalid'])
  })
})

describe('a host that parses bodies first', () => {
  it('is told in the log why messages are refused', async () => {
    const { host, accepted, send } = await receiving({ before: [express.json()] })
    expect((await send(scanA, signed(first(scanA), body))).status).toBe(401)
    expect(accepted).toEqual([])
    expect(host.log.map(({ message }) => message).join()).toContain('rawBody')
  })

  it.each([
    [
      'keeps the bytes in rawBody',
      express.json({ verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes }) }),
    ],
    ['reads raw bodies', express.raw({ type: () => true })],
  ])('works when it %s', async (_, parser) => {
    const { accepted, send } = await receiving({ before: [parser] })
    expect((await send(scanA, signed(first(scanA), body))).status).toBe(204)
    expect((await send(scanA, { ...signed(first(scanA), body), body: `${body} ` })).status).toBe(401)
    expect(accepted.length).toBe(1)
  })
})
