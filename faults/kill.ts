import { loadavg } from 'node:os'
import type { Scan } from '@tenantscope/core'
import { defaultLease, Installation, shortLease, type WorkerProcess } from './installation.ts'
import { controlsOf, luck, type Report, type Scenario, spread } from './report.ts'
import { ended, eventually, limbo, pause, type StoredScan, storedScan, wrongWith } from './stored.ts'

interface Tolls {
  failures: string[]
  rescuesMs: number[]
  orphansMs: number[]
  kept: number
  judgedTwice: number
  moments: Record<Moment, number>
  tooLate: number
}

/**
 * F-30: the worker of a running scan dies by SIGKILL at a random moment, from before its engine was started until after the last result.
 * The long form runs with the product's own lease of 30 s, because how soon a scan is rescued is what it shows.
 */
export const kill: Scenario = async ({ ground, runs, short }) => {
  const worker = short ? shortLease : defaultLease
  const tolls: Tolls = {
    failures: [],
    rescuesMs: [],
    orphansMs: [],
    kept: 0,
    judgedTwice: 0,
    moments: { starting: 0, reading: 0, judging: 0 },
    tooLate: 0,
  }
  // Most of a run is waiting for the lease: two installations side by side halve it.
  const lanes = runs > 1 ? 2 : 1
  let left = runs
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const on = await Installation.open(ground, { worker })
      const random = luck(30 + lane)
      const dead: WorkerProcess[] = []
      try {
        await on.startWorkers(2)
        while (left > 0) {
          left -= 1
          const turn = runs - left + 1
          if (!(await killOnce(on, { lane, turn, random, short, dead, tolls }))) {
            tolls.tooLate += 1
            left += 1
          }
        }
        tolls.failures.push(...(await limbo(on)), ...on.processFaults(dead))
      } catch (error) {
        tolls.failures.push(String(error))
      } finally {
        await on.close()
      }
    }),
  )
  return report(runs, tolls)
}

function report(runs: number, tolls: Tolls): Report {
  return {
    runs,
    failures: tolls.failures,
    figures: {
      'rescued after': spread(tolls.rescuesMs),
      'engine gone after': spread(tolls.orphansMs),
      'results kept of attempt 1': tolls.kept,
      'controls judged twice': tolls.judgedTwice,
      'killed while': Object.entries(tolls.moments)
        .map(([moment, times]) => `${moment} ${times}`)
        .join(' '),
      'kills that came after the end (not counted)': tolls.tooLate,
    },
  }
}

/** When the worker dies: before its engine has said anything, while it reads, or when results come in, up to the last. */
type Moment = 'starting' | 'reading' | 'judging'

/** Waits for it. By what is stored and not by the clock: how long a scan takes is the machine's matter. A third of the kills each. */
async function untilMoment(on: Installation, scan: Scan, part: number, within: number): Promise<Moment> {
  if (part === 0) {
    await pause(within * 1_500)
    return 'starting'
  }
  const type = part === 1 ? 'source.read' : 'check.finished'
  const wanted = part === 1 ? 1 : 1 + Math.floor(within * scan.plannedControls.length)
  await eventually(`scan ${scan.id} is under way`, 60_000, async () => {
    const [row] = await on.admin`
      select count(*) filter (where type = ${type})::int >= ${wanted} or count(*) filter (where type = 'scan.completed') > 0 as come
      from tenantscope.scan_events where scan_id = ${scan.id}`
    return row?.come ? true : null
  })
  if (part === 1) await pause(within * 1_000)
  return part === 1 ? 'reading' : 'judging'
}

/** False when the scan had ended before the kill came. */
async function killOnce(
  on: Installation,
  params: { lane: number; turn: number; random: () => number; short: boolean; dead: WorkerProcess[]; tolls: Tolls },
): Promise<boolean> {
  const { lane, turn, random, short, dead, tolls } = params
  const tenant = lane
  const scan = await on.startScan(tenant, controlsOf({ short }))
  const owner = await on.claimant(scan.id, 1)
  const moment = await untilMoment(on, scan, turn % 3, random())
  const hadEngine = owner.engines().length > 0
  const before = await storedScan(on, scan.id)
  if (before.scan.status !== 'running') return false
  await on.kill(owner)
  const killedAt = Date.now()
  const since = performance.now()
  dead.push(owner)
  tolls.moments[moment] += 1

  const gone = eventually('the engines of the dead worker ended', 20_000, async () =>
    owner.engines().length > 0 ? null : performance.now() - since,
  )
  const replaced = on.startWorkers(1)
  // What the dead worker had stored in the last moment counts as its results too.
  await gone
  const left = await storedScan(on, scan.id)
  if (left.scan.status === 'completed' && left.scan.attempt === 1) {
    await replaced
    return false
  }
  const rescuedMs = await eventually(`scan ${scan.id} was rescued`, 90_000, async () => {
    const { attempt, status, failureReason } = await on.scope.scans.get(scan.id)
    const rescued = attempt === 2 || (status === 'failed' && failureReason === 'worker_lost')
    return rescued ? performance.now() - since : null
  })
  await replaced
  await ended(on, scan.id)
  const after = await storedScan(on, scan.id)
  const orphanMs = await gone
  tolls.rescuesMs.push(rescuedMs)
  if (hadEngine) tolls.orphansMs.push(orphanMs)
  if (orphanMs > 5_000)
    tolls.failures.push(
      `an engine outlived its worker by ${Math.round(orphanMs)} ms, killed while ${moment}, load ${loadavg()[0]}`,
    )
  if (rescuedMs > 45_000) tolls.failures.push(`scan ${scan.id} was rescued after ${rescuedMs} ms`)
  tolls.failures.push(...wrongWith(after), ...resumedBadly(left, after, tolls))
  tolls.failures.push(...(await askedByTheDead(on, { scanId: scan.id, tenant, from: killedAt + orphanMs })))
  return true
}

/** what attempt 1 had stored stands as it was, and attempt 2 did the rest and nothing else. */
function resumedBadly(left: StoredScan, after: StoredScan, tolls: Tolls): string[] {
  const failures: string[] = []
  if (after.scan.attempt !== 2 || after.scan.status !== 'completed')
    failures.push(`scan ${after.scan.id} ended ${after.scan.status} in attempt ${after.scan.attempt}`)
  const kept = new Map(after.results.map((result) => [result.control, result.row]))
  for (const result of left.results)
    if (kept.get(result.control) !== result.row) failures.push(`the result of ${result.control} was replaced`)
  const first = new Set(left.results.map(({ control }) => control))
  const second = after.events.filter(({ type, attempt }) => type === 'check.finished' && attempt === 2)
  const again = second.filter(({ control }) => control !== null && first.has(control)).length
  if (again > 0) failures.push(`attempt 2 judged ${again} controls again`)
  if (second.length !== after.scan.plannedControls.length - first.size)
    failures.push(`attempt 2 judged ${second.length} controls of ${after.scan.plannedControls.length - first.size}`)
  tolls.kept += first.size
  tolls.judgedTwice += again
  return failures
}

/** Requests between the end of the dead worker's engine and the start of the second attempt: nobody may have made any. Both clocks are this machine's. */
async function askedByTheDead(
  on: Installation,
  params: { scanId: string; tenant: number; from: number },
): Promise<string[]> {
  const [claimed] = await on.admin`
    select at from tenantscope.scan_events where scan_id = ${params.scanId} and type = 'scan.running' and attempt = 2`
  const until = (claimed?.at as Date | undefined)?.getTime() ?? 0
  const asked = (await on.requestsOf(params.tenant)).filter(({ at }) => at > params.from + 5 && at < until)
  return asked.map(({ path }) => `the simulator was asked for ${path} when no engine should have lived`)
}
