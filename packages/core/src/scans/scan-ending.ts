import * as Effect from 'effect/Effect'
import * as Schedule from 'effect/Schedule'
import type { TenantscopeError } from '../errors/errors.ts'
import { type ClockService, now, type StorageService, withStorage } from '../internal/services.ts'
import type { FailureReason, Scan } from './scan.ts'

/** How an attempt went. `released`: back to pending. `abandoned`: the scan is not ours any more, or cannot be written; nothing is. */
export type Ending =
  | { kind: 'completed' }
  | { kind: 'failed'; reason: FailureReason; message: string }
  | { kind: 'cancelled' }
  | { kind: 'released' }
  | { kind: 'abandoned' }

const patience = Schedule.exponential('200 millis', 2).pipe(Schedule.intersect(Schedule.recurs(6)))

/** Writes the end of an attempt, guarded by the attempt. */
export function concludeScan(
  scan: Scan,
  ending: Ending,
): Effect.Effect<void, TenantscopeError, StorageService | ClockService> {
  return Effect.gen(function* () {
    if (ending.kind === 'abandoned') return
    const at = yield* now
    const { id: scanId, attempt } = scan
    yield* withStorage((storage) =>
      ending.kind === 'released'
        ? storage.work.release({ scanId, attempt, at })
        : storage.work.finish({ scanId, attempt, at, ...terminal(ending) }),
    ).pipe(Effect.retry({ schedule: patience, while: (error) => error.retryable }))
  })
}

function terminal(ending: Exclude<Ending, { kind: 'released' | 'abandoned' }>) {
  switch (ending.kind) {
    case 'completed':
      return {
        status: 'completed' as const,
        failureReason: null,
        errorMessage: null,
        notRun: { reasonCode: 'not_judged', message: 'The run ended without judging this control.' },
      }
    case 'cancelled':
      return {
        status: 'cancelled' as const,
        failureReason: null,
        errorMessage: null,
        notRun: { reasonCode: 'cancelled', message: 'Not judged: the scan was cancelled.' },
      }
    case 'failed':
      return {
        status: 'failed' as const,
        failureReason: ending.reason,
        errorMessage: ending.message,
        notRun: { reasonCode: ending.reason, message: `Not judged: ${ending.message}` },
      }
  }
}
