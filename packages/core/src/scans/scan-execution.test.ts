import { afterEach, describe, expect, it } from 'vitest'
import { attached, guid, latch, shared, started, untilAborted } from '../../test/fixture.ts'
import { acceptingSignIn, checked, done, type Script } from '../../test/scripted-runner.ts'
import { RunnerError, SignInError } from '../errors/errors.ts'
import { memoryStorage } from '../storage/memory/memory-storage.ts'
import type { Tenantscope, TenantscopeOptions } from '../tenantscope.ts'

const open: Tenantscope[] = []
afterEach(async () => {
  for (const tenantscope of open.splice(0)) await tenantscope.close()
})

async function scanning(script: Script, options: Partial<TenantscopeOptions> = {}) {
  const fixture = await started(script, options)
  open.push(fixture.tenantscope)
  const scan = await fixture.scope.scans.start({ m365TenantId: fixture.tenant.id })
  return { ...fixture, scan }
}

describe('a run that goes well', () => {
  it('stores every result and completes', async () => {
    const { scope, scan } = await scanning(async function* ({ job }) {
      for (const id of job.controlIds) yield checked(id, id === '1.2.1' ? 'fail' : 'pass')
      yield done()
    })
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({
      status: 'completed',
      attempt: 1,
      counts: { pass: 3, fail: 1, not_run: 0 },
      failureReason: null,
    })
    const page = await scope.results.list(scan.id)
    expect(page.data.map((r) => [r.controlId, r.status])).toEqual([
      ['1.1.1', 'pass'],
      ['1.2.1', 'fail'],
      ['5.1.2.2', 'pass'],
      ['9.1.1', 'pass'],
    ])
    expect(await scope.results.score(scan.id)).toMatchObject({
      pass: 3,
      fail: 1,
      judged: 4,
      planned: 4,
      score: 0.75,
      coverage: 1,
    })
  })

  it('says not_run for what the engine did not judge, and never pass (R-18)', async () => {
    const { scope, scan } = await scanning(async function* () {
      yield checked('1.1.1')
      yield done()
    })
    await scope.scans.finished(scan.id)
    const { data } = await scope.results.list(scan.id, { status: 'not_run' })
    expect(data.map((r) => [r.controlId, r.reasonCode])).toEqual([
      ['1.2.1', 'not_judged'],
      ['5.1.2.2', 'not_judged'],
      ['9.1.1', 'not_judged'],
    ])
  })

  it('drops a result for a control that was not planned', async () => {
    const { scope, scan } = await scanning(async function* () {
      yield checked('6.6.6')
      yield done()
    })
    const ended = await scope.scans.finished(scan.id)
    expect(ended.counts.pass).toBe(0)
  })

  it('makes text storable and drops keys that reach a prototype', async () => {
    const { scope, scan } = await scanning(async function* () {
      const actual = JSON.parse('{"__proto__":{"polluted":1},"name":"a\\u0000b\\ud800"}')
      const finding = { resourceId: 'x', resourceName: 'n\u0000', property: 'p', expected: 1, actual, compliant: false }
      yield { ...checked('1.1.1', 'fail'), findings: [finding], findingsTotal: 1 }
      yield done()
    })
    await scope.scans.finished(scan.id)
    const { findings } = await scope.results.get(scan.id, '1.1.1')
    expect(findings[0]).toMatchObject({ resourceName: 'n\uFFFD', actual: { name: 'a\uFFFDb\uFFFD' } })
    expect(Object.keys(findings[0]?.actual as object)).toEqual(['name'])
  })
})

describe('a run that goes wrong', () => {
  it('ends sign_in_failed with the code in words when Entra ID refuses the credential', async () => {
    const signIn = {
      ...acceptingSignIn,
      acquire: async () => {
        throw new SignInError({
          message: 'AADSTS7000215: the client secret is wrong.',
          aadstsCode: 'AADSTS7000215',
          reach: 'credential',
        })
      },
    }
    const { scope, scan } = await scanning(
      async function* ({ host, signal }) {
        await host.token({ service: 'graph', scope: 's/.default', refresh: false, signal }).catch(() => {})
        await untilAborted(signal)
        yield done('cancelled')
      },
      { signIn },
    )
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({ status: 'failed', failureReason: 'sign_in_failed', counts: { not_run: 4 } })
    expect(ended.errorMessage).toContain('AADSTS7000215')
  })

  it('ends sign_in_failed also when the runner answers the stop with an error', async () => {
    const signIn = {
      ...acceptingSignIn,
      acquire: async () => {
        throw new SignInError({
          message: 'AADSTS700016: no such app.',
          aadstsCode: 'AADSTS700016',
          reach: 'credential',
        })
      },
    }
    const { scope, scan } = await scanning(
      async function* ({ host, signal }) {
        await host.token({ service: 'graph', scope: 's/.default', refresh: false, signal }).catch(() => {})
        yield* []
        throw signal.reason
      },
      { signIn },
    )
    expect(await scope.scans.finished(scan.id)).toMatchObject({
      failureReason: 'sign_in_failed',
      errorMessage: 'AADSTS700016: no such app.',
    })
  })

  it.each([
    ['dies', () => new RunnerError('runner_died', 'The engine died.')],
    ['throws what is no error of ours', () => new TypeError('boom')],
  ])('keeps results when the runner %s, and the rest is not_run', async (_, error) => {
    const { scope, scan } = await scanning(async function* () {
      yield checked('1.1.1')
      yield checked('1.2.1', 'fail')
      throw error()
    })
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({
      status: 'failed',
      failureReason: 'runner_error',
      counts: { pass: 1, fail: 1, not_run: 2 },
    })
    expect(ended.errorMessage).not.toContain('boom')
  })

  it.each([
    ['is not the protocol', { type: 'check.finished', controlId: '1.1.1', status: 'great' }],
    ['ends without done', null],
  ])('fails when the output %s', async (_, event) => {
    const { scope, scan, runner } = await scanning(async function* () {
      if (event) yield event
    })
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({ status: 'failed', failureReason: 'runner_error', counts: { not_run: 4 } })
    expect(runner.open).toBe(0)
  })

  it('ends timed_out at the limit and closes the run', async () => {
    const { scope, scan, runner } = await scanning(
      async function* ({ signal }) {
        yield checked('1.1.1')
        await untilAborted(signal)
        yield done('cancelled')
      },
      { scanTimeoutMs: 50 },
    )
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({ status: 'failed', failureReason: 'timed_out', counts: { pass: 1, not_run: 3 } })
    expect(runner.open).toBe(0)
  })
})

describe('cancel', () => {
  it('stops a running scan at once in this process and keeps what was found (R-60)', async () => {
    const reached = latch()
    const { scope, scan, runner } = await scanning(async function* ({ signal }) {
      yield checked('1.1.1')
      reached.open()
      await untilAborted(signal)
      yield done('cancelled')
    })
    await reached.promise
    await scope.scans.cancel(scan.id)
    const ended = await scope.scans.finished(scan.id)
    expect(ended).toMatchObject({ status: 'cancelled', failureReason: null, counts: { pass: 1, not_run: 3 } })
    expect(runner.open).toBe(0)
    expect(await scope.scans.cancel(scan.id)).toEqual(ended)
  })

  it('reaches the owner in another process before its next heartbeat (R-60)', async () => {
    const storage = shared(memoryStorage())
    const reached = latch()
    const { scan, runner } = await scanning(
      async function* ({ signal }) {
        reached.open()
        await untilAborted(signal)
        yield done('cancelled')
      },
      { storage, worker: { heartbeatMs: 60_000, leaseMs: 180_000 } },
    )
    await reached.promise
    const other = await attached(async function* () {}, { storage, worker: false })
    open.push(other.tenantscope)
    await other.scope.scans.cancel(scan.id)
    expect(await other.scope.scans.finished(scan.id)).toMatchObject({ status: 'cancelled' })
    expect(runner.open).toBe(0)
  })

  it('never starts a pending scan that was cancelled (R-60)', async () => {
    const hold = latch()
    const { scope, scan, runner } = await scanning(async function* () {
      await hold.promise
      yield done()
    })
    const second = await scope.scans.start({ m365TenantId: guid })
    expect(await scope.scans.cancel(second.id)).toMatchObject({ status: 'cancelled', attempt: 0 })
    hold.open()
    await scope.scans.finished(scan.id)
    expect(runner.jobs.map((job) => job.scanId)).toEqual([scan.id])
  })
})

describe('leases and attempts', () => {
  it('never runs two scans of one M365 tenant at once', async () => {
    let most = 0
    const { scope, runner, tenant } = await scanning(
      async function* () {
        most = Math.max(most, runner.open)
        await new Promise((resolve) => setTimeout(resolve, 30))
        yield done()
      },
      { worker: { concurrency: 4 } },
    )
    const scans = await Promise.all([1, 2, 3].map(() => scope.scans.start({ m365TenantId: tenant.id })))
    for (const scan of scans) await scope.scans.finished(scan.id)
    expect(most).toBe(1)
  })

  it('resumes after a lost worker: attempt 2 judges only what attempt 1 left, and attempt 1 writes nothing any more (R-13, R-14)', async () => {
    let elapsed = 0
    const storage = shared(memoryStorage({ monotonicMs: () => performance.now() + elapsed }))
    const stuck = latch()
    const wakeUp = latch()
    const { scope, scan } = await scanning(
      async function* () {
        yield checked('1.1.1')
        stuck.open()
        await wakeUp.promise
        // A worker that was stopped and goes on later knows nothing of what happened meanwhile.
        yield checked('1.2.1', 'fail')
        yield done()
      },
      { storage, worker: { heartbeatMs: 60_000, sweepMs: 60_000 } },
    )
    await stuck.promise
    await expect.poll(async () => (await scope.scans.get(scan.id)).counts.pass).toBe(1)
    elapsed = 31_000
    const second = await attached(
      async function* ({ job }) {
        for (const id of job.controlIds) yield checked(id)
        yield done()
      },
      { storage },
    )
    open.push(second.tenantscope)
    const ended = await second.scope.scans.finished(scan.id)
    expect(ended).toMatchObject({ status: 'completed', attempt: 2, counts: { pass: 4 } })
    expect(second.runner.jobs[0]?.controlIds).toEqual(['1.2.1', '5.1.2.2', '9.1.1'])
    wakeUp.open()
    await open[0]?.close()
    expect(await second.scope.scans.get(scan.id)).toEqual(ended)
    expect((await second.scope.results.list(scan.id)).data.map((r) => [r.controlId, r.attempt, r.status])).toEqual([
      ['1.1.1', 1, 'pass'],
      ['1.2.1', 2, 'pass'],
      ['5.1.2.2', 2, 'pass'],
      ['9.1.1', 2, 'pass'],
    ])
  })

  it('gives a scan up after maxAttempts lost workers (R-15)', async () => {
    let elapsed = 0
    const storage = memoryStorage({ monotonicMs: () => elapsed })
    const { scope } = await scanning(async function* () {}, { storage, worker: false })
    const { id } = (await scope.scans.list()).data[0] ?? { id: '' }
    for (const attempt of [1, 2, 3]) {
      expect(await storage.work.claim({ scanId: id, workerId: 'w', leaseMs: 30_000, at: new Date() })).toMatchObject({
        attempt,
      })
      elapsed += 30_001
      await storage.work.sweep({ maxAttempts: 3, at: new Date() })
    }
    expect(await scope.scans.get(id)).toMatchObject({
      status: 'failed',
      failureReason: 'poison',
      counts: { not_run: 4 },
    })
  })

  it('gives a scan back when the worker closes, and the next process finishes it (R-61)', async () => {
    const storage = shared(memoryStorage())
    const reached = latch()
    const { tenantscope, scan } = await scanning(
      async function* ({ signal }) {
        yield checked('1.1.1')
        reached.open()
        await untilAborted(signal)
        yield done('cancelled')
      },
      { storage },
    )
    await reached.promise
    await tenantscope.close()
    expect(await storage.scans.get({ platformTenantId: 'msp-1', scanId: scan.id })).toMatchObject({
      status: 'pending',
      attempt: 1,
    })
    const next = await attached(
      async function* ({ job }) {
        for (const id of job.controlIds) yield checked(id)
        yield done()
      },
      { storage },
    )
    open.push(next.tenantscope)
    expect(await next.scope.scans.finished(scan.id)).toMatchObject({
      status: 'completed',
      attempt: 2,
      counts: { pass: 4 },
    })
  })
})

describe('events', () => {
  const judging: Script = async function* ({ job }) {
    for (const id of job.controlIds) {
      yield checked(id)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    yield done()
  }

  it('replays and follows without a gap or a duplicate, from any sequence', async () => {
    const { scope, scan } = await scanning(judging)
    const live: number[] = []
    for await (const event of scope.scans.events(scan.id)) live.push(event.sequence)
    const { lastSequence } = await scope.scans.get(scan.id)
    expect(live).toEqual(Array.from({ length: lastSequence }, (_, i) => i + 1))
    for (const after of [0, 1, 3, lastSequence - 1, lastSequence]) {
      const rest: number[] = []
      for await (const event of scope.scans.events(scan.id, { after })) rest.push(event.sequence)
      expect(rest).toEqual(live.slice(after))
    }
  })

  it('begins with pending, ends with the terminal event, and the last progress says 100', async () => {
    const { scope, scan } = await scanning(judging)
    const events = await Array.fromAsync(scope.scans.events(scan.id))
    expect(events.map((e) => e.type).filter((t) => t !== 'scan.progress')).toEqual([
      'scan.pending',
      'scan.running',
      ...Array(4).fill('check.finished'),
      'scan.completed',
    ])
    expect(events.findLast((e) => e.type === 'scan.progress')?.data).toMatchObject({
      progressPercentage: 100,
      counts: { pass: 4 },
    })
  })

  it('ends when the signal aborts, and when the library closes', async () => {
    const { scope, scan, tenantscope } = await scanning(async function* ({ signal }) {
      await untilAborted(signal)
      yield done('cancelled')
    })
    const controller = new AbortController()
    const aborted = Array.fromAsync(scope.scans.events(scan.id, { signal: controller.signal }))
    const closed = Array.fromAsync(scope.scans.events(scan.id))
    await expect.poll(async () => (await scope.scans.get(scan.id)).status).toBe('running')
    controller.abort()
    expect((await aborted).map((e) => e.type)).toEqual(['scan.pending', 'scan.running'])
    await tenantscope.close()
    expect((await closed).length).toBeGreaterThanOrEqual(2)
  })
})
