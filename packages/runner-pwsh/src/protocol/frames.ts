import { type RunnerEvent, runnerEventSchema, type Service, services } from '@tenantscope/core'
import type { Frame } from './frame-reader.ts'

export interface TokenRequest {
  id: number
  service: Service
  scope: string
  refresh: boolean
}

export interface DnsRequest {
  id: number
  name: string
}

export type DoneEvent = Extract<RunnerEvent, { type: 'done' }>

/** What a frame means. `unknown` frames are ignored, so that a newer engine may say more; a known frame of a wrong shape is a violation. */
export type Meaning =
  | { kind: 'event'; event: Exclude<RunnerEvent, DoneEvent> }
  | { kind: 'done'; event: DoneEvent }
  | { kind: 'token'; request: TokenRequest }
  | { kind: 'dns'; request: DnsRequest }
  | { kind: 'heartbeat' }
  | { kind: 'unknown' }
  | { kind: 'violation'; detail: string }

/** One resource's `/.default` scope, nothing else may be asked for. A resource is an https URL or an application id. */
const scopePattern = /^(https:\/\/[A-Za-z0-9][A-Za-z0-9./_-]{0,300}|[0-9a-f-]{36})\/\.default$/i

export function readFrame(frame: Frame): Meaning {
  switch (frame.t) {
    case 'heartbeat':
      return { kind: 'heartbeat' }
    case 'token.request':
      return readTokenRequest(frame)
    case 'dns.request':
      return readDnsRequest(frame)
    default: {
      const candidate = toEvent(frame)
      return candidate === null ? { kind: 'unknown' } : checkEvent(frame.t, candidate)
    }
  }
}

function checkEvent(frameType: string, candidate: unknown): Meaning {
  const parsed = runnerEventSchema.safeParse(candidate)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const where = issue?.path.map(String).join('.') || 'the frame'
    return { kind: 'violation', detail: `frame ${frameType}: ${where} is wrong (${issue?.message ?? 'no detail'})` }
  }
  const event = parsed.data
  return event.type === 'done' ? { kind: 'done', event } : { kind: 'event', event }
}

/** The runner event of a frame, not yet checked; null for a type that is not known. */
function toEvent(frame: Frame): unknown {
  switch (frame.t) {
    case 'ready':
      return { type: 'ready', engine: frame.engine, powershell: frame.powershell }
    case 'source.read':
      return {
        type: 'source.read',
        sourceId: frame.id,
        state: frame.state,
        durationMs: frame.tookMs,
        requests: frame.requests,
        items: frame.items ?? null,
        error: withoutNulls(frame.error),
      }
    case 'evidence':
      return {
        type: 'evidence',
        sourceId: frame.id,
        state: frame.state,
        data: frame.data,
        error: withoutNulls(frame.error),
      }
    case 'check.finished':
      return {
        type: 'check.finished',
        controlId: frame.controlId,
        status: frame.status,
        reasonCode: frame.reasonCode ?? null,
        message: frame.message,
        findings: frame.findings,
        findingsTotal: frame.findingsTotal,
        durationMs: checkDuration(frame),
      }
    case 'log':
      return { type: 'log', level: frame.level, message: frame.message }
    case 'done':
      return { type: 'done', outcome: frame.outcome, error: frame.error ?? null, stats: readStats(frame) }
    default:
      return null
  }
}

/** From the first of its sources being asked for to its verdict. */
function checkDuration(frame: Frame): unknown {
  const { ms, startedMs, tookMs } = frame
  return typeof ms === 'number' && typeof startedMs === 'number' && ms >= startedMs ? ms - startedMs : tookMs
}

/** Optional members of a source's error may be written as null. */
function withoutNulls(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error ?? null
  return Object.fromEntries(Object.entries(error).filter(([, value]) => value !== null))
}

function readStats(frame: Frame): DoneEvent['stats'] {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
  return {
    wallMs: number(frame.ms),
    requests: number(frame.requests),
    sources: number(frame.sources),
    checks: number(frame.checks),
    peakMb: number(frame.peakMb),
    cpuMs: number(frame.cpuMs),
  }
}

function readTokenRequest(frame: Frame): Meaning {
  const { id, service, scope, refresh } = frame
  const known = services.find((one) => one === service)
  if (!isId(id) || known === undefined || typeof scope !== 'string' || !scopePattern.test(scope))
    return { kind: 'violation', detail: 'frame token.request: id, service or scope is wrong' }
  return { kind: 'token', request: { id, service: known, scope, refresh: refresh === true } }
}

function readDnsRequest(frame: Frame): Meaning {
  const { id, name } = frame
  if (!isId(id) || typeof name !== 'string' || name.length === 0 || name.length > 1000)
    return { kind: 'violation', detail: 'frame dns.request: id or name is wrong' }
  return { kind: 'dns', request: { id, name } }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
