import { isTerminal, type Scan, type ScanEvent } from '@tenantscope/core'
import type { Request } from 'express'
import { presentCheckEvent } from '../present/result.ts'
import { presentProgress, presentProgressEvent } from '../present/scan.ts'
import { problemFromError } from '../problems/from-error.ts'
import { Problem } from '../problems/problem.ts'
import { checkEventSchema, scanPath, scanProgressSchema, streamErrorSchema, streamQuery } from '../schemas/scan.ts'
import { type EventStream, openEventStream } from '../stream/event-stream.ts'
import { frame } from '../stream/frames.ts'
import { defineRoute, type Route, type RouteContext, written } from './route.ts'

/** The last event the client has, or null when it has none or says something that we never sent. */
function lastEventId(
  req: Request,
  query: { last_event_id?: string | undefined },
): { after: number } | 'none' | 'unknown' {
  const text = req.headers['last-event-id'] ?? query.last_event_id
  if (text === undefined || text === '') return 'none'
  return typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? { after: Number(text) } : 'unknown'
}

export const streamRoutes: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/stream/{scan_id}',
    action: 'scans.stream',
    summary: 'Follow a scan by server-sent events: progress, check, complete, error',
    subject: { type: 'scan', from: 'path' },
    params: scanPath,
    query: streamQuery,
    description:
      'Begins with what has happened already, goes on live and ends after `complete`, which comes for completed, failed and cancelled scans alike. ' +
      'Ids are the sequence of the scan, so Last-Event-ID goes on without gap or repetition. A quiet stream carries comments.',
    headers: {
      'Last-Event-ID': {
        description: 'The last event that the client has; browsers send it by themselves.',
        required: false,
      },
    },
    problems: ['too_many_streams'],
    responses: {
      200: {
        description: 'The events after Last-Event-ID, then live ones',
        contentType: 'text/event-stream',
        events: {
          progress: { description: 'How far the scan is.', schema: scanProgressSchema },
          check: { description: 'One finished result, without its details.', schema: checkEventSchema },
          error: { description: 'The scan has failed, or the stream broke (retryable).', schema: streamErrorSchema },
          complete: {
            description: 'The scan has ended; look at its status. The last event.',
            schema: scanProgressSchema,
          },
        },
      },
      204: { description: 'The client has all events of a scan that has ended: do not come back' },
    },
    handle: async (context) => {
      const { req, res, scan, query, service, platformTenantId } = context
      const seen = lastEventId(req, query)
      const known = typeof seen === 'object' && seen.after <= scan.lastSequence
      if (known && isTerminal(scan.status) && seen.after === scan.lastSequence) return { status: 204 }
      // A look at the headers must not open a stream that nobody reads.
      if (req.method === 'HEAD') return { status: 200, headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } }
      const release = service.slots.take(platformTenantId)
      if (release === null) {
        const detail = `At most ${service.limits.streamsPerPlatformTenant} streams may be open at once. Close one, or ask for the status instead.`
        throw new Problem('too_many_streams', detail, { headers: { 'Retry-After': '30' } })
      }
      // Given back when the connection is gone, however that comes about.
      res.once('close', release)
      if (res.destroyed) release()
      await follow(context, known ? seen.after : 0, seen !== 'none' && !known)
      return written
    },
  }),
]

/**
 * Sends the log after `after`, then what comes, and ends after `complete`. `stray`: the client named an event that this log does not have; it gets the
 * whole state in one `progress` event (`snapshot: true`) and goes on from there.
 */
async function follow(context: RouteContext<{ scan_id: string }, unknown, unknown>, after: number, stray: boolean) {
  const { res, scan, scope, service } = context
  const { limits, logger } = service
  const stream = openEventStream(res, {
    bufferBytes: limits.streamBufferBytes,
    stallMs: limits.streamStallMs,
    keepAliveMs: limits.streamKeepAliveMs,
    maxMs: limits.streamMaxMs,
    retryMs: 3000,
    onDrop: (bufferedBytes) =>
      logger.warn('a stream client that does not read was dropped', { scanId: scan.id, bufferedBytes }),
  })
  try {
    if (stray) return await snapshot(context, stream)
    await relay(context, stream, after)
  } catch (error) {
    if (stream.signal.aborted) return
    logger.error('a stream broke', { scanId: scan.id, error })
    const { code, message } = problemFromError(error, { part: 'path', toWire: (pointer) => pointer })
    const data = { scan_id: scan.id, code, error_message: message, retryable: true }
    await stream.send(frame({ event: 'error', data }))
  } finally {
    stream.end()
  }

  async function snapshot({ scan: now }: { scan: Scan }, to: EventStream) {
    const at = isTerminal(now.status) ? now.lastSequence - 1 : now.lastSequence
    await to.send(frame({ id: Math.max(0, at), event: 'progress', data: { ...presentProgress(now), snapshot: true } }))
    await relay(context, to, Math.max(0, at))
  }

  async function relay({ scan: { id, benchmark } }: { scan: Scan }, to: EventStream, from: number) {
    const controls = await service.controls(benchmark)
    for await (const event of scope.scans.events(id, { after: from, signal: to.signal })) {
      // Inner workings; the client's next id simply jumps over it.
      if (event.type === 'source.read') continue
      if (!(await to.send(service.frames.of(event, () => framesOf(event, controls))))) return
    }
  }
}

type Controls = Awaited<ReturnType<RouteContext['service']['controls']>>

function framesOf(event: ScanEvent, controls: Controls): Buffer {
  const id = event.sequence
  switch (event.type) {
    case 'check.finished':
      return frame({ id, event: 'check', data: presentCheckEvent(event, controls.get(String(event.data.controlId))) })
    case 'scan.completed':
    case 'scan.cancelled':
      return frame({ id, event: 'complete', data: presentProgressEvent(event) })
    case 'scan.failed': {
      const data = presentProgressEvent(event)
      // For the message box; it has no id, so that a client cut between the two still gets `complete`.
      const told = frame({ event: 'error', data: { ...data, code: data.failure_reason, retryable: false } })
      return Buffer.concat([told, frame({ id, event: 'complete', data })])
    }
    default:
      return frame({ id, event: 'progress', data: presentProgressEvent(event) })
  }
}
