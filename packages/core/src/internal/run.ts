import * as Cause from 'effect/Cause'
import type * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import type { ManagedRuntime } from 'effect/ManagedRuntime'
import * as Option from 'effect/Option'
import type { TenantscopeError } from '../errors/errors.ts'
import type { CoreServices } from './services.ts'

/** Runs an effect for a caller who knows promises only: typed failures are thrown as they are, never wrapped in Effect's own. */
export type Run = <A>(effect: Effect.Effect<A, TenantscopeError, CoreServices>, signal?: AbortSignal) => Promise<A>

export function runWith(runtime: ManagedRuntime<CoreServices, never>): Run {
  return async (effect, signal) => {
    const exit = await runtime.runPromiseExit(effect, signal ? { signal } : undefined)
    if (Exit.isSuccess(exit)) return exit.value
    const failure = Cause.failureOption(exit.cause)
    if (Option.isSome(failure)) throw failure.value
    if (Cause.isInterruptedOnly(exit.cause) && signal?.aborted) throw signal.reason
    throw Cause.squash(exit.cause)
  }
}
