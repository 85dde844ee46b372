import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Received {
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  port: number
  /** Whole requests, oldest first. */
  received: Received[]
  /** Connections ever made, those without a request included. */
  connections(): number
  close(): Promise<void>
}

/** A receiver of webhooks on loopback that counts every connection. `tls`: a PEM with key and certificate. */
export async function receiver(
  answer: (response: ServerResponse, request: Received) => void = (response) => void response.writeHead(204).end(),
  options: { tls?: string; port?: number } = {},
): Promise<Receiver> {
  const received: Received[] = []
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const whole = { headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') }
      received.push(whole)
      answer(response, whole)
    })
  }
  const { tls } = options
  const server = tls === undefined ? createServer(onRequest) : createTlsServer({ key: tls, cert: tls }, onRequest)
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
