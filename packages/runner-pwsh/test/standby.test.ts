import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { pwshRunner } from '../src/index.ts'
import { enginesOf, eventually } from './processes.ts'
import { collect, isRunning, job } from './running.ts'

// Engines that wait for a job. Needs PowerShell and /proc: without them these tests are skipped, and the run says so.
const probe = pwshRunner()
const { ok: hasPowerShell } = await probe.health()
await probe.close()

test.each([-1, 1.5, 17, Number.NaN])('%s engines cannot wait', (standby) => {
  expect(() => pwshRunner({ standby })).toThrowError(expect.objectContaining({ code: 'invalid_input' }))
})

describe.skipIf(!hasPowerShell || process.platform !== 'linux')('an engine on standby', { timeout: 60_000 }, () => {
  const waiting = () => enginesOf(process.pid).map(({ pid }) => pid)
  const withoutSources = job({ controlIds: ['1.3.8'], keepEvidence: false })
  let runner: ReturnType<typeof pwshRunner>
  afterEach(() => runner?.close())

  async function runOne() {
    const engines = new Set<number>()
    const { events, error } = await collect(runner, {
      job: withoutSources,
      onEvent: () => {
        for (const pid of waiting()) engines.add(pid)
      },
    })
    expect(error).toBeNull()
    expect(events.map(({ type }) => type)).toEqual(['ready', 'check.finished', 'done'])
    expect(events[1]).toMatchObject({ controlId: '1.3.8', status: 'manual', reasonCode: 'no_api' })
    return engines
  }

  test('serves one run and ends with it; the next one begins an engine of its own', async () => {
    runner = pwshRunner({ standby: 1 })
    await runner.prepare()
    const [pid = 0] = waiting()
    expect(waiting()).toEqual([pid])
    expect(await runOne()).toEqual(new Set([pid]))
    expect(await isRunning(pid)).toBe(false)
    expect(await runOne()).not.toContain(pid)
  })

  test('is replaced when the worker has nothing to do', async () => {
    runner = pwshRunner({ standby: 1 })
    await runOne()
    await eventually(() => waiting().length === 1)
    const [pid = 0] = waiting()
    expect(await runOne()).toEqual(new Set([pid]))
  })

  test('takes a job that comes before it has rehearsed', async () => {
    runner = pwshRunner({ standby: 1 })
    const prepared = runner.prepare()
    await eventually(() => waiting().length === 1)
    const [pid = 0] = waiting()
    expect(await runOne()).toEqual(new Set([pid]))
    await prepared
  })

  test('is waited for by a run that comes while it starts', async () => {
    runner = pwshRunner({ standby: 1 })
    const prepared = runner.prepare()
    expect((await runOne()).size).toBe(1)
    await prepared
    expect(waiting()).toEqual([])
  })

  test.each([
    ['while it waited', false],
    // The news of its death has not come yet: it is handed over like one that lives.
    ['as a run takes it', true],
  ])('that died %s is not missed', async (_, atOnce) => {
    runner = pwshRunner({ standby: 1 })
    await runner.prepare()
    const [pid = 0] = waiting()
    process.kill(pid, 'SIGKILL')
    if (!atOnce) await eventually(async () => !(await isRunning(pid)))
    await runOne()
  })

  test('ends when the runner is closed, also while it starts', async () => {
    runner = pwshRunner({ standby: 2 })
    await runner.prepare()
    expect(waiting()).toHaveLength(2)
    await runner.close()
    expect(waiting()).toEqual([])
    await runner.prepare()
    const other = pwshRunner({ standby: 1 })
    const prepared = other.prepare()
    await other.close()
    await prepared
    expect(waiting()).toEqual([])
  })

  test.each([
    ['is killed', 'stay'],
    ['has nothing else to do and never closes it', 'leave'],
  ])('goes with a host that %s', async (_, mode) => {
    const script = fileURLToPath(new URL('preparing-host.mjs', import.meta.url))
    const host = spawn(process.execPath, ['--conditions=@tenantscope/source', script, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(host, 'exit')
    try {
      await once(host.stdout, 'data')
      const [engine] = enginesOf(host.pid ?? 0)
      expect(engine).toBeDefined()
      if (mode === 'stay') host.kill('SIGKILL')
      else expect(await ended).toEqual([0, null])
      await eventually(async () => !(await isRunning(engine?.pid ?? 0)))
    } finally {
      host.kill('SIGKILL')
    }
  })
})
