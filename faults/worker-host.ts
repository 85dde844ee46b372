import { createInterface } from 'node:readline'
import type { Runner, Storage } from '@tenantscope/core'
import { jumpClock } from './clock.ts'
import { type NodeSettings, openNode } from './node-process.ts'
import { type Watch, watchCalls, watchQueue } from './watched.ts'

/**
 * A worker process: the product as a host would run it. It tells line by line what it claims and when runs end, every error that nobody caught, and every
 * call to storage or queue that failed or did not settle in 15 s. Standard input: `jump <ms>` moves the host's clock; its end, or SIGTERM, ends the worker in order.
 */
export type WorkerNote =
  | { event: 'ready' }
  | { event: 'claimed'; scanId: string; attempt: number }
  | { event: 'ended'; scanId: string; attempt: number }
  | { event: 'uncaught'; message: string }
  | { event: 'pending'; call: string }
  | { event: 'failed'; call: string; message: string }
  | { event: 'jumped' }

const note = (one: WorkerNote) => void process.stdout.write(`${JSON.stringify(one)}\n`)
process.on('uncaughtExceptionMonitor', (error) => note({ event: 'uncaught', message: String(error?.stack ?? error) }))
// Node ends the process for it; here it is told and goes on, so that one such error does not hide the next.
process.on('unhandledRejection', (error) =>
  note({ event: 'uncaught', message: String(error instanceof Error ? error.stack : error) }),
)

function toldClaims(storage: Storage): Storage {
  const claimNext: Storage['work']['claimNext'] = async (params) => {
    const scan = await storage.work.claimNext(params)
    if (scan) note({ event: 'claimed', scanId: scan.id, attempt: scan.attempt })
    return scan
  }
  return { ...storage, work: { ...storage.work, claimNext } }
}

function toldEnds(runner: Runner): Runner {
  async function* run(params: Parameters<Runner['run']>[0]) {
    try {
      yield* runner.run(params)
    } finally {
      note({ event: 'ended', scanId: params.job.scanId, attempt: params.job.attempt })
    }
  }
  return {
    name: runner.name,
    benchmarks: () => runner.benchmarks(),
    run,
    health: () => runner.health(),
    close: () => runner.close(),
  }
}

const settings = JSON.parse(process.argv[2] ?? '{}') as NodeSettings
const watch: Watch = {
  onPending: (call) => note({ event: 'pending', call }),
  onFailed: (call, error) => note({ event: 'failed', call, message: String(error) }),
}
const tenantscope = openNode(settings, {
  storage: (storage) => toldClaims(watchCalls(storage, watch)),
  queue: (queue) => watchQueue(queue, watch),
  runner: toldEnds,
})
let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await tenantscope.close()
  process.stdin.destroy()
}
process.once('SIGTERM', () => void stop())
const commands = createInterface({ input: process.stdin })
commands.on('line', (line) => {
  const ms = /^jump (-?\d+)$/.exec(line)?.[1]
  if (ms === undefined) return
  jumpClock(Number(ms))
  note({ event: 'jumped' })
})
commands.once('close', () => void stop())
await tenantscope.start()
note({ event: 'ready' })
