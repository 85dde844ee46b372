import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { pwshRunner } from '../src/index.ts'
import { collect, hostileRunner, job } from './running.ts'

const onLinux = process.platform === 'linux'
const sourceCondition = '--conditions=@tenantscope/source'

/** Children of this process, zombies among them: what a run must not leave. */
function ownChildren(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(parent) === process.pid ? [`${name} ${state}`] : []
    } catch {
      return []
    }
  })
}

describe('the host of an engine', () => {
  test('R-45 R-46 100 MB on either channel do not make it grow by 64 MB', { timeout: 60_000 }, async () => {
    const runner = hostileRunner('flood', { outputLimits: { lineBytes: 2 ** 30, totalBytes: 2 ** 30 } })
    const quiet = hostileRunner('stderrFlood')
    // One run before the measure: what the first use of anything takes is not the flood's.
    await collect(quiet)
    const before = process.memoryUsage.rss()
    let highest = before
    const watch = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage.rss())
    }, 5)
    try {
      await collect(quiet)
      await collect(runner, { job: job({ timeoutMs: 1500 }) })
    } finally {
      clearInterval(watch)
      await Promise.all([runner.close(), quiet.close()])
    }
    expect(highest - before).toBeLessThan(64 * 1024 * 1024)
  })

  test.skipIf(!onLinux)(
    'R-51 without a free file descriptor the start is tried again, and refused as retryable when none becomes free',
    { timeout: 60_000 },
    async () => {
      const engine = fileURLToPath(new URL('hostile-engine.mjs', import.meta.url))
      const script = fileURLToPath(new URL('crowded-host.mjs', import.meta.url))
      const input = JSON.stringify({ job: job(), options: { command: [process.execPath, engine, 'good'] } })
      const { stdout } = await promisify(execFile)('/bin/sh', [
        '-c',
        'ulimit -n 64 && exec "$0" "$@"',
        process.execPath,
        sourceCondition,
        script,
        input,
      ])
      const { first, second } = JSON.parse(stdout)
      expect(first).toMatchObject({ code: 'runner_failed', retryable: true })
      expect(first.message).toMatch(/no room for another process \((EMFILE|EAGAIN)\)/)
      expect(second.types.at(-1)).toBe('done')
    },
  )

  test('R-51 a program that is not there is told before anything is run', async () => {
    const runner = pwshRunner({ command: ['/nowhere/pwsh'] })
    const { events, error } = await collect(runner)
    await runner.close()
    expect(events).toEqual([])
    expect(error).toMatchObject({ code: 'runner_missing', retryable: false })
  })

  test.skipIf(!onLinux)(
    'R-54 after 50 short runs there is neither a process more nor a zombie',
    { timeout: 120_000 },
    async () => {
      const runner = hostileRunner('good')
      const before = ownChildren()
      for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 5 }, () => collect(runner)))
      await runner.close()
      expect(ownChildren()).toEqual(before)
    },
  )
})
