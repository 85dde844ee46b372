import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { pwshRunner } from '@tenantscope/runner-pwsh'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { enginesOf } from '../../runner-pwsh/test/processes.ts'
import { runnerSuite } from '../src/index.ts'

const engine = fileURLToPath(new URL('scripted-engine.mjs', import.meta.url))
// Other systems do not show whose child a process is.
const canLook = process.platform === 'linux'

runnerSuite({
  name: 'pwsh, with a scripted engine in place of PowerShell',
  test: { describe, it, beforeAll, afterAll },
  make: async (scenario) => ({
    runner: pwshRunner({ command: [process.execPath, engine, scenario], graceMs: 500, termMs: 500 }),
    ...(canLook ? { leftovers: async () => enginesOf(process.pid).map(({ pid }) => `process ${pid}`) } : {}),
  }),
  additionalTests: ({ itWithRunner }) => {
    if (!canLook) return
    itWithRunner('is looked at in the right way: a run that goes on does show', 'endless', async (made) => {
      const { signal } = new AbortController()
      const host = { token: () => Promise.reject(new Error('not asked')), resolveTxt: async () => [] }
      for await (const event of made.runner.run({ job: await made.job(), host, signal })) {
        if (event.type !== 'check.finished') continue
        await assert.rejects(made.nothingIsLeft(), /left something behind/)
        break
      }
      await made.nothingIsLeft()
    })
  },
})
