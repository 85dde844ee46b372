// A host process that starts a scan and never ends it: the test kills it and looks whether the engine goes too.
import { pwshRunner } from '../src/index.ts'

const { job, options } = JSON.parse(process.argv[2])
const runner = pwshRunner(options)
const host = { token: () => new Promise(() => {}), resolveTxt: () => new Promise(() => {}) }
const signal = new AbortController().signal
for await (const event of runner.run({ job: { ...job, scanStartedAt: new Date() }, host, signal }))
  process.stdout.write(`${event.type}\n`)
