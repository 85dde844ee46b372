import { Installation, shortLease, type WorkerProcess } from './installation.ts'
import { controlsOf, type Scenario } from './report.ts'
import { ended, limbo, pause, storedScan, wrongWith } from './stored.ts'

const hour = 3_600_000

/**
 * the wall clock of one worker jumps an hour, forwards and backwards in turn, while it has a running scan and the other worker looks after lost scans every
 * half second. The application signs in with a secret: Entra ID refuses what a certificate signed an hour before or after its time. Leases are the database's clock and limits are the monotonic one, so nobody may notice: no scan is taken away, none is left.
 */
export const clockJump: Scenario = async ({ ground, runs, short }) => {
  const failures: string[] = []
  const on = await Installation.open(ground, { worker: shortLease, credential: 'client_secret' })
  let jumps = 0
  try {
    await on.startWorkers(2)
    for (let run = 0; run < runs; run += 1) {
      // Each run both workers have a scan; one jumps, alternately.
      const scans = [await on.startScan(0, controlsOf({ short })), await on.startScan(1, controlsOf({ short }))]
      const owners = await Promise.all(scans.map((scan) => on.claimant(scan.id, 1)))
      const jumper = owners[run % 2]
      const jumped = jumper?.notes.filter(({ event }) => event === 'jumped').length ?? 0
      jumper?.command(`jump ${run % 4 < 2 ? hour : -hour}`)
      await jumper?.until(() => jumper.notes.filter(({ event }) => event === 'jumped').length > jumped)
      jumps += 1
      for (const { id } of scans) {
        const scan = await ended(on, id)
        if (scan.attempt !== 1 || scan.status !== 'completed')
          failures.push(`scan ${id} ended ${scan.status} in attempt ${scan.attempt}: ${scan.errorMessage}`)
        failures.push(...wrongWith(await storedScan(on, id)))
      }
    }
    const dead = short ? [] : [await rescuedFromKill(on, failures)]
    failures.push(...(await limbo(on)), ...on.processFaults(dead))
  } catch (error) {
    failures.push(String(error))
  } finally {
    await on.close()
  }
  return { runs, failures, figures: { 'jumps of an hour': jumps } }
}

/** A worker whose clock is wrong still finds what a dead one left, and not before its time. Gives the dead one. */
async function rescuedFromKill(on: Installation, failures: string[]): Promise<WorkerProcess> {
  const scan = await on.startScan(2, null)
  const owner = await on.claimant(scan.id, 1)
  await pause(500)
  await on.kill(owner)
  const after = await ended(on, scan.id)
  if (after.status !== 'completed' || after.attempt !== 2)
    failures.push(
      `the scan of a killed worker ended ${after.status} in attempt ${after.attempt}: ${after.errorMessage}`,
    )
  return owner
}
