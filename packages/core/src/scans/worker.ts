import * as Effect from 'effect/Effect'
import type { Run } from '../internal/run.ts'
import type { CoreServices } from '../internal/services.ts'
import { EventHubService, LoggerService, now, QueueService, withStorage } from '../internal/services.ts'
import type { DeliveryOutcome, QueueEntry } from '../queue/queue.ts'
import { entryOf } from './scan.ts'
import { type ExecutionSettings, executeScan, type RunControl, runControl } from './scan-execution.ts'

export interface WorkerSettings extends ExecutionSettings {
  /** Scans at once in this process. Plan 200 MB of memory for each. */
  concurrency: number
  sweepMs: number
  maxAttempts: number
}

export interface Worker {
  start(): Promise<void>
  /** No new scan from now on; those under way go back to pending, their processes end. Idempotent. */
  close(): Promise<void>
}

/** Takes scans from the queue and looks after what dead workers left. */
export function worker(run: Run, settings: WorkerSettings): Worker {
  const active = new Map<string, RunControl>()
  let timer: NodeJS.Timeout | null = null
  let sweeping: Promise<void> = Promise.resolve()
  let closed = false

  const deliver = async (entry: QueueEntry): Promise<DeliveryOutcome> => {
    if (closed) return { kind: 'later', delayMs: 0 }
    // Two deliveries of one scan: the storage lets one claim it, the other has nothing to do.
    if (active.has(entry.scanId)) return { kind: 'done' }
    const control = runControl()
    active.set(entry.scanId, control)
    try {
      return await run(executeScan(entry, settings, control))
    } finally {
      active.delete(entry.scanId)
    }
  }
  const tick = () => {
    sweeping = run(sweep(settings.maxAttempts)).catch(() => {})
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
      for (const control of active.values()) control.stop('shutdown')
      await run(Effect.flatMap(QueueService, (queue) => Effect.promise(() => queue.close())))
      await sweeping
    },
  }
}

/** Ends or re-queues what has no live worker, and puts every pending scan into the queue: the queue may have lost it. */
function sweep(maxAttempts: number): Effect.Effect<void, never, CoreServices> {
  return Effect.gen(function* () {
    const at = yield* now
    const hub = yield* EventHubService
    const changed = yield* withStorage((storage) => storage.work.sweep({ maxAttempts, at }))
    for (const scan of changed) hub.notify(scan.id)
    const pending = yield* withStorage((storage) => storage.work.listPending({ limit: 1_000 }))
    const queue = yield* QueueService
    yield* Effect.forEach(pending, (scan) => Effect.promise(() => queue.enqueue(entryOf(scan))))
  }).pipe(
    Effect.catchAllCause(() =>
      Effect.map(LoggerService, (log) => log.warn('the sweep of scans failed; the next one tries again')),
    ),
  )
}
