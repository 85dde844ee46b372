import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lookUp, normalise, ownerOf, SimulatedDnsError } from './dns/dns.ts'
import { type Answer, type Call, html, type Notes, type ReadRecord, type RequestRecord } from './engine/answers.ts'
import { type FloorInput, floorMs, longestChainMs, scaledProfile } from './engine/floor.ts'
import { type Host, hostTable } from './engine/hosts.ts'
import { Interference } from './engine/interference.ts'
import { type ChangeableKnobs, checkKnobs, checkTenants, type SimulatorOptions } from './engine/knobs.ts'
import { profileOf } from './engine/latency.ts'
import { RateLimits } from './engine/limits.ts'
import { type Tally, tally } from './engine/tally.ts'
import { tenantById, type World } from './engine/world.ts'
import { CertificateAuthority } from './proxy/authority.ts'
import { LoopbackProxy } from './proxy/proxy.ts'
import { TokenSigner } from './signin/tokens.ts'
import type { TenantDocument } from './tenants/types.ts'

export interface Simulator {
  /** For HTTPS_PROXY. */
  proxyUrl: string
  /** The test authority's certificate on disk, for clients that take a file. */
  caFile: string
  caPem: string
  /** Everything that was asked, oldest first. */
  requests: RequestRecord[]
  clearRequests(): void
  /** The requests so far in numbers, of one tenant or of all. */
  tally(tenantId?: string): Tally
  configure(knobs: ChangeableKnobs): void
  /**
   * The fastest a scan of these sources (all without an argument) can be under the current latency and limits. With a
   * tenant's id its pages and objects count; without one every list is a single page.
   */
  floorMs(sourceIds?: string[], tenantId?: string): number
  /** The longest chain of reads that depend on each other, across services. */
  longestChainMs(sourceIds?: string[], tenantId?: string): number
  /** The live document: a change shows in the next answer. */
  tenant(id: string): TenantDocument
  /** For a resolver the host hands in: errors carry the codes of node:dns. */
  resolveTxt(name: string): Promise<string[][]>
  close(): Promise<void>
}

const largestBody = 4 * 1024 * 1024
/** How long a DNS query that hangs takes to be given up, as a resolver would. */
const dnsTimeoutMs = 5000

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > largestBody) throw new RangeError('The request body is too large for the simulator.')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

class Running {
  readonly world: World
  readonly requests: RequestRecord[] = []
  readonly #hosts: Map<string, Host>
  readonly #timers = new Map<NodeJS.Timeout, () => void>()
  #scale = 1
  #closed = false

  constructor(options: SimulatorOptions, signer: TokenSigner) {
    this.world = {
      tenants: options.tenants,
      signer,
      interference: new Interference(),
      limits: new RateLimits(),
      profile: profileOf(options.latency),
      tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3599,
      pagingKey: randomBytes(32),
    }
    this.#hosts = hostTable(options.tenants)
    this.configure({
      faults: options.faults ?? [],
      ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
      ...(options.rateLimits === undefined ? {} : { rateLimits: options.rateLimits }),
      latencyScale: options.latencyScale ?? 1,
    })
  }

  configure(knobs: ChangeableKnobs): void {
    checkKnobs(knobs)
    if (knobs.latency !== undefined) this.world.profile = profileOf(knobs.latency)
    if (knobs.latencyScale !== undefined) this.#scale = knobs.latencyScale
    if (knobs.throttle !== undefined) this.world.interference.setThrottle(knobs.throttle ?? undefined)
    if (knobs.tokenLifetimeSeconds !== undefined) this.world.tokenLifetimeSeconds = knobs.tokenLifetimeSeconds
    if (knobs.rateLimits !== undefined) this.world.limits.enforce(knobs.rateLimits)
    if (knobs.faults !== undefined) this.world.interference.setFaults(knobs.faults)
  }

  tenant(id: string): TenantDocument {
    const found = tenantById(this.world, id)
    if (found === undefined) throw new RangeError(`There is no tenant "${id}" in this simulator.`)
    return found
  }

  floorInput(ids: string[] | undefined, tenantId: string | undefined): FloorInput {
    return {
      profile: scaledProfile(this.world.profile, this.#scale),
      ids,
      tenant: tenantId === undefined ? undefined : this.tenant(tenantId),
      limits: this.world.limits.enforced,
    }
  }

  knows(host: string): boolean {
    return this.#hosts.has(host)
  }

  /** Waits, unless the simulator is closed meanwhile. */
  async wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#closed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        resolve()
      }, ms)
      this.#timers.set(timer, resolve)
    })
  }

  stop(): void {
    this.#closed = true
    for (const [timer, resolve] of this.#timers) {
      clearTimeout(timer)
      resolve()
    }
    this.#timers.clear()
  }

  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    destination: { host: string; port: number },
  ): Promise<void> {
    const body = await readBody(request)
    const [path = '/', ...rest] = (request.url ?? '/').split('?')
    const query = rest.join('?')
    const { host, port } = destination
    const call: Call = {
      method: request.method ?? 'GET',
      host,
      port,
      path,
      query,
      search: new URLSearchParams(query),
      headers: request.headers,
      body,
    }
    const service = this.#hosts.get(host)
    if (service === undefined) return send(response, html(404))
    const record: RequestRecord = {
      at: Date.now(),
      service: service.name,
      method: call.method,
      host,
      path,
      query,
      status: 0,
      tenantId: null,
      reads: [],
    }
    this.requests.push(record)
    const { answer, latencyMs, notes } = await service.serve(call, this.world)
    note(record, answer, notes)
    await this.wait(latencyMs * this.#scale + (answer.extraDelayMs ?? 0))
    if (this.#closed) return
    if (answer.effect !== 'hang' && answer.effect !== 'reset') record.status = answer.status
    send(response, answer)
  }

  async resolveTxt(name: string): Promise<string[][]> {
    const asked = normalise(name)
    const tenantId = ownerOf(this.world.tenants, asked)?.tenantId ?? null
    const read: ReadRecord = { source: 'dns/txt', target: asked, status: 0, continuation: false, limited: false }
    const record: RequestRecord = {
      at: Date.now(),
      service: 'dns',
      method: 'TXT',
      host: asked,
      path: '',
      query: '',
      status: 0,
      tenantId,
      source: 'dns/txt',
      reads: [read],
    }
    this.requests.push(record)
    const fault = this.world.interference.strike({
      service: 'dns',
      host: asked,
      path: asked,
      tenantId: tenantId ?? undefined,
      source: 'dns/txt',
    })
    const delay =
      fault?.kind === 'slow' ? (fault.delayMs ?? 1000) : fault?.kind === 'hang' ? (fault.delayMs ?? dnsTimeoutMs) : 0
    await this.wait(this.world.profile.dns * this.#scale + delay)
    if (fault?.kind === 'hang') throw new SimulatedDnsError('ETIMEOUT', asked)
    if (fault?.kind === 'denied') throw new SimulatedDnsError('EREFUSED', asked)
    if (fault?.kind === 'emptyBody') throw new SimulatedDnsError('ENODATA', asked)
    if (fault !== undefined && fault.kind !== 'slow') throw new SimulatedDnsError('ESERVFAIL', asked)
    // That a name does not exist is an answer too.
    read.status = 200
    const records = lookUp(this.world, asked)
    record.status = 200
    return records
  }
}

/** Puts what a service said about a request into its record; a request that is one read gets it spelt out. */
function note(record: RequestRecord, answer: Answer, { continuation, ...notes }: Notes): void {
  Object.assign(record, notes)
  if (notes.reads !== undefined || notes.source === undefined || notes.batchSize !== undefined) return
  record.reads = [
    {
      source: notes.source,
      target: `${record.path}${record.query === '' ? '' : `?${record.query}`}`,
      status: answer.effect === 'hang' || answer.effect === 'reset' ? 0 : answer.status,
      ...(notes.bucket === undefined ? {} : { bucket: notes.bucket }),
      continuation: continuation === true,
      limited: answer.limited === true,
    },
  ]
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer.effect === 'hang' || response.destroyed) return
  if (answer.effect === 'reset') {
    response.socket?.destroy()
    return
  }
  const length = answer.body.length
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(length) })
  if (answer.effect !== 'truncated') {
    response.end(answer.body)
    return
  }
  // The length of the whole body was promised; half of it comes.
  response.write(answer.body.subarray(0, Math.max(1, Math.floor(length / 2))), () => response.socket?.destroy())
}

/** Starts a Microsoft 365 on loopback. Close it when done. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  checkTenants(options.tenants)
  checkKnobs(options)
  const [authority, signer] = await Promise.all([CertificateAuthority.create(), TokenSigner.create()])
  const running = new Running(options, signer)
  const folder = options.workFolder ?? (await mkdtemp(join(tmpdir(), 'm365-simulator-')))
  const caFile = join(folder, 'simulator-ca.pem')
  await writeFile(caFile, authority.pem, { mode: 0o600 })
  const removeFiles = () =>
    options.workFolder === undefined ? rm(folder, { recursive: true, force: true }) : rm(caFile, { force: true })
  const proxy = await LoopbackProxy.listen(
    authority,
    {
      knows: (host) => running.knows(host),
      handle: (request, response, destination) => {
        // A client that goes away in the middle of its request is no event here.
        running.serve(request, response, destination).catch((error: unknown) => {
          if (error instanceof URIError && !response.headersSent) send(response, html(400))
          else response.destroy()
        })
      },
    },
    options.port ?? 0,
  ).catch(async (error: unknown) => {
    await removeFiles()
    throw error
  })
  return {
    proxyUrl: `http://127.0.0.1:${proxy.port}`,
    caFile,
    caPem: authority.pem,
    requests: running.requests,
    clearRequests: () => {
      running.requests.length = 0
    },
    tally: (id) =>
      tally(id === undefined ? running.requests : running.requests.filter((record) => record.tenantId === id)),
    configure: (knobs) => running.configure(knobs),
    floorMs: (ids, id) => floorMs(running.floorInput(ids, id)),
    longestChainMs: (ids, id) => longestChainMs(running.floorInput(ids, id)),
    tenant: (id) => running.tenant(id),
    resolveTxt: (name) => running.resolveTxt(name),
    close: async () => {
      running.stop()
      await proxy.close()
      await removeFiles()
    },
  }
}
