import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { INetworkModule } from '@azure/msal-node'
import { InvalidInputError } from '@tenantscope/core'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import type { TokenAnswer } from './refusals.ts'

type NetworkOptions = NonNullable<Parameters<INetworkModule['sendPostRequestAsync']>[1]>
interface NetworkResponse<T> {
  headers: Record<string, string>
  body: T
  status: number
}

const largestAnswer = 1024 * 1024

export interface NetworkSettings {
  proxyUrl?: string | undefined
  caPem?: string | undefined
  caFile?: string | undefined
}

/** Connections of the sign-in alone: the process-wide dispatcher of the host is neither used nor changed. */
export function createDispatcher(settings: NetworkSettings): Dispatcher {
  const extra = settings.caPem ?? (settings.caFile === undefined ? undefined : readAuthority(settings.caFile))
  // An own list replaces the system's, so that one is kept.
  const ca = extra === undefined ? undefined : [...defaultAuthorities(), extra]
  const connect = { timeout: 10_000, ...(ca && { ca }) }
  if (settings.proxyUrl === undefined) return new Agent({ connect })
  if (!URL.canParse(settings.proxyUrl) || !/^https?:/i.test(settings.proxyUrl))
    throw new InvalidInputError([
      { pointer: '/proxyUrl', detail: 'must be an http or https URL, for example http://proxy:8080.' },
    ])
  return new ProxyAgent({ uri: settings.proxyUrl, requestTls: connect, proxyTls: connect })
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InvalidInputError([{ pointer: '/caFile', detail: 'cannot be read. Give the path of a PEM file.' }], {
      cause,
    })
  }
}

function defaultAuthorities(): readonly string[] {
  return 'getCACertificates' in tls
    ? tls.getCACertificates('default')
    : (tls as { rootCertificates: readonly string[] }).rootCertificates
}

/** The HTTP client of one token request: it ends with `signal` and remembers the answer, whose codes decide what a refusal means. */
export class TokenNetwork implements INetworkModule {
  readonly #dispatcher: Dispatcher
  readonly #signal: AbortSignal
  answer: TokenAnswer | null = null
  /** Code of the error when there was no answer. */
  transportCode: string | null = null

  constructor(dispatcher: Dispatcher, signal: AbortSignal) {
    this.#dispatcher = dispatcher
    this.#signal = signal
  }

  sendGetRequestAsync<T>(url: string, options?: NetworkOptions): Promise<NetworkResponse<T>> {
    return this.#sendNoted('GET', url, options)
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkOptions): Promise<NetworkResponse<T>> {
    return this.#sendNoted('POST', url, options)
  }

  async #sendNoted<T>(method: 'GET' | 'POST', url: string, options?: NetworkOptions): Promise<NetworkResponse<T>> {
    this.answer = null
    try {
      return await this.#send(method, url, options)
    } catch (error) {
      this.transportCode = codeOf(error)
      throw error
    }
  }

  async #send<T>(method: 'GET' | 'POST', url: string, options: NetworkOptions = {}): Promise<NetworkResponse<T>> {
    const { statusCode, headers, body } = await request(url, {
      method,
      headers: options.headers ?? {},
      body: options.body ?? null,
      dispatcher: this.#dispatcher,
      signal: this.#signal,
    })
    const parsed = parse(await readAll(body))
    const flat: Record<string, string> = {}
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = String(value)
    this.answer = { status: statusCode, body: parsed, retryAfterMs: retryAfterMs(flat['retry-after']) }
    return { headers: flat, body: (parsed ?? {}) as T, status: statusCode }
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > largestAnswer) throw Object.assign(new Error('The answer is too long.'), { code: 'ANSWER_TOO_LONG' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Front doors answer in HTML: then there is nothing to read but the status. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function retryAfterMs(value: string | undefined): number | null {
  if (value === undefined) return null
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

/** Code of a transport error; undici may have wrapped it. */
function codeOf(error: unknown): string | null {
  for (let one = error, depth = 0; typeof one === 'object' && one !== null && depth < 5; depth++) {
    const { code, cause } = one as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code
    one = cause
  }
  return null
}
