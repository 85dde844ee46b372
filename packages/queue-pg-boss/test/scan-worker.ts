import type { WorkerOptions } from '@tenantscope/core'
import postgres from 'postgres'
import type { PacedRunnerOptions } from './paced-runner.ts'
import { openTenantscope } from './scan-host.ts'

/** A worker process. What its runs do it tells line by line; SIGTERM, or the end of its parent, ends it in order. */
const { connectionString, worker, pauseMs } = JSON.parse(process.argv[2] ?? '{}') as {
  connectionString: string
  worker: WorkerOptions
  pauseMs: number
}

// A lock of the database's session dies with the process, however it dies.
const locks = postgres(connectionString, { max: 1, onnotice: () => {} })
const mine = new Set<string>()
const take: PacedRunnerOptions['take'] = async (tenant) => {
  // The database gives a session the same lock twice, so two runs of one process are told apart here.
  if (mine.has(tenant)) return null
  mine.add(tenant)
  const [row] = await locks`select pg_try_advisory_lock(hashtextextended(${tenant}, 0)) as taken`
  if (!row?.taken) {
    mine.delete(tenant)
    return null
  }
  return async () => {
    await locks`select pg_advisory_unlock(hashtextextended(${tenant}, 0))`
    mine.delete(tenant)
  }
}

const tenantscope = openTenantscope({
  connectionString,
  worker,
  runner: { pauseMs, take, note: (note) => void process.stdout.write(`${JSON.stringify(note)}\n`) },
})
const stop = async () => {
  await tenantscope.close()
  await locks.end({ timeout: 5 })
  process.stdin.destroy()
}
process.once('SIGTERM', () => void stop())
process.stdin.once('end', () => void stop()).resume()
await tenantscope.start()
process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`)
