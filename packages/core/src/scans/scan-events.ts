import * as Effect from 'effect/Effect'
import { InvalidInputError } from '../errors/errors.ts'
import type { Run } from '../internal/run.ts'
import { EventHubService, type Scope, withStorage } from '../internal/services.ts'
import { findScan } from './find-scan.ts'
import type { ScanEvent } from './scan.ts'
import { isTerminal } from './scan-state.ts'

/** How long a follower trusts that it would have been woken. A wake-up from another process may get lost; the log does not. */
const pollMs = 2_000
const batchSize = 500

const terminalTypes: ReadonlySet<string> = new Set(['scan.completed', 'scan.failed', 'scan.cancelled'])

/** Replays a scan's event log and then follows it. See `Scans.events` for what is promised. */
export async function* followScan(
  run: Run,
  scope: Scope,
  id: string,
  options: { after?: number; signal?: AbortSignal },
): AsyncGenerator<ScanEvent, void, undefined> {
  const { signal } = options
  let after = options.after ?? 0
  if (!Number.isInteger(after) || after < 0) {
    throw new InvalidInputError([{ pointer: '/after', detail: 'must be a sequence: a whole number from 0.' }])
  }
  const { platformTenantId } = scope
  const hub = await run(EventHubService)
  const { id: scanId } = await run(findScan(scope, id))
  while (!signal?.aborted && !hub.closed) {
    // Asked before the log is read: an event that comes between the two wakes at once.
    const wait = new AbortController()
    const either = signal ? AbortSignal.any([wait.signal, signal]) : wait.signal
    const woken = hub.wait({ scanId, timeoutMs: pollMs, signal: either })
    try {
      const events = await run(
        withStorage((storage) => storage.events.read({ platformTenantId, scanId, after, limit: batchSize })),
      )
      for (const event of events) {
        after = event.sequence
        yield event
        if (terminalTypes.has(event.type) || signal?.aborted) return
      }
      if (events.length > 0) continue
      // Nothing new: either it is still going on, or `after` was at the end already (or the scan is gone).
      const scan = await run(Effect.option(findScan(scope, scanId)))
      if (scan._tag === 'None' || (isTerminal(scan.value.status) && after >= scan.value.lastSequence)) return
      await woken
    } finally {
      wait.abort()
    }
  }
}
