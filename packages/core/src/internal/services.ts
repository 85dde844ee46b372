import * as Context from 'effect/Context'
import * as Effect from 'effect/Effect'
import type { Clock } from '../clock/clock.ts'
import { isTenantscopeError, TenantscopeError } from '../errors/errors.ts'
import type { Logger } from '../logging/logger.ts'
import type { Queue } from '../queue/queue.ts'
import type { Runner } from '../runner/runner.ts'
import type { SignIn } from '../runner/sign-in.ts'
import type { EventHub } from '../scans/event-hub.ts'
import type { HandIn } from '../scans/hand-in.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Storage } from '../storage/storage.ts'

/** What the services of core are written against. The tags never leave this package. */
export class StorageService extends Context.Tag('tenantscope/Storage')<StorageService, Storage>() {}
export class QueueService extends Context.Tag('tenantscope/Queue')<QueueService, Queue>() {}
/** Brings new scans into storage and queue. */
export class HandInService extends Context.Tag('tenantscope/HandIn')<HandInService, HandIn>() {}
export class SecretsService extends Context.Tag('tenantscope/Secrets')<SecretsService, SecretStore>() {}
export class RunnerService extends Context.Tag('tenantscope/Runner')<RunnerService, Runner>() {}
export class SignInService extends Context.Tag('tenantscope/SignIn')<SignInService, SignIn>() {}
export class ClockService extends Context.Tag('tenantscope/Clock')<ClockService, Clock>() {}
export class LoggerService extends Context.Tag('tenantscope/Logger')<LoggerService, Logger>() {}
export class EventHubService extends Context.Tag('tenantscope/EventHub')<EventHubService, EventHub>() {}

export type CoreServices =
  | StorageService
  | QueueService
  | HandInService
  | SecretsService
  | RunnerService
  | SignInService
  | ClockService
  | LoggerService
  | EventHubService

/** The caller: whose rows, and who does it. */
export interface Scope {
  platformTenantId: string
  actor: string
  /** Of the request that the caller serves, where there is one. */
  requestId: string | null
}

/** Calls an adapter. What it throws becomes a typed failure: adapters are somebody else's code. */
export function call<A>(
  code: 'storage_failed' | 'runner_failed' | 'conflict',
  what: string,
  promise: () => Promise<A>,
): Effect.Effect<A, TenantscopeError> {
  return Effect.tryPromise({
    try: promise,
    catch: (error) =>
      isTenantscopeError(error) ? error : new TenantscopeError(code, `${what} failed.`, { cause: error }),
  })
}

export const withStorage = <A>(
  use: (storage: Storage) => Promise<A>,
): Effect.Effect<A, TenantscopeError, StorageService> =>
  Effect.flatMap(StorageService, (storage) => call('storage_failed', 'The storage', () => use(storage)))

export const now: Effect.Effect<Date, never, ClockService> = Effect.map(ClockService, (clock) => clock.now())
