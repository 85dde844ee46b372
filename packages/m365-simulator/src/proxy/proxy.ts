import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { CertificateAuthority } from './authority.ts'

export interface ProxyHandlers {
  /** Whether a tunnel to this host may be opened; everything else is refused, never connected. */
  knows(host: string): boolean
  handle(request: IncomingMessage, response: ServerResponse, destination: { host: string; port: number }): void
}

const destinations = new WeakMap<object, { host: string; port: number }>()

function refuse(socket: Duplex, status: string, message: string): void {
  const body = `${message}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function parseAuthority(authority: string): { host: string; port: number } | undefined {
  const [, host, port] = /^([^:/?#]+):(\d+)$/.exec(authority) ?? []
  return host === undefined ? undefined : { host: host.toLowerCase(), port: Number(port) }
}

/** An HTTPS forward proxy that is itself the far end of every tunnel. */
export class LoopbackProxy {
  readonly #server: Server
  /** Speaks HTTP inside the tunnels; it never listens. */
  readonly #inner: Server
  readonly #sockets = new Set<Duplex>()

  private constructor(authority: CertificateAuthority, handlers: ProxyHandlers) {
    this.#inner = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const destination = destinations.get(request.socket) ?? { host: 'unknown', port: 0 }
      handlers.handle(request, response, destination)
    })
    this.#server = createServer((_request, response) => {
      response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' })
      response.end(
        'The Microsoft 365 simulator is an HTTPS proxy: it answers CONNECT only, and fetches nothing from the network.\n',
      )
    })
    this.#server.on('connection', (socket) => this.#track(socket))
    this.#server.on('connect', (request, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy())
      const destination = parseAuthority(request.url ?? '')
      if (destination === undefined || !handlers.knows(destination.host)) {
        const asked = String(request.url ?? '').replace(/[^\w.:-]/g, '?')
        refuse(
          socket,
          '502 Bad Gateway',
          `The Microsoft 365 simulator does not play ${asked}, and opens no connection to the network.`,
        )
        return
      }
      this.#terminate(authority, socket, head, destination).catch(() => socket.destroy())
    })
  }

  static async listen(authority: CertificateAuthority, handlers: ProxyHandlers, port: number): Promise<LoopbackProxy> {
    const proxy = new LoopbackProxy(authority, handlers)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(port, '127.0.0.1', () => resolve())
    })
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  async #terminate(
    authority: CertificateAuthority,
    socket: Duplex,
    head: Buffer,
    destination: { host: string; port: number },
  ) {
    const secureContext = await authority.contextFor(destination.host)
    if (socket.destroyed) return
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    const secure = new TLSSocket(socket as Socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      // A client inside one tunnel may still name another host; it gets the certificate of that name.
      SNICallback: (name, done) => {
        authority.contextFor(name.toLowerCase()).then((context) => done(null, context), done)
      },
    })
    // A client that does not trust the authority hangs up during the handshake: its error, not ours.
    secure.on('error', () => secure.destroy())
    destinations.set(secure, destination)
    this.#track(secure)
    this.#inner.emit('connection', secure)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
