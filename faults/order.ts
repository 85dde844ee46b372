import { postgresStorage } from '@tenantscope/adapter-postgres'
import {
  addRunning,
  finishOf,
  recordOf,
  resultsOf,
  sampleEvent,
  sampleEvidence,
  sampleFinding,
  sampleResult,
} from '@tenantscope/conformance'
import { resultStatuses, type Scan, type Storage } from '@tenantscope/core'
import fc from 'fast-check'
import type { Scenario } from './report.ts'

const controls = Array.from({ length: 12 }, (_, i) => `${1 + (i % 3)}.${1 + Math.floor(i / 3)}`)
const sources = Array.from({ length: 5 }, (_, i) => `graph/source${i}`)
/** One event of the log that an attempt leaves behind: what one source answered, or how one control was judged. */
const log = [...sources.map((id) => ({ source: id })), ...controls.map((id) => ({ control: id }))]

/** How the log reaches the storage: its events in any order and as often as it likes, cut into calls anywhere, so many of them at once. */
interface Delivery {
  order: number[]
  cuts: number[]
  atOnce: number
  /** Of calls that come when the scan has ended. */
  late: number[]
}

const delivery: fc.Arbitrary<Delivery> = fc
  .tuple(
    fc.shuffledSubarray([...log.keys()], { minLength: log.length }),
    fc.array(fc.tuple(fc.nat({ max: log.length - 1 }), fc.nat({ max: 40 })), { maxLength: 20 }),
    fc.array(fc.nat({ max: 40 }), { maxLength: 8 }),
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.nat({ max: log.length - 1 }), { maxLength: 2 }),
  )
  .map(([once, repeats, cuts, atOnce, late]) => {
    const order = [...once]
    for (const [event, place] of repeats) order.splice(place, 0, event)
    return { order, cuts, atOnce, late }
  })

/**
 * F-33 (R-17): the event log of an attempt, in any order, with any repeats, in calls of any size and any number of them at once, gives the same rows; what comes when
 * the scan has ended changes nothing. Against PostgreSQL, under row security.
 */
export const order: Scenario = async ({ ground, runs, short }) => {
  const cases = short ? 40 : 2_000 * runs
  const storage = postgresStorage({ url: await ground.server.createDatabase(), maxConnections: 4 })
  try {
    await storage.migrate()
    const expected = await deliver(storage, { order: [...log.keys()], cuts: [], atOnce: 1, late: [] })
    const property = fc.asyncProperty(delivery, async (one) => (await deliver(storage, one)) === expected)
    const outcome = await fc.check(property, { numRuns: cases, seed: 33 })
    const failures = outcome.failed
      ? [
          `${JSON.stringify(outcome.counterexample)} gave other rows${outcome.errorInstance ? `: ${outcome.errorInstance}` : ''}`,
        ]
      : []
    return { runs: outcome.numRuns, failures, figures: { 'events in the log': log.length } }
  } finally {
    await storage.close()
  }
}

/** The rows in the end, as one text, without the ids that differ from scan to scan. */
async function deliver(storage: Storage, { order, cuts, atOnce, late }: Delivery): Promise<string> {
  const scan = await addRunning(storage, { plannedControls: controls })
  const calls: number[][] = []
  for (const [place, event] of order.entries()) {
    if (place === 0 || cuts.includes(place)) calls.push([])
    calls.at(-1)?.push(event)
  }
  for (let i = 0; i < calls.length; i += atOnce)
    await Promise.all(calls.slice(i, i + atOnce).map((events) => storage.work.record(call(scan, events))))
  const ended = await storage.work.finish(finishOf(scan))
  for (const event of late) {
    const { accepted } = await storage.work.record(call(scan, [event]))
    if (accepted) throw new Error('an event was accepted after the end')
  }
  const { platformTenantId, id: scanId } = scan
  const results = await resultsOf(storage, scan)
  const evidence = await storage.evidence.list({ platformTenantId, scanId })
  const after = await storage.scans.get({ platformTenantId, scanId })
  if (after?.lastSequence !== ended?.lastSequence) throw new Error('the log grew after the end')
  const rows = results.map(({ scanId: _, platformTenantId: __, m365TenantId: ___, ...row }) => row)
  return JSON.stringify({ status: after?.status, counts: after?.counts, rows, evidence })
}

function call(scan: Scan, events: readonly number[]) {
  const parts = events.flatMap((index) => log[index] ?? [])
  const results = parts.flatMap((part) => ('control' in part ? [resultOf(scan, part.control)] : []))
  return recordOf(scan, {
    results,
    evidence: parts.flatMap((part) =>
      'source' in part ? [sampleEvidence(part.source, { data: { of: part.source } })] : [],
    ),
    events: parts.map((part) =>
      sampleEvent({ type: 'control' in part ? 'check.finished' : 'source.read', data: { ...part } }),
    ),
    progress: results.length > 0,
  })
}

/** What a control found is its own, whenever it comes. */
function resultOf(scan: Scan, control: string) {
  const index = controls.indexOf(control)
  const findings = Array.from({ length: index % 3 }, (_, i) => sampleFinding({ resourceId: `${control}-${i}` }))
  const status = resultStatuses[index % resultStatuses.length] ?? 'pass'
  return sampleResult(scan, control, { status, findings, findingsTotal: findings.length, message: `about ${control}` })
}
