import type { Scan } from '@tenantscope/core'
import { blackHole } from '../packages/adapter-postgres/test/black-hole.ts'
import { defaultLease, Installation, type InstallationOptions, shortLease } from './installation.ts'
import { controlsOf, luck, type Report, type Scenario, type ScenarioOptions, spread } from './report.ts'
import { ended, eventually, limbo, pause, storedScan, wrongWith } from './stored.ts'
import { startTraffic, type Traffic } from './traffic.ts'

/** What one run of a fault of the database is: it begins with four running scans, in the short form with two. */
interface Fault {
  on: Installation
  traffic: Traffic
  random: () => number
}

/** The frame of all these scenarios: some scans run, the API is asked all the while, the fault comes, and in the end everything must be as if nothing had been. */
export async function underFault(
  options: ScenarioOptions,
  params: { installation?: Partial<InstallationOptions>; fault: (fault: Fault) => Promise<Record<string, number>> },
): Promise<Report> {
  const { ground, runs, short } = options
  const failures: string[] = []
  const measured = new Map<string, number[]>()
  const note = (what: string, value: number) => void measured.set(what, [...(measured.get(what) ?? []), value])
  const random = luck(31)
  let scans = 0
  let attempts = 0
  let refused = 0
  // The product's own lease in the long form: a fault of seconds should not cost a scan its attempt.
  const worker = short ? shortLease : defaultLease
  const on = await Installation.open(ground, { worker, ...params.installation })
  try {
    await on.startWorkers(2)
    for (let run = 0; run < runs; run += 1) {
      const started = await someRunning(on, short)
      const traffic = startTraffic(on, started[0]?.id ?? '')
      await pause(random() * 1_000)
      try {
        for (const [what, value] of Object.entries(await params.fault({ on, traffic, random }))) note(what, value)
      } finally {
        const { refused: rejected, longestMs, wrong } = await traffic.stop()
        refused += rejected
        note('longest call', longestMs)
        failures.push(...wrong)
      }
    }
    for (const { id } of await on.admin`select id::text from tenantscope.scans`) {
      const scan = await ended(on, id as string)
      scans += 1
      attempts += scan.attempt
      if (scan.status !== 'completed') failures.push(`scan ${scan.id} ended ${scan.status}: ${scan.errorMessage}`)
      // A batch whose commit was not confirmed is stored again: results are keyed, the log may tell of it twice.
      failures.push(...wrongWith(await storedScan(on, scan.id), { repeats: 'allowed' }))
    }
    failures.push(...(await limbo(on)), ...on.processFaults())
  } catch (error) {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await on.close()
  }
  const spreads = [...measured].map(([what, times]) => [what, spread(times)] as const)
  return {
    runs,
    failures,
    figures: { scans, attempts, 'calls refused with a retryable error': refused, ...Object.fromEntries(spreads) },
  }
}

async function someRunning(on: Installation, short: boolean): Promise<Scan[]> {
  const scans: Scan[] = []
  for (let tenant = 0; tenant < (short ? 2 : 4); tenant += 1)
    scans.push(await on.startScan(tenant, controlsOf({ short })))
  await Promise.all(scans.map((scan) => on.claimant(scan.id, 1)))
  return scans
}

/** F-31, R-20: the server crashes (SIGQUIT, what `pg_ctl -m immediate` sends), is away for four seconds, and comes back. */
export const restart: Scenario = (options) =>
  underFault(options, {
    fault: async ({ traffic }) => {
      const { server } = options.ground
      await server.crash()
      await pause(options.short ? 1_500 : 4_000)
      await server.start()
      const back = performance.now()
      const first = await eventually('a call succeeded after the restart', 15_000, async () =>
        traffic.firstSuccessSince(back),
      )
      if (first - back > 2_000) throw new Error(`the first call after the restart succeeded after ${first - back} ms`)
      return { 'first success after the restart': first - back }
    },
  })

/** F-31, R-21: each second every other connection to the database, drawn anew, is ended by the server. New scans come meanwhile. */
export const backends: Scenario = (options) =>
  underFault(options, {
    fault: async ({ on, random }) => {
      const end = performance.now() + (options.short ? 4_000 : 20_000)
      let killed = 0
      while (performance.now() < end) {
        const rows = await on.admin`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and (hashtext(pid::text || ${String(random())}) % 2 = 0)`
        killed += rows.length
        await pause(1_000)
      }
      if (killed === 0) throw new Error('no connection was ended')
      return {}
    },
  })

/**
 * F-31, R-22: between all processes and the database stands a proxy that swallows every byte for a while and closes nothing. The storage's limits are shorter
 * than their defaults (2 s for a statement, 3 s for a connection), the queue's are its defaults.
 */
export const blackhole: Scenario = async (options) => {
  const databaseUrl = await options.ground.server.createDatabase()
  const proxy = await blackHole(new URL(databaseUrl))
  try {
    return await underFault(options, {
      installation: {
        databaseUrl,
        connectionString: () => proxy.url,
        node: { statementTimeoutMs: 2_000, acquireTimeoutMs: 3_000 },
      },
      fault: async ({ traffic }) => {
        proxy.swallow(true)
        await pause(options.short ? 4_000 : 12_000)
        proxy.swallow(false)
        const back = performance.now()
        const first = await eventually('a call succeeded after the hole', 15_000, async () =>
          traffic.firstSuccessSince(back),
        )
        return { 'first success after the hole': first - back }
      },
    })
  } finally {
    await proxy.close()
  }
}
