import assert from 'node:assert/strict'
import { benchmarkSchema, type RunnerHost, SignInError } from '@tenantscope/core'
import type { RunnerSuiteContext } from './context.ts'
import { canaryToken, doneOf, hostOf, runToEnd, verdicts } from './running.ts'

export function judgingTests({ test: { describe }, itWithRunner }: RunnerSuiteContext): void {
  describe('what a runner tells of itself', () => {
    itWithRunner('benchmarks that hold to the contract, always the same', 'judges', async ({ runner }) => {
      const benchmarks = await runner.benchmarks()
      assert.ok(benchmarks.length > 0)
      assert.equal(new Set(benchmarks.map(({ id, version }) => `${id} ${version}`)).size, benchmarks.length)
      for (const benchmark of benchmarks) {
        benchmarkSchema.parse(benchmark)
        const ids = benchmark.controls.map(({ id }) => id)
        assert.ok(ids.length > 0)
        assert.equal(new Set(ids).size, ids.length)
        const inputs = new Set(benchmark.inputs.map(({ name }) => name))
        for (const control of benchmark.controls) {
          for (const name of control.inputs) assert.ok(inputs.has(name), `${control.id} asks for unknown input ${name}`)
        }
      }
      assert.deepEqual(await runner.benchmarks(), benchmarks)
    })

    itWithRunner('its name and its health', 'judges', async ({ runner }) => {
      assert.match(runner.name, /\S/)
      const { ok, detail } = await runner.health()
      assert.equal(ok, true, detail)
      assert.match(detail, /\S/)
    })
  })

  describe('a run', () => {
    itWithRunner(
      'judges each control once, ends with done and leaves nothing',
      'judges',
      async ({ runner, job, nothingIsLeft }) => {
        const wanted = await job()
        const ran = await runToEnd(runner, { job: wanted })
        const { outcome, error } = doneOf(ran)
        assert.deepEqual([outcome, error], ['completed', null])
        assert.deepEqual(
          verdicts(ran.events)
            .map((event) => event.controlId)
            .sort(),
          [...wanted.controlIds].sort(),
        )
        await nothingIsLeft()
      },
    )

    itWithRunner('judges what it was asked to judge and nothing more', 'judges', async ({ runner, job }) => {
      const { controlIds } = await job()
      const one = await runToEnd(runner, { job: await job({ controlIds: controlIds.slice(1, 2) }) })
      assert.deepEqual(
        verdicts(one.events).map((event) => event.controlId),
        controlIds.slice(1, 2),
      )
    })

    itWithRunner('asks the host, and tells nobody the token', 'judges', async ({ runner, job }) => {
      const asked: unknown[] = []
      const host = hostOf({
        token: async ({ service, scope, refresh }) => {
          asked.push({ service, scope, refresh })
          return { accessToken: canaryToken, expiresAt: new Date(Date.now() + 3_600_000) }
        },
        resolveTxt: async (name) => {
          assert.match(name, /^[\w.-]+$/)
          asked.push('txt')
          return []
        },
      })
      const ran = await runToEnd(runner, { job: await job(), host })
      assert.equal(doneOf(ran).outcome, 'completed')
      assert.ok(asked.includes('txt'), 'no TXT record was asked for')
      const tokens = asked.filter((question) => question !== 'txt')
      assert.deepEqual(tokens[0], { service: 'graph', scope: 'https://graph.microsoft.com/.default', refresh: false })
      assert.ok(!JSON.stringify(ran).includes(canaryToken), 'an event carries the token')
    })

    itWithRunner('ends in order when the host refuses, and then nothing is pass or fail', 'judges', async (made) => {
      const refusal = new SignInError({ message: 'refused', aadstsCode: 'AADSTS700016', reach: 'service' })
      const refusals: unknown[] = [refusal, new Error('a secret word of the host')]
      for (const error of refusals) {
        const host = hostOf({
          token: () => Promise.reject(error),
          resolveTxt: () =>
            Promise.reject(Object.assign(new Error('a secret word of the host'), { code: 'ESERVFAIL' })),
        })
        const ran = await runToEnd(made.runner, { job: await made.job(), host })
        assert.equal(doneOf(ran).outcome, 'completed')
        for (const { status } of verdicts(ran.events)) assert.ok(status !== 'pass' && status !== 'fail', status)
        assert.ok(!JSON.stringify(ran).includes('a secret word of the host'), 'an error of the host shows')
      }
      await made.nothingIsLeft()
    })

    itWithRunner('shares nothing with runs at the same time', 'judges', async ({ runner, job, nothingIsLeft }) => {
      const { controlIds } = await job()
      const runs = await Promise.all(
        controlIds.map(async (controlId, i) => {
          let asked = 0
          const token: RunnerHost['token'] = async () => {
            asked += 1
            return { accessToken: `${canaryToken}${i}`, expiresAt: new Date(Date.now() + 3_600_000) }
          }
          const wanted = await job({ controlIds: [controlId], scanId: `scan-${i}` })
          const ran = await runToEnd(runner, { job: wanted, host: hostOf({ token }) })
          assert.equal(doneOf(ran).outcome, 'completed')
          assert.ok(asked > 0, 'another run asked this host')
          return verdicts(ran.events).map((event) => event.controlId)
        }),
      )
      assert.deepEqual(
        runs,
        controlIds.map((controlId) => [controlId]),
      )
      await nothingIsLeft()
    })
  })
}
