// A host process without a free file descriptor: tells what a run does then, and what it does when room is made while it waits.
import { closeSync, openSync } from 'node:fs'
import { pwshRunner } from '../src/index.ts'

const { job, options } = JSON.parse(process.argv[2])
const runner = pwshRunner(options)
// PowerShell, or what stands for it, and the private folder are looked for while there is room.
await runner.health()

const first = await runFull(Number.POSITIVE_INFINITY)
const second = await runFull(300)
await runner.close()
process.stdout.write(`${JSON.stringify({ first, second })}\n`)

/** Takes every descriptor, starts a run, and gives them back after `ms`. */
async function runFull(ms) {
  const taken = []
  try {
    for (;;) taken.push(openSync(process.execPath, 'r'))
  } catch {
    // There is no more.
  }
  const giveBack = () => {
    for (const descriptor of taken.splice(0)) closeSync(descriptor)
  }
  const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(giveBack, ms)
  const outcome = await run()
  clearTimeout(timer)
  giveBack()
  return outcome
}

async function run() {
  const host = { token: () => new Promise(() => {}), resolveTxt: () => new Promise(() => {}) }
  const params = { job: { ...job, scanStartedAt: new Date() }, host, signal: new AbortController().signal }
  try {
    const types = []
    for await (const event of runner.run(params)) types.push(event.type)
    return { types }
  } catch (error) {
    return { code: error.code, retryable: error.retryable, message: error.message }
  }
}
