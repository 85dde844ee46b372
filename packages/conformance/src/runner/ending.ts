import assert from 'node:assert/strict'
import type { RunnerEvent } from '@tenantscope/core'
import type { RunnerScenario, RunnerSuiteContext } from './context.ts'
import { assertCode, doneOf, hostOf, type Ran, runToEnd, verdicts } from './running.ts'

/** Ended from outside: by the engine's own last word, or with the reason. */
function assertCancelled(ran: Ran, reason: unknown): void {
  if (ran.error === null) assert.equal(doneOf(ran).outcome, 'cancelled')
  else assert.equal(ran.error, reason)
}

const isVerdict = (event: RunnerEvent) => event.type === 'check.finished'

export function endingTests(context: RunnerSuiteContext): void {
  const { scenarios } = context.capabilities
  // Test runners take a describe without a test for a mistake.
  for (const scenario of ['endless', 'stubborn'] as const) {
    if (scenarios.includes(scenario)) fromOutside(context, scenario)
  }
  beforeTheBeginning(context)
  if (scenarios.includes('dies') || scenarios.includes('babbles')) fromInside(context)
}

function fromOutside({ test: { describe }, itWithRunner }: RunnerSuiteContext, scenario: RunnerScenario): void {
  describe(`a run that is ended from outside (${scenario})`, () => {
    itWithRunner('ends when its signal aborts, with nothing left', scenario, async ({ runner, job, nothingIsLeft }) => {
      const abort = new AbortController()
      const reason = new Error('cancelled by the suite')
      const ran = await runToEnd(runner, {
        job: await job(),
        signal: abort.signal,
        onEvent: (event) => isVerdict(event) && abort.abort(reason),
      })
      assertCancelled(ran, reason)
      assert.equal(verdicts(ran.events).length, 1)
      await nothingIsLeft()
    })

    itWithRunner('ends when it is left', scenario, async ({ runner, job, nothingIsLeft }) => {
      const { signal } = new AbortController()
      let seen = 0
      for await (const event of runner.run({ job: await job(), host: hostOf(), signal })) {
        seen += 1
        if (isVerdict(event)) break
      }
      assert.ok(seen > 0)
      await nothingIsLeft()
    })

    itWithRunner('ends when its consumer throws', scenario, async ({ runner, job, nothingIsLeft }) => {
      const fault = new Error('a fault of the consumer')
      const onEvent = () => Promise.reject(fault)
      assert.equal((await runToEnd(runner, { job: await job(), onEvent })).error, fault)
      await nothingIsLeft()
    })

    itWithRunner('ends when its time is over', scenario, async ({ runner, job, nothingIsLeft }) => {
      const ran = await runToEnd(runner, { job: await job({ timeoutMs: 2_000 }) })
      assert.equal(doneOf(ran).outcome, 'timed_out')
      assert.equal(verdicts(ran.events).length, 1)
      await nothingIsLeft()
    })

    itWithRunner('ends when the runner is closed, which may be said twice', scenario, async (made) => {
      const { runner, job, nothingIsLeft } = made
      const closed: Promise<void>[] = []
      const onEvent = (event: RunnerEvent) => {
        // Not awaited: the loop has to go on for the run to end.
        if (isVerdict(event)) closed.push(runner.close(), runner.close())
      }
      const ran = await runToEnd(runner, { job: await job(), onEvent })
      if (ran.error === null) assert.notEqual(doneOf(ran).outcome, 'completed')
      else assertCode(ran.error, 'closed')
      await Promise.all(closed)
      assert.equal(closed.length, 2)
      await nothingIsLeft()
    })
  })
}

function beforeTheBeginning({ test: { describe }, itWithRunner }: RunnerSuiteContext): void {
  describe('a run that ends before it has begun', () => {
    itWithRunner(
      'asks nothing when its signal was aborted before',
      'judges',
      async ({ runner, job, nothingIsLeft }) => {
        const reason = new Error('cancelled before')
        const refuse = () => Promise.reject(new Error('must not be asked'))
        let asked = 0
        const token = () => {
          asked += 1
          return refuse()
        }
        const signal = AbortSignal.abort(reason)
        const ran = await runToEnd(runner, { job: await job(), signal, host: hostOf({ token }) })
        assertCancelled(ran, reason)
        assert.deepEqual([asked, verdicts(ran.events).length], [0, 0])
        await nothingIsLeft()
      },
    )

    itWithRunner(
      'withdraws the question that is open when it ends',
      'judges',
      async ({ runner, job, nothingIsLeft }) => {
        const abort = new AbortController()
        const reason = new Error('cancelled by the suite')
        let withdrawn = 0
        const host = hostOf({
          token: ({ signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                withdrawn += 1
                reject(signal.reason)
              })
              abort.abort(reason)
            }),
        })
        assertCancelled(await runToEnd(runner, { job: await job(), signal: abort.signal, host }), reason)
        assert.ok(withdrawn > 0, 'the host was left looking for a token')
        await nothingIsLeft()
      },
    )

    itWithRunner('is refused by a closed runner, which stays well-mannered', 'judges', async ({ runner, job }) => {
      const wanted = await job()
      await runner.close()
      assertCode((await runToEnd(runner, { job: wanted })).error, 'closed')
      const { detail } = await runner.health()
      assert.equal(typeof detail, 'string')
    })
  })
}

function fromInside({ test: { describe }, itWithRunner }: RunnerSuiteContext): void {
  describe('an engine that fails', () => {
    itWithRunner('by dying: a typed error, after all it had said', 'dies', async ({ runner, job, nothingIsLeft }) => {
      const ran = await runToEnd(runner, { job: await job() })
      assertCode(ran.error, 'runner_died', 'runner_failed', 'runner_output')
      assert.equal(verdicts(ran.events).length, 1)
      assert.ok(!ran.events.some(({ type }) => type === 'done'))
      await nothingIsLeft()
    })

    itWithRunner('by babbling: a typed error, and nothing of it comes through', 'babbles', async (made) => {
      const ran = await runToEnd(made.runner, { job: await made.job() })
      assertCode(ran.error, 'runner_output')
      assert.equal(verdicts(ran.events).length, 1)
      await made.nothingIsLeft()
    })

    itWithRunner('does the runner no harm', 'dies', async ({ runner, job }) => {
      const wanted = await job()
      assert.notEqual((await runToEnd(runner, { job: wanted })).error, null)
      assert.equal((await runner.health()).ok, true)
      assert.notEqual((await runToEnd(runner, { job: wanted })).error, null)
    })
  })
}
