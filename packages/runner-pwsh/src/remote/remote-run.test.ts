import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Runner, RunnerEvent, RunnerHost } from '@tenantscope/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, startReceiver } from '../../test/remote-receiver.ts'
import { exitCodes } from './outcomes.ts'
import { type RemoteRunOptions, resumeSpool, runLaunch } from './remote-run.ts'

type Script = (params: { host: RunnerHost; signal: AbortSignal }) => AsyncIterable<RunnerEvent>

const stats = { wallMs: 1, requests: 0, sources: 0, checks: 0, peakMb: 0, cpuMs: 0 }
const done: RunnerEvent = { type: 'done', outcome: 'completed', error: null, stats }
const log = (message: string): RunnerEvent => ({ type: 'log', level: 'info', message })
const times = { tryMs: 150, firstPauseMs: 5, longestPauseMs: 20 }
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

let receiver: Receiver
let folder: string
let said: string[]
beforeEach(async () => {
  receiver = await startReceiver()
  folder = mkdtempSync(path.join(tmpdir(), 'tenantscope-test-spool-'))
  said = []
})
afterEach(async () => {
  await receiver.stop().catch(() => {})
  rmSync(folder, { recursive: true, force: true })
})

function options(changes: Partial<RemoteRunOptions> = {}): RemoteRunOptions {
  const { signal } = new AbortController()
  const say = (words: string) => void said.push(words)
  return { document: receiver.document, signal, say, times, gatherMs: 5, giveUpAfterMs: 20_000, ...changes }
}

function launch(script: Script, changes: Partial<RemoteRunOptions> = {}): Promise<number> {
  const runner = { name: 'scripted', run: script } as unknown as Runner
  const resolveTxt = async () => []
  return runLaunch({ ...options(changes), runner, resolveTxt, spoolFolder: folder })
}

const spoolPath = () => path.join(folder, 'scan-1-1.jsonl')

/** `count` events with a pause now and then, so that they make many messages. */
const talkative = (count: number): Script =>
  async function* ({ signal }) {
    for (let i = 0; i < count; i += 1) {
      if (i % 10 === 0) await wait(4)
      signal.throwIfAborted()
      yield log(`event ${i}`)
    }
    yield done
  }
const wholeTalk = (count: number) => [...Array.from({ length: count }, (_, i) => log(`event ${i}`)), done]

describe('a remote run', () => {
  it('delivers every event in order, tells how many there were, and leaves nothing', async () => {
    expect(await launch(talkative(100))).toBe(exitCodes.delivered)
    expect(receiver.events()).toEqual(wholeTalk(100))
    const last = receiver.messages.at(-1)?.message
    expect([last?.total, (last?.sequence ?? 0) + (last?.events.length ?? 0)]).toEqual([101, 101])
    expect(receiver.messages.length).toBeLessThan(60)
    expect(readdirSync(folder)).toEqual([])
    expect(said).toEqual([])
  })

  it('shows that it lives while the engine is silent', async () => {
    const code = await launch(async function* () {
      await wait(400)
      yield done
    })
    expect(code).toBe(exitCodes.delivered)
    expect(receiver.messages.filter(({ message }) => message.events.length === 0).length).toBeGreaterThan(2)
  })

  it.each([
    ['answers 500', (n: number) => (n % 3 ? { status: 500 } : null)],
    ['hangs', (n: number) => (n === 2 || n === 3 ? 'hang' : null)],
    ['cuts connections', (n: number) => (n % 2 ? 'reset' : null)],
    [
      'answers 503 and 429 with a time to wait',
      (n: number) => (n % 2 ? { status: n % 4 === 1 ? 503 : 429, headers: { 'retry-after': '0' } } : null),
    ],
  ] as const)('R-19: loses nothing when the receiver %s', async (_, behaviour) => {
    receiver.behaviour = (_message, n) => behaviour(n)
    expect(await launch(talkative(60))).toBe(exitCodes.delivered)
    expect(receiver.events()).toEqual(wholeTalk(60))
    // A message that is sent again is the same message: same id, same events.
    const byId = Map.groupBy(receiver.messages, ({ id }) => id)
    for (const group of byId.values()) expect(new Set(group.map(({ message }) => JSON.stringify(message))).size).toBe(1)
    expect(said.length).toBeGreaterThan(0)
    expect(readdirSync(folder)).toEqual([])
  })

  it('R-19: loses nothing when the receiver took a message and its answer was lost', async () => {
    const lost = new Set<number>()
    receiver.behaviour = (message) => {
      if (message.events.length === 0 || lost.has(message.sequence)) return null
      lost.add(message.sequence)
      return { status: 502, taken: true }
    }
    expect(await launch(talkative(40))).toBe(exitCodes.delivered)
    expect(receiver.events()).toEqual(wholeTalk(40))
  })

  it('R-19: loses nothing when the receiver is down for a while; events wait in a private file without a secret', async () => {
    const seen: { mode: number; text: string }[] = []
    const code = await launch(async function* () {
      for (let i = 0; i < 20; i += 1) yield log(`event ${i}`)
      await receiver.stop()
      for (let i = 20; i < 50; i += 1) yield log(`event ${i}`)
      await wait(60)
      seen.push({ mode: statSync(spoolPath()).mode & 0o777, text: readFileSync(spoolPath(), 'utf8') })
      await receiver.start()
      yield done
    })
    expect(code).toBe(exitCodes.delivered)
    expect(receiver.events()).toEqual(wholeTalk(50))
    expect(seen[0]?.text).toContain('"event 49"')
    expect(seen[0]?.text).not.toContain(receiver.document.key.slice(6, 40))
    if (process.platform !== 'win32') expect(seen[0]?.mode).toBe(0o600)
  })

  it('waits as long as the receiver asks', async () => {
    receiver.behaviour = (_message, n) => (n === 1 ? { status: 429, headers: { 'retry-after': '1' } } : null)
    expect(await launch(talkative(1))).toBe(exitCodes.delivered)
    const [first, second] = receiver.messages
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990)
  })

  it('S-34: makes messages smaller on 413, cuts an event that is too large, and loses no byte of it', async () => {
    receiver.limitBytes = 9_000
    const large = log(`${'ü€😀"\\\u0000'.repeat(6_000)} end`)
    const script: Script = async function* () {
      for (let i = 0; i < 300; i += 1) yield log(`event ${i} ${'x'.repeat(100)}`)
      yield large
      yield log('after it')
      yield done
    }
    expect(await launch(script)).toBe(exitCodes.delivered)
    const got = receiver.events()
    expect([got.length, got[300], got[301], got[302]]).toEqual([303, large, log('after it'), done])
    expect(Math.max(...receiver.messages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(9_000)
  })
})

describe('the end of a remote run', () => {
  const endless: Script = async function* ({ signal }) {
    for (;;) {
      signal.throwIfAborted()
      yield log('on and on')
      await wait(5)
    }
  }

  it('comes with 410: the engine is stopped and nothing is kept', async () => {
    receiver.behaviour = (_message, n) => (n > 3 ? { status: 410 } : null)
    expect(await launch(endless)).toBe(exitCodes.stopped)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([401, 403, 404, 302])('comes with %s: refused for good, and what was found is kept', async (status) => {
    receiver.behaviour = () => ({ status, headers: { location: 'http://127.0.0.1:1/' } })
    expect(await launch(endless)).toBe(exitCodes.refused)
    expect(existsSync(spoolPath())).toBe(true)
    expect(said.join('\n')).toContain(spoolPath())
    expect(receiver.messages.length).toBe(1)
  })

  it('S-30: a key that is not the receiver’s is refused', async () => {
    const key = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    expect(await launch(endless, { document: { ...receiver.document, key } })).toBe(exitCodes.refused)
    expect(receiver.messages).toEqual([])
  })

  it('is told in the last word when the engine fails', async () => {
    const failing: Script = async function* () {
      yield log('first')
      throw new Error('words of somebody else')
    }
    expect(await launch(failing)).toBe(exitCodes.engineFailed)
    expect(receiver.events().at(-1)).toMatchObject({
      type: 'done',
      outcome: 'failed',
      error: { code: 'runner_failed' },
    })
    expect(JSON.stringify(receiver.messages)).not.toContain('words of somebody else')
  })

  it('comes when the process is told to end', async () => {
    const end = new AbortController()
    setTimeout(() => end.abort(new Error('told')), 50)
    expect(await launch(endless, { signal: end.signal })).toBe(exitCodes.engineFailed)
    expect(receiver.events().at(-1)).toMatchObject({ type: 'done', outcome: 'failed' })
  })
})

describe('a spool that was left', () => {
  it('R-19: is sent later, each event once', async () => {
    let up = true
    receiver.behaviour = () => (up ? null : { status: 503 })
    const script: Script = async function* () {
      for (let i = 0; i < 10; i += 1) yield log(`event ${i}`)
      await wait(50)
      up = false
      for (let i = 10; i < 30; i += 1) yield log(`event ${i}`)
      yield done
    }
    expect(await launch(script, { giveUpAfterMs: 100 })).toBe(exitCodes.undelivered)
    expect(receiver.events().length).toBeLessThan(31)
    expect(said.at(-1)).toContain(spoolPath())
    up = true
    expect(await resumeSpool({ ...options(), spoolPath: spoolPath() })).toBe(exitCodes.delivered)
    expect(receiver.events()).toEqual(wholeTalk(30))
    expect(readdirSync(folder)).toEqual([])
  })

  it('R-19: of a process that was killed ends the run as lost, with what it had found', async () => {
    const header = { format: 'tenantscope-spool/1', scan_id: 'scan-1', attempt: 1 }
    const lines = [header, { n: 7, event: log('seven') }, { n: 8, event: log('eight') }].map((line) =>
      JSON.stringify(line),
    )
    writeFileSync(spoolPath(), `${lines.join('\n')}\n{"n":9,"event":{"type":"lo`)
    expect(await resumeSpool({ ...options(), spoolPath: spoolPath() })).toBe(exitCodes.delivered)
    expect(receiver.messages[0]?.message.sequence).toBe(7)
    expect(receiver.events()).toEqual([
      log('seven'),
      log('eight'),
      {
        ...done,
        outcome: 'failed',
        error: { code: 'remote_lost', message: expect.any(String) },
        stats: expect.any(Object),
      },
    ])
  })

  it('of another scan or attempt is not sent, and stays', async () => {
    const header = { format: 'tenantscope-spool/1', scan_id: 'scan-1', attempt: 2 }
    writeFileSync(spoolPath(), `${JSON.stringify(header)}\n`)
    await expect(resumeSpool({ ...options(), spoolPath: spoolPath() })).rejects.toThrow('not the spool')
    expect(receiver.messages).toEqual([])
    expect(existsSync(spoolPath())).toBe(true)
  })
})

describe('a question for a token', () => {
  const scope = 'https://graph.microsoft.com/.default'
  const asking: Script = async function* ({ host, signal }) {
    const { accessToken, expiresAt } = await host.token({ service: 'graph', scope, refresh: false, signal })
    yield log(`${accessToken.length} ${expiresAt.toISOString()}`)
    yield done
  }

  it('goes to the receiver, and the token nowhere else', async () => {
    expect(await launch(asking)).toBe(exitCodes.delivered)
    expect(receiver.questions).toEqual([{ scan_id: 'scan-1', attempt: 1, service: 'graph', scope, refresh: false }])
    expect(receiver.events()).toEqual([log('9 2026-11-01T09:00:00.000Z'), done])
  })

  it('that Entra ID refuses for the credential itself ends the run as such', async () => {
    const error = {
      code: 'sign_in_failed',
      message: 'AADSTS7000215',
      aadsts_code: 'AADSTS7000215',
      reach: 'credential',
    }
    receiver.answerToken = { error }
    expect(await launch(asking)).toBe(exitCodes.engineFailed)
    expect(receiver.events().at(-1)).toMatchObject({ error: { code: 'sign_in_failed', message: 'AADSTS7000215' } })
  })

  it('is not answered by what is not sealed for it', async () => {
    receiver.answerToken = { something: 'else' }
    expect(await launch(asking)).toBe(exitCodes.engineFailed)
    expect(receiver.events().at(-1)).toMatchObject({ type: 'done', error: { code: 'sign_in_failed' } })
  })
})
