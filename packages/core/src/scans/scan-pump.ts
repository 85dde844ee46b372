import * as Chunk from 'effect/Chunk'
import * as Effect from 'effect/Effect'
import * as Queue from 'effect/Queue'
import { isTenantscopeError, RunnerError, type TenantscopeError } from '../errors/errors.ts'
import { type ClockService, type EventHubService, LoggerService, type StorageService } from '../internal/services.ts'
import { type RunnerEvent, runnerEventSchema } from '../runner/runner.ts'
import type { Scan } from './scan.ts'
import type { Ending } from './scan-ending.ts'
import type { RunControl } from './scan-execution.ts'
import { type RecordableEvent, recordBatch } from './scan-recorder.ts'

/** How many events may wait for the storage before the runner is held up. */
const buffered = 256
const largestBatch = 64

type Item = RecordableEvent | { type: 'end' }

/**
 * Moves a run's events into storage: one fiber reads and checks them, one stores what has gathered meanwhile, so that a slow storage makes larger batches
 * and not a longer scan. The iterator is always closed before this settles.
 */
export function pumpRun(
  scan: Scan,
  events: AsyncIterable<RunnerEvent>,
  control: RunControl,
): Effect.Effect<Ending, TenantscopeError, StorageService | ClockService | EventHubService | LoggerService> {
  return Effect.gen(function* () {
    const queue = yield* Queue.bounded<Item>(buffered)
    const reading = readRun(scan, events, queue).pipe(Effect.ensuring(Queue.offer(queue, { type: 'end' })))
    const storing = storeRun(scan, queue, control)
    const [ending] = yield* Effect.all([Effect.either(reading), storing], { concurrency: 'unbounded' })
    return yield* ending
  })
}

function readRun(
  scan: Scan,
  events: AsyncIterable<RunnerEvent>,
  queue: Queue.Queue<Item>,
): Effect.Effect<Ending, TenantscopeError, LoggerService> {
  return Effect.gen(function* () {
    const log = yield* LoggerService
    const planned = new Set(scan.plannedControls)
    const iterator = yield* Effect.acquireRelease(
      Effect.sync(() => events[Symbol.asyncIterator]()),
      // `return` ends what the run started; a runner that fails to clean up has said so already.
      (it) => Effect.promise(async () => void (await it.return?.().catch(() => {}))),
    )
    while (true) {
      const next = yield* Effect.tryPromise({ try: () => iterator.next(), catch: asRunnerError })
      if (next.done)
        return yield* Effect.fail(new RunnerError('runner_output', 'The engine ended without saying how the run went.'))
      const parsed = runnerEventSchema.safeParse(next.value)
      if (!parsed.success)
        return yield* Effect.fail(
          new RunnerError('runner_output', 'The engine said something that is not its protocol.'),
        )
      const event = parsed.data
      if (event.type === 'done') return endingOfDone(event)
      if (event.type === 'ready') continue
      if (event.type === 'log') {
        log[event.level](event.message, { scanId: scan.id })
      } else if (event.type === 'check.finished' && !planned.has(event.controlId)) {
        log.warn('a result for a control that was not planned was dropped', { scanId: scan.id })
      } else {
        yield* Queue.offer(queue, event)
      }
    }
  }).pipe(Effect.scoped)
}

function storeRun(scan: Scan, queue: Queue.Queue<Item>, control: RunControl) {
  return Effect.gen(function* () {
    const log = yield* LoggerService
    for (let ended = false; !ended; ) {
      const items = Chunk.toReadonlyArray(yield* Queue.takeBetween(queue, 1, largestBatch))
      const batch = items.filter((item): item is RecordableEvent => item.type !== 'end')
      ended = batch.length < items.length
      // After a stop that makes the rest unwanted the queue is still emptied, so that the reading fiber is never held up.
      if (batch.length === 0 || control.reason === 'lost' || control.reason === 'storage') continue
      const accepted = yield* recordBatch(scan, batch).pipe(
        Effect.catchAll((error) => {
          log.error('results could not be stored', { scanId: scan.id, code: error.code })
          control.stop('storage')
          return Effect.succeed(true)
        }),
      )
      if (!accepted) control.stop('lost')
    }
  })
}

function endingOfDone(done: Extract<RunnerEvent, { type: 'done' }>): Ending {
  switch (done.outcome) {
    case 'completed':
      return { kind: 'completed' }
    case 'timed_out':
      return { kind: 'failed', reason: 'timed_out', message: 'The scan took longer than it may.' }
    case 'cancelled':
    case 'failed':
      return { kind: 'failed', reason: 'runner_error', message: done.error?.message ?? 'The engine gave up.' }
  }
}

function asRunnerError(error: unknown): TenantscopeError {
  return isTenantscopeError(error) ? error : new RunnerError('runner_failed', 'The runner failed.', { cause: error })
}
