import path from 'node:path'
import { RunnerError, type RunnerEvent, SignInError } from '@tenantscope/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { collect, host, hostileRunner, isRunning, job, logs, toldPids, types } from '../../test/running.ts'
import type { PwshRunnerOptions } from '../runner.ts'

const onLinux = process.platform === 'linux'
let runners: ReturnType<typeof hostileRunner>[] = []
const rejections: unknown[] = []
const onRejection = (reason: unknown) => void rejections.push(reason)

function runnerOf(mode: string, options: PwshRunnerOptions = {}) {
  const runner = hostileRunner(mode, options)
  runners.push(runner)
  return runner
}

beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', onRejection)
})
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.close()))
  runners = []
  process.off('unhandledRejection', onRejection)
  expect(rejections).toEqual([])
})

async function expectGone(events: readonly RunnerEvent[], count: number) {
  const pids = toldPids(events)
  expect(pids).toHaveLength(count)
  if (onLinux) for (const pid of pids) expect(await isRunning(pid), `process ${pid}`).toBe(false)
}

describe('an orderly engine', () => {
  test('its frames become events, unknown ones are skipped, and done is the last', async () => {
    const { events, error } = await collect(runnerOf('good'))
    expect(error).toBeNull()
    expect(types(events)).toEqual(['ready', 'source.read', 'evidence', 'check.finished', 'done'])
    expect(events[3]).toEqual({
      type: 'check.finished',
      controlId: '1.1.1',
      status: 'pass',
      reasonCode: null,
      message: 'Fine.',
      findings: [],
      findingsTotal: 0,
      durationMs: 4,
    })
    const stats = { wallMs: 10, requests: 2, sources: 1, checks: 1, peakMb: 50, cpuMs: 8 }
    expect(events[4]).toEqual({ type: 'done', outcome: 'completed', error: null, stats })
  })

  test('evidence is not handed on when it was not asked for', async () => {
    const { events } = await collect(runnerOf('good'), { job: job({ keepEvidence: false }) })
    expect(types(events)).toEqual(['ready', 'source.read', 'check.finished', 'done'])
  })

  test('S-41 S-42 gets the job as it is, hostile text as data, and nothing of the host but what is allowed', async () => {
    const inputs = { name: '$(Stop-Process -Id $PID)', other: "'; calc # `n \u0000 %00 -EncodedCommand" }
    const environment = { ...process.env, DATABASE_URL: 'canary', HTTPS_PROXY: 'http://proxy:1', NODE_OPTIONS: '' }
    const { events } = await collect(
      runnerOf('echo', {
        environment,
        network: { proxyUrl: 'http://127.0.0.1:9' },
        transport: { teams: 'module' },
        modulePath: ['/modules'],
      }),
      {
        job: job({ inputs, sources: ['graph/organization'] }),
      },
    )
    const seen = JSON.parse(logs(events)[0] ?? '{}')
    expect(seen.job).toMatchObject({
      t: 'job',
      protocol: 'tenantscope-engine/1',
      controls: ['1.1.1'],
      sources: ['graph/organization'],
      inputs,
      scanStartedAt: '2026-11-01T08:00:00.000Z',
      limits: { scanTimeoutMs: 60_000 },
      network: { proxyUrl: 'http://127.0.0.1:9', caFile: null },
      transport: { teams: 'module' },
      modulePath: [path.resolve('/modules')],
    })
    expect(seen.args).toEqual([
      '-NoProfile',
      '-NonInteractive',
      '-File',
      expect.stringMatching(/Start-Checks\.ps1$/),
      '-Engine',
    ])
    expect(seen.env).not.toHaveProperty('DATABASE_URL')
    expect(seen.env).toMatchObject({ HTTPS_PROXY: 'http://proxy:1', NO_COLOR: '1', POWERSHELL_UPDATECHECK: 'Off' })
    expect(seen.env.HOME).not.toBe(process.env.HOME)
  })

  test('runs do not share anything: two at once both end', async () => {
    const runner = runnerOf('good')
    const runs = await Promise.all([collect(runner), collect(runner)])
    for (const { events } of runs) expect(events.at(-1)?.type).toBe('done')
  })
})

describe('questions to the host', () => {
  test('are answered', async () => {
    const { events } = await collect(runnerOf('asks'))
    expect(JSON.parse(logs(events)[0] ?? '')).toEqual([
      { t: 'token', id: 1, accessToken: '[redacted]', expiresAt: '2026-11-01T09:00:00.000Z' },
      { t: 'dns', id: 2, records: [['v=spf1 ', '-all']] },
    ])
  })

  test.each([
    ['credential', 'AADSTS7000215', 'denied'],
    ['service', 'AADSTS53003', 'denied'],
    ['service', 'AADSTS500011', 'unlicensed'],
    ['transient', 'AADSTS90033', 'unavailable'],
  ] as const)('a sign-in error of reach %s with %s means %s', async (reach, aadstsCode, state) => {
    const token = () => Promise.reject(new SignInError({ message: 'Words.', aadstsCode, reach }))
    const { events } = await collect(runnerOf('asks'), { host: { ...host, token } })
    const [answer] = JSON.parse(logs(events)[0] ?? '[]')
    expect(answer.error).toEqual({ code: aadstsCode, message: 'Words.', state })
  })

  test('errors that are not ours never pass their text on', async () => {
    const failing = {
      token: () => Promise.reject(new Error('client_secret=hunter2')),
      resolveTxt: () => Promise.reject(Object.assign(new Error('secret'), { code: 'ETIMEOUT' })),
    }
    const { events } = await collect(runnerOf('asks'), { host: failing })
    const answers = JSON.parse(logs(events)[0] ?? '[]')
    expect(JSON.stringify(answers)).not.toMatch(/hunter2|secret=/)
    expect(answers[0].error).toMatchObject({ code: 'HOST_ERROR', state: 'unavailable' })
    expect(answers[1].error.code).toBe('ETIMEOUT')
  })

  test.each(['ENOTFOUND', 'ENODATA'])('a DNS answer %s means no records', async (code) => {
    const resolveTxt = () => Promise.reject(Object.assign(new Error('none'), { code }))
    const { events } = await collect(runnerOf('asks'), { host: { ...host, resolveTxt } })
    expect(JSON.parse(logs(events)[0] ?? '[]')[1]).toEqual({ t: 'dns', id: 2, records: [] })
  })

  test('a token for anything but a /.default scope is not asked of the host', async () => {
    const token = vi.fn(host.token)
    const { error } = await collect(runnerOf('badScope'), { host: { ...host, token } })
    expect(error).toMatchObject({ code: 'runner_output' })
    expect(token).not.toHaveBeenCalled()
  })
})

describe('hostile output', () => {
  test('R-47 R-48 frames are found between noise of any kind, torn and foreign ones are counted', async () => {
    const { events, error } = await collect(runnerOf('noise'))
    expect(error).toBeNull()
    expect(logs(events).slice(0, -1)).toEqual([
      'after a BOM, with CRLF',
      'inside a line',
      'behind a torn one',
      'byte by byte: ü €',
      'one of two',
      'two of two',
    ])
    expect(logs(events).at(-1)).toMatch(/bytes that are no frame, 2 torn frame\(s\), 1 frame\(s\) with a foreign mark/)
    expect(types(events)).not.toContain('check.finished')
  })

  test('R-48 what was whole before the death is kept, the torn rest is told', async () => {
    const { events, error } = await collect(runnerOf('torn'))
    expect(events.filter((event) => event.type === 'check.finished')).toHaveLength(1)
    expect(logs(events).at(-1)).toContain('1 torn frame')
    expect(error).toMatchObject({ code: 'runner_died' })
  })

  test('R-53 frames after done are ignored and counted', async () => {
    const { events, error } = await collect(runnerOf('afterDone'))
    expect(error).toBeNull()
    expect(types(events)).toEqual(['log', 'done'])
    expect(logs(events)[0]).toContain('1 frame(s) after the last one')
  })

  test.each(['badShape', 'foreignControl', 'replay', 'bigFrame'])('%s breaks the protocol', async (mode) => {
    const { events, error } = await collect(runnerOf(mode))
    expect(error).toBeInstanceOf(RunnerError)
    expect(error).toMatchObject({ code: 'runner_output' })
    expect(types(events)).not.toContain('check.finished')
  })

  test('R-45 100 MB without a line feed are cut off at the limit and the whole tree ended', async () => {
    const { events, error } = await collect(runnerOf('flood'))
    expect(error).toMatchObject({ code: 'runner_output', message: expect.stringContaining('a line of more than') })
    await expectGone(events, 1)
  })

  test('R-45 endless short lines meet the total limit', async () => {
    const { error } = await collect(runnerOf('manyLines'))
    expect(error).toMatchObject({ code: 'runner_output', message: expect.stringContaining('more than 67108864 bytes') })
  })

  test('evidence may be longer than a line, up to its own limit', async () => {
    const { events } = await collect(runnerOf('bigEvidence'))
    expect(types(events)).toEqual(['evidence', 'done'])
    const limited = await collect(runnerOf('bigEvidence', { outputLimits: { evidenceBytes: 1024 * 1024 } }))
    expect(limited.error).toMatchObject({ code: 'runner_output' })
    const unasked = await collect(runnerOf('bigEvidence'), { job: job({ keepEvidence: false }) })
    expect(unasked.error).toMatchObject({ code: 'runner_output' })
  })

  test('R-46 100 MB on stderr: the last 64 KiB are kept', async () => {
    const { error } = await collect(runnerOf('stderrFlood'))
    expect(error).toMatchObject({ code: 'runner_died', message: expect.stringMatching(/the last line$/) })
    expect((error as { cause: Error }).cause.message.length).toBeLessThanOrEqual(130 * 1024)
  })

  test('S-44 S-67 tokens and escapes are taken out of logs, verdicts and last words', async () => {
    const { events, error } = await collect(runnerOf('leaks'))
    const all = JSON.stringify(events) + String(error) + String((error as Error).cause)
    expect(all).not.toMatch(/synthetic-token|abcdefghijkl|\\u001b/)
    expect(all).not.toContain(String.fromCharCode(0x1b))
    expect(all).toContain('I saw [redacted]')
  })

  test('S-44 a token that came in two pieces is found too', async () => {
    const { error } = await collect(runnerOf('splitLeak'))
    expect((error as Error).message).toContain('[redacted]')
    expect((error as Error).message).not.toMatch(/eyJ0|synthetic/)
  })

  test('a slow consumer makes the engine wait, not the memory grow; nothing is lost', async () => {
    const runner = runnerOf('burst', { inactivityMs: 300 })
    let count = 0
    for await (const event of runner.run({ job: job(), host, signal: new AbortController().signal })) {
      if (event.type === 'log') count++
      // Longer than the inactivity limit: silence is not the engine's while nobody reads.
      if (count === 10) await new Promise((resolve) => setTimeout(resolve, 700))
    }
    expect(count).toBe(20_000)
  })
})

describe('an engine that dies', () => {
  test.each([
    ['R-49 exit 0 without the last word', 'exitZero', /exit code 0 without saying that it was done/],
    ['R-50 exit 1', 'exitOne', /exit code 1.*A frightful thing happened/],
    ['R-50 SIGKILL', 'kill', /SIGKILL/],
    ['R-50 a crash', 'segv', /crashed \(SIGSEGV\)/],
  ])('%s', async (_, mode, words) => {
    if (process.platform === 'win32' && (mode === 'kill' || mode === 'segv')) return
    const { error } = await collect(runnerOf(mode))
    expect(error).toMatchObject({ code: 'runner_died', message: expect.stringMatching(words) })
  })

  test('R-52 silence is noticed, heartbeats are not silence', async () => {
    const silent = await collect(runnerOf('silent', { inactivityMs: 300 }))
    expect(silent.error).toMatchObject({ code: 'runner_hung', retryable: true })
    const heart = await collect(runnerOf('heart', { inactivityMs: 2000 }))
    expect(heart.events.at(-1)?.type).toBe('done')
  })

  test('R-43 the time limit holds while a grandchild keeps the output open', async () => {
    const { events, error } = await collect(runnerOf('beat'), { job: job({ timeoutMs: 500 }) })
    expect(error).toBeNull()
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'timed_out' })
    await expectGone(events, 1)
  })

  test('R-40 a grandchild that holds stdout does not keep a dead engine alive', async () => {
    const { events, error } = await collect(runnerOf('holder'))
    expect(error).toMatchObject({ code: 'runner_died' })
    expect(types(events)).toContain('check.finished')
    await expectGone(events, 1)
  })
})

describe.skipIf(process.platform === 'win32')('the end of the tree', () => {
  test.skipIf(!onLinux)(
    'R-42 descendants that left the process group, also with an empty environment, are found',
    async () => {
      const { events, error } = await collect(runnerOf('session'))
      expect(error).toBeNull()
      await expectGone(events, 2)
    },
  )

  test('an abort asks the engine first and hands its last events over', async () => {
    const abort = new AbortController()
    const { events, error } = await collect(runnerOf('slowCancel'), {
      signal: abort.signal,
      onEvent: () => abort.abort(),
    })
    expect(error).toBeNull()
    expect(types(events)).toEqual(['log', 'check.finished', 'done'])
    expect(events.at(-1)).toMatchObject({ outcome: 'cancelled' })
    await expectGone(events, 1)
  })

  test('R-41 who ignores cancel, the end of input and SIGTERM is killed; the reason is thrown', async () => {
    const abort = new AbortController()
    const reason = new Error('the user said stop')
    const { events, error } = await collect(runnerOf('stubborn'), {
      signal: abort.signal,
      onEvent: (event) =>
        event.type === 'log' && toldPids([event]).length > 0 && setTimeout(() => abort.abort(reason), 200),
    })
    expect(error).toBe(reason)
    await expectGone(events, 2)
  })

  test('an abort before the start starts nothing', async () => {
    const reason = new Error('too late')
    const { events, error } = await collect(runnerOf('good'), { signal: AbortSignal.abort(reason) })
    expect(events).toEqual([])
    expect(error).toBe(reason)
  })

  test('leaving the loop ends everything', async () => {
    const events: RunnerEvent[] = []
    for await (const event of runnerOf('stubborn').run({ job: job(), host, signal: new AbortController().signal })) {
      events.push(event)
      if (toldPids(events).length === 2) break
    }
    await expectGone(events, 2)
  })

  test('return settles a next that is waiting', async () => {
    const iterator = runnerOf('silent')
      .run({ job: job(), host, signal: new AbortController().signal })
      [Symbol.asyncIterator]()
    expect((await iterator.next()).value).toMatchObject({ type: 'ready' })
    const pending = iterator.next()
    await iterator.return?.()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  test('close ends every run and later runs are refused', async () => {
    const runner = runnerOf('stubborn')
    const events: RunnerEvent[] = []
    const { error } = await collect(runner, {
      onEvent: (event) => {
        events.push(event)
        if (toldPids(events).length === 2) void runner.close()
      },
    })
    expect(error).toMatchObject({ code: 'closed' })
    await runner.close()
    await expectGone(events, 2)
    expect(() => runner.run({ job: job(), host, signal: new AbortController().signal })).toThrow('closed')
  })
})
