import * as Effect from 'effect/Effect'
import type { Run } from '../internal/run.ts'
import type { CoreServices } from '../internal/services.ts'
import { EventHubService, LoggerService, now, QueueService, withStorage } from '../internal/services.ts'
import type { DeliveryOutcome, QueueEntry } from '../queue/queue.ts'
import { entryOf, type Scan } from './scan.ts'
import { type ExecutionSettings, executeScan, type RunControl, runControl } from './scan-execution.ts'

export interface WorkerSettings extends ExecutionSettings {
  /** Scans at once in this process. Plan 200 MB of memory for each. */
  concurrency: number
  sweepMs: number
  maxAttempts: number
  /** Called after each run in this process; a scan may have ended. */
  onScanEnded?: () => void
}

export interface Worker {
  start(): Promise<void>
  /** No new scan from now on; those under way go back to pending, their processes end. Idempotent. */
  close(): Promise<void>
}

/** Takes scans from the queue and looks after what dead workers left. */
export function worker(run: Run, settings: WorkerSettings): Worker {
  const active = new Set<RunControl>()
  let timer: NodeJS.Timeout | null = null
  let sweeping: Promise<void> = Promise.resolve()
  let closed = false

  const deliver = async (entry: QueueEntry): Promise<DeliveryOutcome> => {
    if (closed) return { kind: 'later', delayMs: 0 }
    const control = runControl()
    active.add(control)
    try {
      return await run(executeScan(entry, settings, control))
    } finally {
      active.delete(control)
      settings.onScanEnded?.()
    }
  }
  let prunedAt = Number.NEGATIVE_INFINITY
  const tick = () => {
    const prune = performance.now() - prunedAt >= pruneEveryMs
    if (prune) prunedAt = performance.now()
    sweeping = run(
      Effect.zipRight(
        sweep(settings.maxAttempts, () => closed),
        prune ? pruneKeys : Effect.void,
      ),
    ).catch(() => {})
    void sweeping.then(() => {
      if (closed) return
      timer = setTimeout(tick, settings.sweepMs)
      timer.unref()
    })
  }

  return {
    start: async () => {
      await run(
        Effect.flatMap(QueueService, (queue) =>
          Effect.promise(() => queue.consume({ concurrency: settings.concurrency, deliver })),
        ),
      )
      tick()
    },
    close: async () => {
      closed = true
      if (timer) clearTimeout(timer)
      for (const control of active) control.stop('shutdown')
      await run(Effect.flatMap(QueueService, (queue) => Effect.promise(() => queue.close())))
      await sweeping
    },
  }
}

/** Answers to requests with an `Idempotency-Key` are kept for a day. */
const keysKeptMs = 24 * 60 * 60 * 1_000
const pruneEveryMs = 10 * 60 * 1_000

const pruneKeys: Effect.Effect<void, never, CoreServices> = Effect.gen(function* () {
  const olderThan = new Date((yield* now).getTime() - keysKeptMs)
  yield* withStorage((storage) => storage.work.pruneIdempotencyKeys({ olderThan }))
}).pipe(
  Effect.catchAll((error) =>
    Effect.map(LoggerService, (log) =>
      log.warn('old idempotency keys could not be removed; it is tried again', { code: error.code }),
    ),
  ),
)

/**
 * What a sweep hands to the queue at most, and how many at once. Enough for any number of slots until the next sweep: an entry is a right to one run, not
 * bound to its scan, so the oldest scans' entries bring the others' forward too.
 */
const sweptEntries = 200
const enqueuedAtOnce = 8

/** Ends or re-queues what has no live worker, and puts pending scans into the queue: the queue may have lost them. */
function sweep(maxAttempts: number, closed: () => boolean): Effect.Effect<void, never, CoreServices> {
  return Effect.gen(function* () {
    const at = yield* now
    const hub = yield* EventHubService
    const changed = yield* withStorage((storage) => storage.work.sweep({ maxAttempts, at }))
    for (const scan of changed) hub.notify(scan.id)
    const pending = yield* withStorage((storage) => storage.work.listPending({ limit: sweptEntries }))
    const queue = yield* QueueService
    const enqueue = async (scan: Scan) => {
      if (!closed()) await queue.enqueue(entryOf(scan))
    }
    yield* Effect.forEach(pending, (scan) => Effect.promise(() => enqueue(scan)), { concurrency: enqueuedAtOnce })
  }).pipe(
    Effect.catchAllCause(() =>
      Effect.map(LoggerService, (log) => log.warn('the sweep of scans failed; the next one tries again')),
    ),
  )
}
