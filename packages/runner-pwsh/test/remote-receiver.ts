import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LaunchDocument, RunnerEvent } from '@tenantscope/core'
import { Webhook } from 'standardwebhooks'
import { job } from './running.ts'

export interface Message {
  sequence: number
  events: RunnerEvent[]
  fragment?: { offset: number; last: boolean; data: string }
  total?: number
}

/** What the receiver does with a message whose signature holds: takes it, answers something else, or nothing at all. */
export type Behaviour = (
  message: Message,
  number: number,
) => { status: number; headers?: Record<string, string>; taken?: boolean } | 'hang' | 'reset' | null

export interface Receiver {
  url: string
  document: LaunchDocument
  /** The events by number, put together from all that was taken; taken twice counts once. */
  events(): RunnerEvent[]
  /** Every message that came, also those not taken. */
  messages: { message: Message; id: string; bytes: number; at: number }[]
  questions: unknown[]
  behaviour: Behaviour
  limitBytes: number
  answerToken: unknown
  stop(): Promise<void>
  start(): Promise<void>
}

/** A receiver that checks signatures by the library of Standard Webhooks, and misbehaves as it is told. */
export async function startReceiver(): Promise<Receiver> {
  const key = `whsec_${randomBytes(32).toString('base64')}`
  const taken = new Map<number, RunnerEvent>()
  const pieces = new Map<number, { size: number; bytes: Buffer[] }>()
  let server: Server
  let port = 0
  const receiver: Receiver = {
    url: '',
    document: null as unknown as LaunchDocument,
    events: () => [...taken.entries()].sort(([a], [b]) => a - b).map(([, event]) => event),
    messages: [],
    questions: [],
    behaviour: () => null,
    limitBytes: 1024 * 1024,
    answerToken: { access_token: 'the-token', expires_at: '2026-11-01T09:00:00.000Z' },
    start: async () => {
      server = createServer((req, res) => void answer(req, res))
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  const take = ({ sequence, events, fragment }: Message) => {
    events.forEach((event, i) => {
      taken.set(sequence + i, event)
    })
    if (!fragment) return
    const piece = pieces.get(sequence) ?? { size: 0, bytes: [] }
    pieces.set(sequence, piece)
    if (fragment.offset !== piece.size) return
    const bytes = Buffer.from(fragment.data, 'base64')
    piece.bytes.push(bytes)
    piece.size += bytes.length
    if (fragment.last) taken.set(sequence, JSON.parse(Buffer.concat(piece.bytes).toString('utf8')))
  }
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks)
    if (raw.length > receiver.limitBytes) return void res.writeHead(413).end()
    const id = String(req.headers['webhook-id'])
    try {
      new Webhook(key).verify(raw, req.headers as Record<string, string>)
    } catch {
      return void res.writeHead(401).end('{"code":"signature_invalid"}')
    }
    const value = JSON.parse(raw.toString('utf8'))
    if (req.url === '/api/webhook/token/scan-1') {
      receiver.questions.push(value)
      return void res.writeHead(200).end(JSON.stringify({ sealed: seal(key, id, receiver.answerToken) }))
    }
    if (req.url !== '/api/webhook/progress/scan-1') return void res.writeHead(404).end()
    receiver.messages.push({ message: value, id, bytes: raw.length, at: performance.now() })
    const reply = receiver.behaviour(value, receiver.messages.length)
    if (reply === 'hang') return
    if (reply === 'reset') return void req.socket.destroy()
    if (reply === null || reply.taken) take(value)
    res.writeHead(reply?.status ?? 204, reply?.headers).end()
  }
  await receiver.start()
  receiver.url = `http://127.0.0.1:${port}/api`
  receiver.document = {
    format: 'tenantscope-launch/1',
    job: {
      ...job(),
      benchmark: { id: 'cis-m365', version: '5.0.0' },
      controlIds: ['1.1.1'],
      inputs: {},
    } as LaunchDocument['job'],
    receiverUrl: receiver.url,
    allowHttp: false,
    heartbeatMs: 40,
    key,
  }
  return receiver
}

/** The sealing of answers, written down once more: AES-256-GCM under a key derived from the run's key and the question's id. */
function seal(key: string, id: string, answer: unknown): string {
  const secret = Buffer.from(key.slice(6), 'base64')
  const salt = createHash('sha256').update(id).digest()
  const derived = new Uint8Array(hkdfSync('sha256', secret, salt, 'tenantscope token answer 1', 32))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', derived, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(id))
  const body = Buffer.concat([cipher.update(JSON.stringify(answer)), cipher.final()])
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64')
}
