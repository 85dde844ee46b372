import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeliveryEnd } from './outcomes.ts'

export interface Receiver {
  /** `https://…/api`, without a slash at the end. */
  url: string
  scanId: string
  /** `whsec_…` */
  key: string
}

export interface PostTimes {
  /** For one try, in milliseconds. */
  tryMs: number
  /** The first pause between tries; each is twice as long as the one before. */
  firstPauseMs: number
  longestPauseMs: number
}

export const defaultPostTimes: PostTimes = { tryMs: 30_000, firstPauseMs: 500, longestPauseMs: 30_000 }

export interface Posted {
  status: number
  text: string
}

/** Answers are small; anything else is not the receiver. */
const largestAnswer = 256 * 1024

/**
 * Posts one signed message until it is answered: the same id and bytes each time, signed anew. Waits longer after each failure, with jitter, and as long as the
 * receiver asks. Returns 2xx and 413; throws DeliveryEnd for what no later try can change, and when `signal` aborts.
 */
export async function signedPost(params: {
  receiver: Receiver
  route: 'progress' | 'token'
  id: string
  body: string
  signal: AbortSignal
  times: PostTimes
  onFailure: (words: string) => void
}): Promise<Posted> {
  const { signal, times, onFailure } = params
  for (let pause = times.firstPauseMs; ; pause = Math.min(pause * 2, times.longestPauseMs)) {
    const answer = await tryOnce(params)
    if (typeof answer !== 'string' && !isTemporary(answer.status)) return settled(answer)
    const words = typeof answer === 'string' ? answer : `answered ${answer.status}`
    onFailure(words)
    const asked = typeof answer === 'string' ? 0 : answer.retryAfterMs
    const jittered = pause * (0.5 + Math.random() / 2)
    if (signal.aborted) throw given(signal, words)
    await sleep(Math.max(asked, jittered), undefined, { signal }).catch(() => {
      throw given(signal, words)
    })
  }
}

function given(signal: AbortSignal, words: string): Error {
  return signal.reason instanceof DeliveryEnd
    ? signal.reason
    : new DeliveryEnd('undelivered', `The receiver could not be reached (${words}).`)
}

function settled(answer: Posted): Posted {
  if ((answer.status >= 200 && answer.status < 300) || answer.status === 413) return answer
  if (answer.status === 410) throw new DeliveryEnd('stopped', 'The receiver says that this run is over.')
  const hint = answer.status === 401 ? ' Is the attempt over, or the clock of this machine wrong?' : ''
  throw new DeliveryEnd('refused', `The receiver answered ${answer.status}${problemCode(answer.text)}.${hint}`)
}

function problemCode(text: string): string {
  try {
    const code = (JSON.parse(text) as { code?: unknown } | null)?.code
    return typeof code === 'string' && /^[a-z_]{1,50}$/.test(code) ? ` (${code})` : ''
  } catch {
    return ''
  }
}

const isTemporary = (status: number) => status >= 500 || status === 408 || status === 425 || status === 429

async function tryOnce(
  params: Parameters<typeof signedPost>[0],
): Promise<(Posted & { retryAfterMs: number }) | string> {
  const { receiver, route, id, body, signal, times } = params
  const timestamp = String(Math.floor(Date.now() / 1000))
  try {
    const response = await fetch(`${receiver.url}/webhook/${route}/${encodeURIComponent(receiver.scanId)}`, {
      method: 'POST',
      // The message is for this receiver and no other.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature(receiver.key, `${id}.${timestamp}.${body}`)}`,
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(times.tryMs)]),
    })
    const text = await boundedText(response)
    return { status: response.status, text, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) }
  } catch (error) {
    const cause = (error as { cause?: { code?: unknown } } | null)?.cause?.code
    return typeof cause === 'string' ? cause : error instanceof Error ? error.name : 'unknown trouble'
  }
}

function signature(key: string, content: string): string {
  return createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
    .update(content, 'utf8')
    .digest('base64')
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > largestAnswer) throw new Error('The answer is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Seconds or a date; an hour at most, for a clock that is wrong must not stop the run for good. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0
  const ms = /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : 0
}
