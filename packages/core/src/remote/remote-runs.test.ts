import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { shared } from '../../test/fixture.ts'
import { attachedRemotely, controls, post, remotely, wholeRun } from '../../test/remote-fixture.ts'
import { checked, done } from '../../test/scripted-runner.ts'
import { SignInError, TenantscopeError } from '../errors/errors.ts'
import { envelopeSecretStore } from '../secrets/envelope.ts'
import { staticKeys } from '../secrets/key-provider.ts'
import { memoryStorage } from '../storage/memory/memory-storage.ts'
import { openTokenAnswer } from './token-seal.ts'

const kindsOf = (answers: { kind: string }[]) => answers.map(({ kind }) => kind)
const scope = 'https://graph.microsoft.com/.default'

describe('messages of a remote run', () => {
  it('S-32, R-17: make the same scan whatever comes twice, late, in another order or cut in another way', async () => {
    for (let round = 0; round < 25; round += 1) {
      const random = seeded(round)
      const { tenantscope, scope: platform, begin } = await remotely()
      const { scan, document } = await begin()
      const cuts = [...cut(wholeRun, random), ...cut(wholeRun, random)]
      for (let i = cuts.length - 1; i > 0; i -= 1) {
        const j = Math.floor(random() * (i + 1))
        ;[cuts[i], cuts[j]] = [cuts[j] as (typeof cuts)[0], cuts[i] as (typeof cuts)[0]]
      }
      for (const message of cuts) {
        const answer = await post(tenantscope, document, message.sequence, message.events, message.more)
        expect(['stored', 'known', 'ended', 'unknown key']).toContain(answer.kind)
      }
      const ended = await platform.scans.finished(scan.id)
      expect([ended.status, ended.counts.pass]).toEqual(['completed', controls.length])
      const log: string[] = []
      for await (const event of platform.scans.events(scan.id))
        if (event.type === 'check.finished') log.push(String(event.data.controlId))
      expect(log, `round ${round}`).toEqual(controls)
      await tenantscope.close()
    }
  })

  it('R-19: what the receiver cannot take now is told to be sent again, and nothing is lost', async () => {
    const {
      tenantscope,
      scope: platform,
      begin,
    } = await remotely({}, { remoteRuns: { waitingBytes: 1, messageBurst: 10_000 } })
    const { scan, document } = await begin()
    // What is ahead of a gap has to wait in the inbox, which has no room for it; what fills the gap always has.
    const ahead = () => post(tenantscope, document, 2, wholeRun.slice(2))
    expect(await ahead()).toEqual({ kind: 'busy', retryAfterMs: expect.any(Number) })
    expect((await post(tenantscope, document, 0, wholeRun.slice(0, 2))).kind).toBe('stored')
    while ((await ahead()).kind === 'busy') await new Promise((resolve) => setTimeout(resolve, 5))
    const ended = await platform.scans.finished(scan.id)
    expect([ended.status, ended.counts.pass]).toEqual(['completed', controls.length])
    await tenantscope.close()
  })

  it('R-19: a spool that could not be sent is taken in by the host, once', async () => {
    const { tenantscope, scope: platform, begin } = await remotely()
    const { scan, document } = await begin()
    expect((await post(tenantscope, document, 0, wholeRun.slice(0, 2))).kind).toBe('stored')
    const given = { platformTenantId: 'msp-1', scanId: scan.id, attempt: 1 }
    const head = JSON.stringify({ format: 'tenantscope-spool/1', scan_id: scan.id, attempt: 1 })
    const lines = wholeRun.map((event, n) => JSON.stringify({ n, event }))
    const reconcile = (spool: string[], more = {}) => tenantscope.remoteRuns.reconcile({ ...given, ...more, spool })
    await expect(reconcile([`${head}\n`], { platformTenantId: 'msp-2' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(reconcile(['{"format":"other"}\n'])).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(reconcile([`${head.replace('1}', '2}')}\n`])).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(reconcile([`${head}\n${JSON.stringify({ n: 0, event: checked('7.7.7') })}\n`])).rejects.toMatchObject({
      code: 'invalid_input',
    })
    // As chunks of a file, and with a line at its end that a crash tore.
    const text = `${head}\n${lines.join('\n')}\n{"n":5,"ev`
    expect(await reconcile([text.slice(0, 100), text.slice(100)])).toEqual({ events: 5 })
    const ended = await platform.scans.finished(scan.id)
    expect([ended.status, ended.counts.pass]).toEqual(['completed', controls.length])
    await expect(reconcile([text])).rejects.toMatchObject({ code: 'conflict' })
    await tenantscope.close()
  })

  it('S-35: about another scan, another attempt or an unknown control are refused and counted', async () => {
    const { tenantscope, scope: platform, begin } = await remotely()
    const { scan, document } = await begin()
    const bad: [unknown[], object][] = [
      [[checked('1.1.1')], { scan_id: 'another' }],
      [[checked('1.1.1')], { attempt: 2 }],
      [[checked('7.7.7')], {}],
      [[{ ...checked('1.1.1'), status: 'excellent' }], {}],
      [[checked('1.1.1')], { fragment: { offset: 0, last: true, data: 'AAAA' } }],
      [[checked('1.1.1')], { platform_tenant_id: 'msp-2' }],
    ]
    for (const [events, more] of bad) {
      const answer = await post(tenantscope, document, 0, events, more)
      expect(answer.kind, JSON.stringify(more)).toBe('rejected')
    }
    const key = { platformTenantId: 'msp-1', scanId: scan.id }
    expect(await tenantscope.remoteRuns.status(key)).toMatchObject({ attempt: 1, accepted: 0, rejected: bad.length })
    expect(await tenantscope.remoteRuns.status({ ...key, platformTenantId: 'msp-2' })).toBeNull()
    expect((await platform.scans.get(scan.id)).counts.pass).toBe(0)
    await tenantscope.close()
  })

  it('S-60, S-61: that would break or change who takes them in are refused, or cost nothing but themselves', async () => {
    const { tenantscope, scope: platform, begin, storage } = await remotely()
    const { scan, document } = await begin()
    let deep: unknown = 1
    for (let i = 0; i < 20_000; i += 1) deep = [deep]
    const evidence = { type: 'evidence', sourceId: 'graph/a', state: 'read', error: null }
    expect((await post(tenantscope, document, 0, [{ ...evidence, data: deep }], { bytes: 1 })).kind).toBe('rejected')
    const odd = JSON.parse(
      '{"__proto__":{"polluted":1},"text":"\\u0000 \\ud800","constructor":{"prototype":{"polluted":2}}}',
    )
    expect((await post(tenantscope, document, 0, [{ ...evidence, data: odd }, ...wholeRun])).kind).toBe('stored')
    const ended = await platform.scans.finished(scan.id)
    expect([ended.status, ended.counts.pass]).toEqual(['completed', controls.length])
    const key = { platformTenantId: 'msp-1', scanId: scan.id }
    const [stored] = await storage.evidence.list(key)
    expect(stored?.data).toEqual({ text: '\ufffd \ufffd' })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    await tenantscope.close()
  })

  it('S-67: make one plain record each in the log, and not without end', async () => {
    const logged: string[] = []
    const note = (message: string) => void logged.push(message)
    const logger = { debug: note, info: note, warn: note, error: note }
    const { tenantscope, scope: platform, begin } = await remotely({}, { logger })
    const { scan, document } = await begin()
    const log = (message: string) => ({ type: 'log', level: 'warn', message })
    const flood = Array.from({ length: 9_000 }, (_, i) => log(`n${i}`))
    const forged = log('a\r\n2026-01-01 ERROR forged \u001b[31mred\u0085\u2028x')
    const lastWord = { ...done('failed'), error: { code: 'x', message: `no\n${'y'.repeat(100_000)}` } }
    expect((await post(tenantscope, document, 0, [forged, ...flood, lastWord])).kind).toBe('stored')
    const { errorMessage } = await platform.scans.finished(scan.id)
    expect([errorMessage?.slice(0, 5), errorMessage?.length]).toEqual(['no yy', 2_000])
    expect(logged[0]).toBe('a 2026-01-01 ERROR forged red x')
    expect(logged.length).toBeLessThanOrEqual(2_000)
    await tenantscope.close()
  })

  it('S-35: an unknown control inside a piece of an event ends the run as not the protocol', async () => {
    const { tenantscope, scope: platform, begin } = await remotely()
    const { scan, document } = await begin()
    const data = Buffer.from(JSON.stringify(checked('7.7.7'))).toString('base64')
    expect((await post(tenantscope, document, 0, [], { fragment: { offset: 0, last: true, data } })).kind).toBe(
      'stored',
    )
    const ended = await platform.scans.finished(scan.id)
    expect([ended.status, ended.failureReason, ended.counts.pass]).toEqual(['failed', 'runner_error', 0])
    await tenantscope.close()
  })

  it('S-36: too many of one scan are told to wait; another scan is not held up', async () => {
    const storage = memoryStorage()
    const limits = { remoteRuns: { messagesPerSecond: 0.001, messageBurst: 3 } }
    const first = await remotely({}, { ...limits, storage: shared(storage) })
    const { scan, document } = await first.begin()
    const send = () => post(first.tenantscope, document, 0, [])
    const answers = []
    for (let i = 0; i < 50; i += 1) answers.push(await send())
    expect(kindsOf(answers.slice(0, 3))).toEqual(['stored', 'stored', 'stored'])
    expect(new Set(kindsOf(answers.slice(3)))).toEqual(new Set(['busy']))
    expect(first.tenantscope.remoteRuns.busy(scan.id)).toBeGreaterThan(0)
    const other = await first.scope.m365Tenants.register({
      m365TenantId: '22222222-2222-4333-8444-555555555555',
      name: 'Fabrikam',
      defaultDomain: 'fabrikam.onmicrosoft.com',
      credential: { kind: 'client_secret', clientId: 'b0a0a0a0-1111-4222-8333-444444444444', clientSecret: 'secret' },
    })
    const second = await first.scope.scans.start({ m365TenantId: other.id })
    const { document: theirs } = await first.launched()
    expect(first.tenantscope.remoteRuns.busy(second.id)).toBeNull()
    expect((await post(first.tenantscope, theirs, 0, wholeRun)).kind).toBe('stored')
    expect((await first.scope.scans.finished(second.id)).status).toBe('completed')
    await first.tenantscope.close()
  })
})

describe('the key of a remote run', () => {
  it('S-30: is good for its own attempt, while it runs; a run that has ended is told so for a while', async () => {
    let at = Date.now()
    const clock = { now: () => new Date(at) }
    const { tenantscope, scope: platform, begin, storage } = await remotely({}, { clock })
    const { scan, document } = await begin()
    const stored = JSON.stringify(await storage.remoteRuns.find({ scanId: scan.id }))
    expect(stored).not.toContain(document.key.slice(6, 30))
    const run = await tenantscope.remoteRuns.keyFor(scan.id)
    expect(`${inspect(run, { depth: 9 })}${JSON.stringify(run)}`).not.toContain(document.key)
    expect(await tenantscope.remoteRuns.keyFor('0b0b0b0b-0000-4000-8000-000000000000')).toBeNull()
    expect((await post(tenantscope, document, 0, wholeRun, { id: 'all' })).kind).toBe('stored')
    await platform.scans.finished(scan.id)
    // Its last message again: the answer was lost on the way. Anything else: stop.
    expect((await post(tenantscope, document, 0, wholeRun, { id: 'all' })).kind).toBe('known')
    expect((await post(tenantscope, document, 5, [done()])).kind).toBe('ended')
    at += 61_000
    expect((await post(tenantscope, document, 0, wholeRun, { id: 'all' })).kind).toBe('unknown key')
    expect((await platform.scans.get(scan.id)).counts.pass).toBe(controls.length)
    await tenantscope.close()
  })

  it('that cannot be opened now is not told to be wrong; one that never can is', async () => {
    let fault: Error | null = null
    const store = envelopeSecretStore({ keys: staticKeys([{ id: 'k', version: 1, key: randomBytes(32) }]) })
    const open: typeof store.open = (params) => (fault ? Promise.reject(fault) : store.open(params))
    const { tenantscope, begin } = await remotely({}, { secrets: { ...store, open } })
    const { scan, document } = await begin()
    fault = new Error('a service is away')
    await expect(post(tenantscope, document, 0, wholeRun)).rejects.toMatchObject({ retryable: true })
    fault = new TenantscopeError('secret_unreadable', 'changed')
    expect(await tenantscope.remoteRuns.keyFor(scan.id)).toBeNull()
    fault = null
    expect((await post(tenantscope, document, 0, wholeRun)).kind).toBe('stored')
    await tenantscope.close()
  })

  it('S-30: of attempt 1 is refused in attempt 2, and nothing is counted twice', async () => {
    const storage = memoryStorage()
    const first = await remotely({}, { storage: shared(storage) })
    const { scan, document: old, signal } = await first.begin()
    expect((await post(first.tenantscope, old, 0, [checked('1.1.1')])).kind).toBe('stored')
    while ((await first.scope.scans.get(scan.id)).counts.pass === 0) await new Promise((r) => setTimeout(r, 5))
    // Its worker shuts down: the attempt is given back, the launcher told, the key dead at once for all but a goodbye.
    await first.tenantscope.close()
    expect(signal.aborted).toBe(true)
    const second = await attachedRemotely({}, { storage })
    const { document } = await second.launched()
    expect([document.job.attempt, document.job.controlIds]).toEqual([2, controls.slice(1)])
    expect(document.key).not.toBe(old.key)
    expect((await post(second.tenantscope, old, 1, [checked('1.2.1', 'fail')])).kind).toBe('unknown key')
    expect((await post(second.tenantscope, document, 0, wholeRun.slice(1))).kind).toBe('stored')
    const ended = await second.scope.scans.finished(scan.id)
    expect([ended.status, ended.attempt, ended.counts.pass, ended.counts.fail]).toEqual(['completed', 2, 4, 0])
    await second.tenantscope.close()
  })
})

describe('a worker that is lost', () => {
  it('R-11, R-14, S-30: has its attempt taken over; its remote process and itself are refused', async () => {
    let monotonic = 0
    const storage = memoryStorage({ monotonicMs: () => monotonic })
    const worker = { sweepMs: 20, leaseMs: 10_000, heartbeatMs: 5_000 }
    const first = await remotely({}, { storage: shared(storage), worker: { ...worker, sweepMs: 3_600_000 } })
    const { scan, document: old, signal } = await first.begin()
    expect((await post(first.tenantscope, old, 0, [checked('1.1.1')])).kind).toBe('stored')
    while ((await first.scope.scans.get(scan.id)).counts.pass === 0) await new Promise((r) => setTimeout(r, 5))
    const second = await attachedRemotely({}, { storage: shared(storage), worker })
    monotonic += 60_000
    const { document } = await second.launched()
    expect(document.job.attempt).toBe(2)
    // The first worker does not know yet; whoever receives for it does.
    expect((await post(first.tenantscope, old, 1, [checked('1.2.1', 'fail')])).kind).toBe('unknown key')
    expect((await post(first.tenantscope, document, 0, wholeRun.slice(1))).kind).toBe('stored')
    const ended = await second.scope.scans.finished(scan.id)
    expect([ended.status, ended.attempt, ended.counts.pass, ended.counts.fail]).toEqual(['completed', 2, 4, 0])
    await first.tenantscope.close()
    expect(signal.aborted).toBe(true)
    expect(await second.scope.scans.get(scan.id)).toEqual(ended)
    await second.tenantscope.close()
  })
})

describe('a question for a token', () => {
  const ask = (changes: object = {}) => ({ attempt: 1, service: 'graph', scope, refresh: false, ...changes })

  it('is answered under the key and for this question only; the credential stays here', async () => {
    const asked: unknown[] = []
    const { tenantscope, begin } = await remotely(
      {},
      {
        signIn: {
          acquire: async ({ credential, scope: wanted }) => {
            asked.push([credential.secrets.client_secret, wanted])
            return { accessToken: 'the-token', expiresAt: new Date('2026-01-01T00:00:00Z') }
          },
          forget: () => {},
        },
      },
    )
    const { scan, document } = await begin()
    const run = await tenantscope.remoteRuns.keyFor(scan.id)
    if (!run) throw new Error('no key')
    const { signal } = new AbortController()
    const payload = { scan_id: scan.id, ...ask() }
    const reply = await tenantscope.remoteRuns.token({ run, id: 'q1', payload, signal })
    if (reply.kind !== 'answer') throw new Error(reply.kind)
    expect(JSON.stringify(reply)).not.toContain('the-token')
    const { key } = document
    expect(openTokenAnswer({ key, messageId: 'q1', sealed: reply.sealed })).toEqual({
      access_token: 'the-token',
      expires_at: '2026-01-01T00:00:00.000Z',
    })
    expect(() => openTokenAnswer({ key, messageId: 'q2', sealed: reply.sealed })).toThrow()
    const strange = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    expect(() => openTokenAnswer({ key: strange, messageId: 'q1', sealed: reply.sealed })).toThrow()
    expect(asked).toEqual([['a-secret-value', scope]])

    // Nothing but what a scan reads, and nothing of another scan.
    const wrong = [
      ask({ scope: 'https://management.azure.com/.default' }),
      ask({ scope: 'https://graph.microsoft.com.evil.example/.default' }),
      ask({ service: 'exchange' }),
      ask({ attempt: 2 }),
      { ...ask(), scan_id: 'another' },
      {},
    ]
    for (const question of wrong) {
      const given = { scan_id: scan.id, ...question }
      expect((await tenantscope.remoteRuns.token({ run, id: 'q', payload: given, signal })).kind).toBe('rejected')
    }
    expect(asked.length).toBe(1)
    expect(await tenantscope.remoteRuns.status({ platformTenantId: 'msp-1', scanId: scan.id })).toMatchObject({
      rejected: wrong.length,
    })
    await tenantscope.close()
  })

  it('is refused when the run is over, limited in number, and tells a refusal of Entra ID in its words', async () => {
    const refusal = {
      message: 'AADSTS7000215: wrong secret.',
      aadstsCode: 'AADSTS7000215',
      reach: 'credential' as const,
    }
    const {
      tenantscope,
      scope: platform,
      begin,
    } = await remotely(
      {},
      {
        remoteRuns: { tokensPerSecond: 0.001, tokenBurst: 3 },
        signIn: {
          acquire: ({ refresh }) => Promise.reject(refresh ? new Error('a secret word') : new SignInError(refusal)),
          forget: () => {},
        },
      },
    )
    const { scan, document } = await begin()
    const run = await tenantscope.remoteRuns.keyFor(scan.id)
    if (!run) throw new Error('no key')
    const { signal } = new AbortController()
    const token = (changes = {}) =>
      tenantscope.remoteRuns.token({ run, id: 'q', payload: { scan_id: scan.id, ...ask(changes) }, signal })
    const open = (reply: Awaited<ReturnType<typeof token>>) =>
      reply.kind === 'answer' ? openTokenAnswer({ key: document.key, messageId: 'q', sealed: reply.sealed }) : reply
    expect(open(await token())).toEqual({
      error: { code: 'sign_in_failed', message: refusal.message, aadsts_code: 'AADSTS7000215', reach: 'credential' },
    })
    expect(JSON.stringify(open(await token({ refresh: true })))).not.toContain('a secret word')
    const lastWord = { ...done('failed'), error: { code: 'sign_in_failed', message: refusal.message } }
    expect((await post(tenantscope, document, 0, [lastWord])).kind).toBe('stored')
    const ended = await platform.scans.finished(scan.id)
    expect([ended.status, ended.failureReason, ended.errorMessage]).toEqual([
      'failed',
      'sign_in_failed',
      refusal.message,
    ])
    expect((await token()).kind).toBe('ended')
    expect(await token()).toMatchObject({ kind: 'busy', retryAfterMs: expect.any(Number) })
    await tenantscope.close()
  })
})

function seeded(seed: number): () => number {
  let state = seed * 2654435761 + 1
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0
    return (state % 10_007) / 10_007
  }
}

/** The events as messages: some alone, some together, some in pieces of bytes. */
function cut(events: readonly unknown[], random: () => number) {
  const messages: { sequence: number; events: unknown[]; more: { fragment?: unknown } }[] = []
  for (let n = 0; n < events.length; ) {
    if (random() < 0.3) {
      const bytes = Buffer.from(JSON.stringify(events[n]))
      const size = 20 + Math.floor(random() * 100)
      for (let offset = 0; offset < bytes.length; offset += size) {
        const last = offset + size >= bytes.length
        const data = bytes.subarray(offset, offset + size).toString('base64')
        messages.push({ sequence: n, events: [], more: { fragment: { offset, last, data } } })
      }
      n += 1
    } else {
      const count = 1 + Math.floor(random() * 3)
      messages.push({ sequence: n, events: events.slice(n, n + count), more: {} })
      n += Math.min(count, events.length - n)
    }
  }
  return messages
}
