import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as Effect from 'effect/Effect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../test/certificate.ts'
import { type Receiver, receiver } from '../../test/receiver.ts'
import { InvalidInputError } from '../errors/errors.ts'
import { EndpointRefused, endpointPolicy } from './endpoint-policy.ts'
import { newEndpointSecret } from './endpoint-secret.ts'
import { sendMessage } from './send-message.ts'
import type { WebhooksOptions } from './webhook-options.ts'

/** Every TCP connection that this process begins, to wherever: Node itself reports them. */
let attempts = 0
const count = () => {
  attempts += 1
}
const open: Receiver[] = []
beforeEach(() => {
  attempts = 0
  subscribe('net.client.socket', count)
})
afterEach(async () => {
  unsubscribe('net.client.socket', count)
  for (const each of open.splice(0)) await each.close()
})

async function listening(...args: Parameters<typeof receiver>): Promise<Receiver> {
  const made = await receiver(...args)
  open.push(made)
  return made
}

/** As permissive as a host can make it without opening its inside. */
const permissive = (port: number, over: Partial<WebhooksOptions> = {}): WebhooksOptions => ({
  allowedHosts: [
    `localhost:${port}`,
    `*.test:${port}`,
    '*.test',
    `database.internal:${port}`,
    'metadata.google.internal',
  ],
  allowHttp: true,
  resolve: async () => ['127.0.0.1'],
  ...over,
})

const send = (options: WebhooksOptions, url: string) => {
  const message = { id: 'msg_1', url, secrets: [newEndpointSecret()], body: '{}' }
  return Effect.runPromise(sendMessage(endpointPolicy(options), message, new Date()))
}

describe('F-46 (S-54): no packet leaves for', () => {
  const spellings = [
    'http://169.254.169.254',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[::1]:PORT',
    'http://[::]:PORT',
    'http://[fd00:ec2::254]',
    'http://127.0.0.1:PORT',
    'http://127.1:PORT',
    'http://2130706433:PORT',
    'http://0x7f.1:PORT',
    'http://0x7f000001:PORT',
    'http://0177.0.0.1:PORT',
    'http://017700000001:PORT',
    'http://0:PORT',
    'http://①②⑦.⓪.⓪.①:PORT',
    'http://127.0.0.1.:PORT',
    'http://localhost.:PORT',
    'http://user@127.0.0.1:PORT',
    'http://user:pass@receiver.test:PORT',
    'http://receiver.test@127.0.0.1:PORT',
    'http://receiver.test#@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@receiver.test:PORT/',
    'http://evil.example:PORT',
    'http://receiver.test.evil.example:PORT',
    'http://receivertest:PORT',
    'http://test:PORT',
    'http://receiver.test:5432',
    'http://[fe80::1%25eth0]:PORT',
    'ftp://receiver.test:PORT',
    'file:///etc/passwd',
    'gopher://receiver.test:PORT/_',
    'data:text/plain,x',
    'javascript:alert(1)',
    '//receiver.test:PORT',
    'http:receiver.test:PORT\t',
    'http://receiver.test:PORT/\r\nHost: 127.0.0.1',
    '',
    `http://receiver.test:PORT/${'a'.repeat(3_000)}`,
  ]
  it.each(spellings)('%s', async (spelling) => {
    const target = await listening()
    const url = spelling.replaceAll('PORT', String(target.port))
    const { resolved, resolve } = counted(['127.0.0.1'])
    const answer = await send(permissive(target.port, { resolve, allowPrivate: true }), url)
    expect(answer).toEqual({ status: null, error: expect.stringMatching(/^Not sent: the URL /), retryAfterMs: null })
    expect([attempts, target.connections(), resolved()]).toEqual([0, 0, 0])
  })

  it.each([
    ['loopback', ['127.0.0.1']],
    ['loopback of IPv6', ['::1']],
    ['the database’s host', ['10.1.2.3']],
    ['a unique local address of IPv6', ['fd12:3456::1']],
    ['link-local', ['169.254.169.254']],
    ['an IPv4-mapped address', ['::ffff:169.254.169.254']],
    ['NAT64 around the metadata service', ['64:ff9b::a9fe:a9fe']],
    ['6to4 around loopback', ['2002:7f00:1::']],
    ['a public address and a private one', ['1.1.1.1', '127.0.0.1']],
    ['a private address and a public one', ['fc00::1', '2606:4700:4700::1111']],
    ['what is no address', ['localhost']],
    ['a name that has none', []],
  ])('a name on the list that resolves to %s', async (_, addresses) => {
    const target = await listening()
    const { resolved, resolve } = counted(addresses)
    const answer = await send(permissive(target.port, { resolve }), `http://database.internal:${target.port}/`)
    expect(answer).toMatchObject({ status: null, error: expect.stringMatching(/^Not sent: the URL names a host/) })
    for (const address of addresses) expect(answer.error).not.toContain(address)
    expect([attempts, target.connections(), resolved()]).toEqual([0, 0, 1])
  })

  it('a name that resolved to a public address when it was asked for first, and to loopback now (rebinding)', async () => {
    const target = await listening()
    const turns = [['93.184.216.34'], ['127.0.0.1']]
    const options = permissive(target.port, { resolve: async () => turns.shift() ?? ['127.0.0.1'] })
    const policy = endpointPolicy(options)
    const url = `http://receiver.test:${target.port}/`
    expect(await policy.resolve(policy.check(url))).toEqual(['93.184.216.34'])
    expect(await send(options, url)).toMatchObject({ status: null, error: expect.stringContaining('not a public one') })
    expect([attempts, target.connections()]).toEqual([0, 0])
  })

  it('the metadata service, also when a host lets messages go to private addresses', async () => {
    for (const address of [
      '169.254.169.254',
      'fd00:ec2::254',
      '100.100.100.200',
      '0.0.0.0',
      'fe80::1',
      '::ffff:7f00:1',
    ]) {
      const options = permissive(80, { allowPrivate: true, resolve: async () => [address] })
      expect((await send(options, 'http://metadata.google.internal/')).status).toBeNull()
    }
    expect(attempts).toBe(0)
  })

  it('http, unless the host takes it, and for every name while the list is empty', async () => {
    const target = await listening()
    const options = permissive(target.port, { allowHttp: false, allowPrivate: true })
    expect((await send(options, `http://receiver.test:${target.port}/`)).error).toContain('https://')
    expect(
      (await send({ ...options, allowHttp: true, allowedHosts: [] }, `http://receiver.test:${target.port}/`)).error,
    ).toContain('list')
    expect([attempts, target.connections()]).toEqual([0, 0])
  })
})

describe('S-54: a connection that is allowed', () => {
  it('goes to the very address that was checked: the resolver is asked once, whatever it would say next', async () => {
    const target = await listening()
    const { resolved, resolve } = counted(['127.0.0.1'], ['127.0.0.77'])
    const answer = await send(
      permissive(target.port, { resolve, allowPrivate: true }),
      `http://receiver.test:${target.port}/hook`,
    )
    expect([answer.status, target.received.length, resolved()]).toEqual([204, 1, 1])
    expect(target.received[0]?.headers.host).toBe(`receiver.test:${target.port}`)
  })

  it('follows no redirect, to loopback or elsewhere', async () => {
    const inside = await listening()
    for (const status of [301, 302, 303, 307, 308]) {
      const outside = await listening((response) => {
        response
          .writeHead(status, {
            location: `http://127.0.0.1:${inside.port}/`,
            refresh: `0; http://127.0.0.1:${inside.port}/`,
          })
          .end()
      })
      attempts = 0
      const answer = await send(
        permissive(outside.port, { allowPrivate: true }),
        `http://receiver.test:${outside.port}/`,
      )
      expect(answer).toMatchObject({ status, error: `The endpoint answered ${status}; redirects are not followed.` })
      expect(attempts).toBe(1)
    }
    expect(inside.connections()).toBe(0)
  })

  it('lasts five seconds in all: a receiver that accepts and says nothing', async () => {
    const target = await listening(() => {})
    const answer = await send(permissive(target.port, { allowPrivate: true }), `http://receiver.test:${target.port}/`)
    expect(answer).toEqual({ status: null, error: 'No answer within 5 seconds.', retryAfterMs: null })
  })

  it('reads at most 64 KB of an answer, and its status holds', async () => {
    let written = 0
    const closed = Promise.withResolvers<void>()
    const target = await listening((response) => {
      response.writeHead(200)
      const more = () => {
        written += 16_384
        if (response.destroyed) return
        response.write(Buffer.alloc(16_384), () => setImmediate(more))
      }
      response.on('error', () => {})
      response.on('close', closed.resolve)
      more()
    })
    const answer = await send(permissive(target.port, { allowPrivate: true }), `http://receiver.test:${target.port}/`)
    expect(answer.status).toBe(200)
    await closed.promise
    // What the system's buffers hold on top is not this client's.
    expect(written).toBeLessThan(32 * 1024 * 1024)
  })

  it('takes a status for what it is, and nothing else for one', async () => {
    const raw = async (answer: string) => {
      const server = createServer((socket: Socket) => {
        socket.on('error', () => {})
        socket.once('data', () => socket.end(answer))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      try {
        return await send(permissive(port, { allowPrivate: true }), `http://receiver.test:${port}/`)
      } finally {
        server.close()
      }
    }
    expect(await raw('HTTP/1.1 204 \r\nretry-after: 7\r\n\r\n')).toEqual({
      status: 204,
      error: null,
      retryAfterMs: 7_000,
    })
    expect((await raw('HTTP/1.1 304 \r\n\r\n')).status).toBe(304)
    expect(await raw('HTTP/1.1 999 \r\n\r\n')).toMatchObject({ status: null, error: 'The answer has no HTTP status.' })
    expect((await raw('HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')).status).toBeNull()
    expect((await raw('not http at all\r\n\r\n')).status).toBeNull()
    expect((await raw('')).status).toBeNull()
    expect((await raw(`HTTP/1.1 200 \r\n${'x: y\r\n'.repeat(20_000)}\r\n`)).status).toBeNull()
  })

  it('uses no proxy of the environment', async () => {
    const [target, proxy] = [await listening(), await listening()]
    const proxyUrl = `http://127.0.0.1:${proxy.port}`
    const script = fileURLToPath(new URL('../../test/send-once.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=@tenantscope/source', script, String(target.port)],
      {
        env: {
          ...process.env,
          NODE_USE_ENV_PROXY: '1',
          HTTP_PROXY: proxyUrl,
          HTTPS_PROXY: proxyUrl,
          http_proxy: proxyUrl,
          NO_PROXY: '',
          no_proxy: '',
        },
      },
    )
    expect(JSON.parse(stdout)).toMatchObject({ status: 204 })
    expect([target.received.length, proxy.connections()]).toEqual([1, 0])
  })

  it('checks the certificate against the name of the URL', async () => {
    const before = tls.getCACertificates('default')
    const pem = await selfSigned(2, 'hooks.test')
    const target = await listening(undefined, { tls: pem })
    const options = permissive(target.port, { allowPrivate: true })
    expect((await send(options, `https://hooks.test:${target.port}/`)).error).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    tls.setDefaultCACertificates([...before, pem])
    try {
      expect((await send(options, `https://other.test:${target.port}/`)).error).toContain(
        'ERR_TLS_CERT_ALTNAME_INVALID',
      )
      expect(target.received).toHaveLength(0)
      expect(await send(options, `https://hooks.test:${target.port}/`)).toMatchObject({ status: 204, error: null })
      expect(target.received).toHaveLength(1)
    } finally {
      tls.setDefaultCACertificates(before)
    }
  })
})

describe('S-54: the list of hosts', () => {
  const admitted = (allowedHosts: string[], url: string) => {
    try {
      endpointPolicy({ allowedHosts }).check(url)
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(EndpointRefused)
      return false
    }
  }

  it('takes names, names below a name, and ports that are named', () => {
    expect(admitted(['hooks.example.com'], 'https://hooks.example.com/a?b=c')).toBe(true)
    expect(admitted(['Hooks.Example.com'], 'https://HOOKS.example.COM:443/')).toBe(true)
    expect(admitted(['*.example.com'], 'https://a.b.example.com/')).toBe(true)
    expect(admitted(['*.example.com'], 'https://example.com/')).toBe(false)
    expect(admitted(['example.com'], 'https://a.example.com/')).toBe(false)
    expect(admitted(['*.example.com'], 'https://aexample.com/')).toBe(false)
    expect(admitted(['hooks.example.com'], 'https://hooks.example.com:8443/')).toBe(false)
    expect(admitted(['hooks.example.com:8443'], 'https://hooks.example.com:8443/')).toBe(true)
    expect(admitted(['hooks.example.com:8443'], 'https://hooks.example.com/')).toBe(false)
  })

  it.each([
    '',
    '*',
    '*.',
    '*.*',
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '::1',
    'https://a.example',
    'a.example/x',
    'a.example.',
    'a b',
    '*.10',
    'a.example:70000',
    'a.*.example',
  ])('refuses the entry %j, so that a slip opens nothing', (entry) => {
    const make = () => endpointPolicy({ allowedHosts: ['fine.example', entry] })
    expect(make).toThrow(InvalidInputError)
    expect(make).toThrow(/\/webhooks\/allowedHosts\/1/)
  })
})

function counted(...answers: string[][]) {
  let asked = 0
  const resolve = async () => {
    asked += 1
    return answers[asked - 1] ?? answers.at(-1) ?? []
  }
  return { resolved: () => asked, resolve }
}
