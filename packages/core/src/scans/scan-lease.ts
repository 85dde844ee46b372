import * as Effect from 'effect/Effect'
import * as Either from 'effect/Either'
import { EventHubService, LoggerService, type StorageService, withStorage } from '../internal/services.ts'
import type { Scan } from './scan.ts'
import type { ExecutionSettings, RunControl } from './scan-execution.ts'

/** A cancel from another process is seen at the latest after this. */
const cancelLookMs = 1_500

/** The name under which a run listens for being nudged: a cancel in this process need not wait for the next heartbeat. */
export function leaseNudge(scanId: string): string {
  return `lease:${scanId}`
}

/**
 * Renews a run's lease until it is interrupted, and stops the run when a cancel was asked for or the lease is lost. While the storage does not answer the run
 * goes on for as long as the lease would last; then another worker may have it, and it stops.
 */
export function keepLease(
  scan: Scan,
  settings: ExecutionSettings,
  control: RunControl,
): Effect.Effect<void, never, StorageService | EventHubService | LoggerService> {
  const { workerId, leaseMs, heartbeatMs } = settings
  const { platformTenantId, id: scanId, attempt } = scan
  const waitMs = Math.min(heartbeatMs, cancelLookMs)
  return Effect.gen(function* () {
    const hub = yield* EventHubService
    const log = yield* LoggerService
    let renewedAt = performance.now()
    while (!control.reason) {
      yield* Effect.promise((signal) => hub.wait({ scanId: leaseNudge(scanId), timeoutMs: waitMs, signal }))
      if (hub.closed) return yield* Effect.never
      if (performance.now() - renewedAt < heartbeatMs - waitMs / 2) {
        // Not due yet: only look whether somebody, in whatever process, asked for a cancel.
        const found = yield* Effect.either(withStorage((storage) => storage.scans.get({ platformTenantId, scanId })))
        if (Either.isRight(found) && found.right && !found.right.cancelRequestedAt) continue
      }
      const answer = yield* Effect.either(
        withStorage((storage) => storage.work.renewLease({ scanId, attempt, workerId, leaseMs })),
      )
      if (Either.isLeft(answer)) {
        log.warn('a lease could not be renewed', { scanId, code: answer.left.code })
        if (performance.now() - renewedAt > leaseMs) control.stop('lost')
      } else if (answer.right === 'ok') {
        renewedAt = performance.now()
      } else {
        control.stop(answer.right)
      }
    }
  })
}
