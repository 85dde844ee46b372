import { defaultLease, Installation, shortLease, type WorkerProcess } from './installation.ts'
import { controlsOf, luck, type Scenario, spread } from './report.ts'
import { ended, eventually, everythingOf, limbo, pause, storedScan, wrongWith } from './stored.ts'

/**
 * F-32: the worker of a running scan stops for longer than its lease (SIGSTOP), another one runs attempt 2 to its end, then the first wakes up (SIGCONT)
 * with the rest of attempt 1 in its hands. Nothing that it does then may show. In the long form every fifth run sleeps 60 s beside a lease of 30 s; the others
 * 20 s beside one of 3 s, which is also longer than pg-boss waits for the worker's sign of life (10 s), so its job is delivered again too.
 */
export const sleep: Scenario = async ({ ground, runs, short }) => {
  const failures: string[] = []
  const sleptMs: number[] = []
  const random = luck(32)
  let attemptTwo = 0
  const rounds = [
    { worker: defaultLease, runs: short ? 0 : Math.floor(runs / 5), sleepMs: 60_000 },
    { worker: shortLease, runs: short ? runs : runs - Math.floor(runs / 5), sleepMs: short ? 0 : 20_000 },
  ]
  for (const { worker, runs: wanted, sleepMs } of rounds) {
    if (wanted === 0) continue
    const on = await Installation.open(ground, { worker })
    try {
      await on.startWorkers(2)
      for (let run = 0; run < wanted; run += 1) {
        const outcome = await sleepOnce(on, { short, sleepMs, moment: random() })
        if (outcome === null) {
          run -= 1
          continue
        }
        sleptMs.push(outcome.sleptMs)
        failures.push(...outcome.failures)
        attemptTwo += outcome.failures.length === 0 ? 1 : 0
      }
      failures.push(...(await limbo(on)), ...on.processFaults())
    } catch (error) {
      failures.push(String(error))
    } finally {
      await on.close()
    }
  }
  return {
    runs,
    failures,
    figures: { 'stale writes': runs - attemptTwo, 'final result is attempt 2’s': attemptTwo, slept: spread(sleptMs) },
  }
}

async function sleepOnce(
  on: Installation,
  params: { short: boolean; sleepMs: number; moment: number },
): Promise<{ sleptMs: number; failures: string[] } | null> {
  const { short, sleepMs, moment } = params
  const scan = await on.startScan(0, controlsOf({ short }))
  const owner = await on.claimant(scan.id, 1)
  await pause(moment * (short ? 1_500 : 3_500))
  owner.signal('SIGSTOP')
  const stoppedAt = performance.now()
  const wake = async () => {
    owner.signal('SIGCONT')
    await runEnded(owner, scan.id)
  }
  try {
    if ((await on.scope.scans.get(scan.id)).status !== 'running') return null
    const final = await ended(on, scan.id)
    await pause(Math.max(0, sleepMs - (performance.now() - stoppedAt)))
    const before = await everythingOf(on, scan.id)
    const sleptMs = performance.now() - stoppedAt
    await wake()
    // Its last batch, its lease and its end are tried at once; two heartbeats later it has tried them all.
    await pause(2_000)
    const failures = wrongWith(await storedScan(on, scan.id))
    if (final.attempt !== 2 || final.status !== 'completed')
      failures.push(`scan ${scan.id} ended ${final.status} in attempt ${final.attempt}`)
    if ((await everythingOf(on, scan.id)) !== before)
      failures.push(`scan ${scan.id} was changed by a worker that had lost it`)
    return { sleptMs, failures }
  } finally {
    owner.signal('SIGCONT')
  }
}

/** The sleeper's own word that its run of attempt 1 is over. It never comes when the run had not begun: then ten seconds are time enough to try anything. */
async function runEnded(worker: WorkerProcess, scanId: string): Promise<void> {
  const over = () => worker.notes.some((one) => one.event === 'ended' && one.scanId === scanId && one.attempt === 1)
  await eventually('the sleeper ended its run', 10_000, async () => (over() ? true : null)).catch(() => {})
}
