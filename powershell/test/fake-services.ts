import { webcrypto } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'

export interface FakeRequest {
  host: string
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export interface FakeAnswer {
  status?: number
  headers?: Record<string, string>
  /** A string is sent as it is, anything else as JSON. `'reset'` and `'hang'` never answer. */
  body?: unknown
  fault?: 'reset' | 'hang'
}

export interface FakeServices {
  proxyUrl: string
  caFile: string
  requests: FakeRequest[]
  close(): Promise<void>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function createAuthority(): Promise<{
  caPem: string
  leaf(host: string): Promise<{ key: string; cert: string }>
}> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const generate = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
  const validity = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) }
  const keys = await generate()
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=tenantscope test authority',
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  let serial = 1
  return {
    caPem: ca.toString('pem'),
    async leaf(host) {
      const own = await generate()
      const cert = await x509.X509CertificateGenerator.create({
        serialNumber: (++serial).toString(16).padStart(2, '0'),
        subject: `CN=${host}`,
        issuer: ca.subject,
        ...validity,
        signingAlgorithm: algorithm,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
          new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
        ],
      })
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
      return { cert: cert.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----` }
    },
  }
}

/** Any https host behind a proxy on loopback, with an authority of its own: for answers no simulator gives. */
export async function startFakeServices(
  answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
): Promise<FakeServices> {
  const authority = await createAuthority()
  const folder = await mkdtemp(join(tmpdir(), 'tenantscope-fake-'))
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, authority.caPem)
  const leaves = new Map<string, Promise<{ key: string; cert: string }>>()
  const requests: FakeRequest[] = []
  const sockets = new Set<Socket>()

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part)
    const request: FakeRequest = {
      host: String(incoming.headers.host),
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(parts).toString(),
    }
    requests.push(request)
    const given = await answer(request)
    if (given.fault === 'hang') return
    if (given.fault === 'reset') {
      incoming.socket.destroy()
      return
    }
    const body = typeof given.body === 'string' ? given.body : JSON.stringify(given.body ?? {})
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers })
    response.end(body)
  }
  const inner = createServer((incoming, response) => void serve(incoming, response))
  const proxy = createServer((_incoming, response) => response.writeHead(502).end())
  proxy.on('connect', (incoming, socket: Socket, head) => {
    const host = String(incoming.url).split(':')[0] ?? ''
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let leaf = leaves.get(host)
    if (!leaf) {
      leaf = authority.leaf(host)
      leaves.set(host, leaf)
    }
    void leaf.then(({ key, cert }) => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length) socket.unshift(head)
      const tls = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) })
      tls.on('error', () => undefined)
      inner.emit('connection', tls)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    caFile,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => proxy.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The parts of a Graph $batch, answered one by one. */
export function answerBatch(request: FakeRequest, part: (url: string) => FakeAnswer): FakeAnswer {
  const { requests } = JSON.parse(request.body) as { requests: { id: string; url: string }[] }
  const responses = requests.map(({ id, url }) => {
    const answer = part(url)
    return { id, status: answer.status ?? 200, headers: answer.headers ?? {}, body: answer.body ?? {} }
  })
  return { body: { responses: responses.reverse() } }
}
