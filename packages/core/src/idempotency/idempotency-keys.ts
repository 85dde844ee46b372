import * as Effect from 'effect/Effect'
import * as z from 'zod'
import type { Run } from '../internal/run.ts'
import { now, type Scope, withStorage } from '../internal/services.ts'
import type { IdempotencyStore, StoredResponse } from '../storage/idempotency.ts'
import { validate } from '../validation/validate.ts'

export type IdempotencyBegin = Awaited<ReturnType<IdempotencyStore['begin']>>

/** Longer than any request takes: after that the process that had the key counts as dead and the request may be carried out again. */
const defaultLockMs = 3 * 60_000

const named = { key: z.string().min(1).max(255), fingerprint: z.string().min(1).max(500) }
const beginSchema = z.strictObject({
  ...named,
  lockMs: z
    .int()
    .min(1000)
    .max(24 * 60 * 60_000)
    .optional(),
})
const nameSchema = z.strictObject(named)
const completeSchema = z.strictObject({
  ...named,
  response: z.strictObject({
    status: z.int().min(100).max(599),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
})

/**
 * For whoever serves an API: a request that is sent twice under one key is carried out once, whichever process gets it. Keys are those of the platform tenant;
 * mix into the key what else must be apart (the actor, the route). `fingerprint` tells what was asked: keep secrets out of it or make them unguessable there.
 */
export interface IdempotencyKeys {
  /** One of several callers at once gets `new`, and must then `complete` or `abandon`. `lockMs` (default three minutes): after that long it counts as dead. */
  begin(input: { key: string; fingerprint: string; lockMs?: number }): Promise<IdempotencyBegin>
  /** Keeps the answer for a day. false: another caller has taken the key over. */
  complete(input: { key: string; fingerprint: string; response: StoredResponse }): Promise<boolean>
  /** Frees the key: nothing was done under it. */
  abandon(input: { key: string; fingerprint: string }): Promise<void>
}

export function idempotencyKeys(run: Run, { platformTenantId }: Scope): IdempotencyKeys {
  return {
    begin: (input) =>
      run(
        Effect.gen(function* () {
          const { lockMs = defaultLockMs, ...name } = yield* validate(beginSchema, input)
          const at = yield* now
          return yield* withStorage((storage) => storage.idempotency.begin({ platformTenantId, ...name, at, lockMs }))
        }),
      ),
    complete: (input) =>
      run(
        Effect.gen(function* () {
          const done = yield* validate(completeSchema, input)
          const at = yield* now
          return yield* withStorage((storage) => storage.idempotency.complete({ platformTenantId, ...done, at }))
        }),
      ),
    abandon: (input) =>
      run(
        Effect.flatMap(validate(nameSchema, input), (name) =>
          withStorage((storage) => storage.idempotency.abandon({ platformTenantId, ...name })),
        ),
      ),
  }
}
