import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeResolveTxt } from './resolve-txt.ts'

/** A name server that knows one name; the first label of any other says how it is refused. */
let server: Socket
let resolve: (name: string) => Promise<string[][]>

function answer(query: Buffer): Buffer | null {
  let end = 12
  while (query[end] !== 0) end += (query[end] ?? 0) + 1
  const question = query.subarray(12, end + 5)
  const first = query.subarray(13, 13 + (query[12] ?? 0)).toString()
  if (first === 'silent') return null
  const code = first === 'none' ? 3 : first === 'broken' ? 2 : 0
  const texts = first === 'spf' ? ['v=spf1 ', '-all'] : []
  const data = Buffer.concat(texts.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])))
  const header = Buffer.from([
    ...query.subarray(0, 2),
    0x81,
    0x80 | code,
    0,
    1,
    0,
    texts.length > 0 ? 1 : 0,
    0,
    0,
    0,
    0,
  ])
  if (texts.length === 0) return Buffer.concat([header, question])
  return Buffer.concat([header, question, Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, data.length]), data])
}

beforeAll(async () => {
  server = createSocket('udp4')
  server.on('message', (query, from) => {
    const reply = answer(query)
    if (reply) server.send(reply, from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  resolve = nodeResolveTxt({ servers: [`127.0.0.1:${port}`], timeoutMs: 100, tries: 1 })
})
afterAll(() => new Promise<void>((done) => server.close(done)))

describe('TXT look-ups', () => {
  test('give the chunks as they came', async () => {
    expect(await resolve('spf.contoso.com')).toEqual([['v=spf1 ', '-all']])
  })

  test.each([
    ['none.contoso.com', 'ENOTFOUND'],
    ['empty.contoso.com', 'ENODATA'],
    ['broken.contoso.com', 'ESERVFAIL'],
    ['silent.contoso.com', 'ETIMEOUT'],
  ])('%s fails with %s', async (name, code) => {
    await expect(resolve(name)).rejects.toMatchObject({ code })
  })
})
