import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/*
 * Server-sent events are written by hand: better-sse pays no heed to what `res.write` answers, so a client that never reads makes the process keep every
 * event for it. Here a client may have a bounded number of bytes waiting; beyond that the writer waits for it, and drops it when it does not catch up.
 */

export interface EventStream {
  /** Takes whole frames. Resolves when the next event may be produced; false when the client is gone (or was dropped just now). */
  send(frames: Buffer): Promise<boolean>
  /** Ends the answer in order. Idempotent. */
  end(): void
  /** Aborted when the client is gone, was dropped, or the stream has ended. */
  readonly signal: AbortSignal
}

export interface EventStreamOptions {
  bufferBytes: number
  stallMs: number
  keepAliveMs: number
  maxMs: number
  retryMs: number
  onDrop(bufferedBytes: number): void
}

export function openEventStream(res: ServerResponse, options: EventStreamOptions): EventStream {
  const gone = new AbortController()
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    // no-transform keeps compressing middleware and proxies from holding events back.
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  })
  res.write(`retry: ${options.retryMs}\n\n`)
  const keepAlive = setInterval(() => {
    if (res.writableLength < options.bufferBytes) res.write(': keep-alive\n\n')
  }, options.keepAliveMs)
  const end = () => {
    if (!res.writableEnded) res.end()
    gone.abort()
  }
  const expiry = setTimeout(end, options.maxMs)
  keepAlive.unref()
  expiry.unref()
  gone.signal.addEventListener('abort', () => {
    clearInterval(keepAlive)
    clearTimeout(expiry)
  })
  res.once('close', () => gone.abort())
  // A socket that breaks while we write is the same as a client that left.
  res.on('error', () => gone.abort())

  const send: EventStream['send'] = async (frames) => {
    if (gone.signal.aborted) return false
    res.write(frames)
    if (res.writableLength <= options.bufferBytes) return true
    if (await drained(res, options.stallMs, gone.signal)) return true
    if (!gone.signal.aborted) {
      options.onDrop(res.writableLength)
      res.destroy()
      gone.abort()
    }
    return false
  }
  return { send, end, signal: gone.signal }
}

async function drained(res: ServerResponse, timeoutMs: number, gone: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)])
  try {
    await once(res, 'drain', { signal })
    return true
  } catch {
    return false
  }
}
