import { pgBossQueue } from '../src/index.ts'

/** A worker process that takes an entry and never ends it. Its parent kills it. */
const { connectionString, name } = JSON.parse(process.argv[2] ?? '{}') as { connectionString: string; name: string }
const queue = pgBossQueue({ connectionString, name, pollMs: 500, monitorSeconds: 1 })
await queue.consume({
  concurrency: 1,
  deliver: async ({ scanId }) => {
    process.stdout.write(`${scanId}\n`)
    return new Promise<never>(() => {})
  },
})
// Its parent died before it could kill it.
process.stdin.once('end', () => process.exit(1)).resume()
