import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { requireDocumentedEvent } from './documented.ts'
import type { Host } from './host.ts'

export interface ReceivedEvent {
  id: string | null
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of many shapes
  data: any
}

export interface EventClient {
  status: number
  headers: IncomingMessage['headers']
  events: ReceivedEvent[]
  comments: string[]
  retry: string | null
  /** Resolves when the server has ended the answer (true) or the connection broke (false). */
  ended: Promise<boolean>
  /** Resolves when a condition over what was received holds. */
  until(condition: () => boolean): Promise<void>
  /** Cuts the connection as a closed browser tab does. */
  cut(): void
}

/** Reads a stream as the standard says: fields by line, an event at each empty line. Written apart from the sender. */
export async function openStream(
  host: Host,
  scanId: string,
  options: { lastEventId?: string; query?: string; token?: string; cutAfter?: number } = {},
): Promise<EventClient> {
  const url = `${host.url}/stream/${scanId}${options.query ?? ''}`
  const headers: Record<string, string> = {
    authorization: `Bearer ${options.token ?? 'msp-a'}`,
    accept: 'text/event-stream',
  }
  if (options.lastEventId !== undefined) headers['last-event-id'] = options.lastEventId
  let req: ClientRequest | undefined
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    req = request(url, { headers }, resolve)
    req.on('error', reject)
    req.end()
  })
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  const client: EventClient = {
    status: res.statusCode ?? 0,
    headers: res.headers,
    events: [],
    comments: [],
    retry: null,
    ended: new Promise((resolve) => {
      res.on('end', () => resolve(true))
      res.on('close', () => {
        resolve(false)
        wake()
      })
      res.on('error', () => resolve(false))
    }),
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (condition()) resolve()
          else if (res.destroyed) reject(new Error('The stream ended before the condition held.'))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
    cut: () => void req?.destroy(),
  }
  parse(res, client, () => {
    wake()
    if (options.cutAfter !== undefined && client.events.length >= options.cutAfter) {
      client.events.length = options.cutAfter
      req?.destroy()
      return false
    }
    return true
  })
  return client
}

function parse(res: IncomingMessage, client: EventClient, onRead: () => boolean): void {
  let text = ''
  let open = true
  res.setEncoding('utf8')
  res.on('data', (part: string) => {
    text += part
    for (let end = text.indexOf('\n\n'); end >= 0 && open; end = text.indexOf('\n\n')) {
      readBlock(text.slice(0, end), client)
      text = text.slice(end + 2)
      open = onRead()
    }
  })
}

function readBlock(block: string, client: EventClient): void {
  const event: ReceivedEvent = { id: null, event: 'message', data: null }
  const data: string[] = []
  for (const line of block.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (colon === 0) client.comments.push(value)
    else if (name === 'id') event.id = value
    else if (name === 'event') event.event = value
    else if (name === 'data') data.push(value)
    else if (name === 'retry') client.retry = value
  }
  if (data.length === 0) return
  event.data = JSON.parse(data.join('\n'))
  requireDocumentedEvent(event)
  client.events.push(event)
}
