import type { IncomingHttpHeaders } from 'node:http'
import type { ServiceName } from './knobs.ts'

/** One request as it came out of the tunnel. */
export interface Call {
  method: string
  host: string
  port: number
  path: string
  /** Without the question mark. */
  query: string
  search: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

/** One read of a source: a request of its own, or a part of a batch. */
export interface ReadRecord {
  source: string
  /** What was asked for, with its query; a cmdlet's name where the path says nothing. */
  target: string
  status: number
  /** The rate limit that counts it. */
  bucket?: string
  /** A further page of a list that was begun before. */
  continuation: boolean
  /** Refused by a documented rate limit. */
  limited: boolean
}

export interface RequestRecord {
  /** Milliseconds since 1970, when the request had been read. */
  at: number
  service: ServiceName
  method: string
  host: string
  path: string
  query: string
  /** 0 while no answer was sent (hang, reset). */
  status: number
  tenantId: string | null
  /** The source id, when the request is one. */
  source?: string
  /** Of a batch: the source of each part, in the order sent (`''` for a part that is none). */
  sources?: string[]
  cmdlet?: string
  /** The rate limit that counts this request. */
  bucket?: string
  batchSize?: number
  /** Every source this request reads. */
  reads: ReadRecord[]
}

/** What a service says about a request besides its answer. */
export type Notes = Partial<Pick<RequestRecord, 'source' | 'sources' | 'cmdlet' | 'bucket' | 'batchSize' | 'reads'>> & {
  tenantId?: string
  /** For a request that is one read. */
  continuation?: boolean
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** How the connection ends, when not in the ordinary way. */
  effect?: 'hang' | 'reset' | 'truncated'
  /** Refused by a documented rate limit. */
  limited?: boolean
  extraDelayMs?: number
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: Buffer.from(body) }
}

export function empty(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) }
}

export function bytes(status: number, body: Buffer, headers: Record<string, string> = {}): Answer {
  return { status, headers, body }
}

export function html(status: number): Answer {
  const page = `<!DOCTYPE html><html><head><title>${status}</title></head><body><h1>The service is unavailable.</h1></body></html>`
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) }
}

export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}
