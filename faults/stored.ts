import type { Scan } from '@tenantscope/core'
import type { Installation } from './installation.ts'

/** Waits until `look` gives something else than null; a database that is away for the moment counts as null. */
export async function eventually<T>(what: string, limitMs: number, look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const seen = await look().catch(() => null)
    if (seen !== null) return seen
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** The scan once it is in a state that never changes. */
export function ended(on: Installation, scanId: string, limitMs = 120_000): Promise<Scan> {
  return eventually(`scan ${scanId} ended`, limitMs, async () => {
    const scan = await on.scope.scans.get(scanId)
    return ['completed', 'failed', 'cancelled'].includes(scan.status) ? scan : null
  })
}

/** One text for everything that is stored of a scan: two of them are equal when nothing was written in between. */
export async function everythingOf(on: Installation, scanId: string): Promise<string> {
  const [row] = await on.admin`
    select concat_ws('|',
      (select s::text from tenantscope.scans s where id = ${scanId}),
      (select md5(string_agg(r::text, '|' order by control_id)) from tenantscope.scan_results r where scan_id = ${scanId}),
      (select md5(string_agg(e::text, '|' order by sequence)) from tenantscope.scan_events e where scan_id = ${scanId}),
      (select md5(string_agg(v::text, '|' order by source_id)) from tenantscope.evidence v where scan_id = ${scanId})) as everything`
  return row?.everything as string
}

export interface StoredScan {
  scan: Scan
  results: { control: string; attempt: number; status: string; row: string }[]
  events: { sequence: number; type: string; attempt: number; control: string | null }[]
}

export async function storedScan(on: Installation, scanId: string): Promise<StoredScan> {
  const results = await on.admin<StoredScan['results']>`
    select control_id as control, attempt, status, md5(r::text) as row from tenantscope.scan_results r where scan_id = ${scanId} order by control_id`
  const events = await on.admin<StoredScan['events']>`
    select sequence, type, attempt, data->>'controlId' as control from tenantscope.scan_events where scan_id = ${scanId} order by sequence`
  return { scan: await on.scope.scans.get(scanId), results: [...results], events: [...events] }
}

/** What is wrong with a scan that has ended: empty for one that was neither lost, nor counted twice, nor left half-written. */
export function wrongWith({ scan, results, events }: StoredScan, options: { repeats?: 'allowed' } = {}): string[] {
  const wrong: string[] = []
  const claim = (holds: boolean, what: string) => {
    if (!holds) wrong.push(`scan ${scan.id} (${scan.status}, attempt ${scan.attempt}): ${what}`)
  }
  claim(['completed', 'failed', 'cancelled'].includes(scan.status), 'has not ended')
  claim(results.length === scan.plannedControls.length, `${results.length} results of ${scan.plannedControls.length}`)
  for (const [status, count] of Object.entries(scan.counts))
    claim(
      results.filter((one) => one.status === status).length === count,
      `counts ${count} ${status} that are not there`,
    )
  claim(
    events.every((event, i) => event.sequence === i + 1) && events.length === scan.lastSequence,
    'its event log has a gap',
  )
  claim(
    events.every((event, i) => event.attempt >= (events[i - 1]?.attempt ?? 0)),
    'an event of an earlier attempt came after a later one',
  )
  const terminal = events.filter(({ type }) => ['scan.completed', 'scan.failed', 'scan.cancelled'].includes(type))
  claim(terminal.length === 1 && events.at(-1) === terminal[0], `${terminal.length} terminal events`)
  const judged = events.filter(({ type }) => type === 'check.finished').map(({ control }) => control)
  if (options.repeats !== 'allowed') claim(new Set(judged).size === judged.length, 'a control was judged twice')
  const written = new Map(
    events.filter((one) => one.type === 'check.finished').map((one) => [one.control, one.attempt]),
  )
  for (const { control, attempt, status } of results)
    if (status !== 'not_run') claim(written.get(control) === attempt, `${control} is not what its attempt found`)
  return wrong
}

/** scans that neither wait, nor run with a living lease, nor have ended. */
export async function limbo(on: Installation): Promise<string[]> {
  const rows = await on.admin`
    select id::text, status from tenantscope.scans where status = 'pending' or (status = 'running' and lease_expires_at < clock_timestamp())`
  return rows.map(({ id, status }) => `scan ${id} is left ${status}`)
}
