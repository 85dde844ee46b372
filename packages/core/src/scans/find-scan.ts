import * as Effect from 'effect/Effect'
import * as z from 'zod'
import { NotFoundError, type TenantscopeError } from '../errors/errors.ts'
import { type Scope, type StorageService, withStorage } from '../internal/services.ts'
import { malformed } from '../tenants/tenant-rows.ts'
import type { Scan } from './scan.ts'

export function findScan(scope: Scope, id: string): Effect.Effect<Scan, TenantscopeError, StorageService> {
  return Effect.gen(function* () {
    const parsed = z.guid().safeParse(id)
    if (!parsed.success) return yield* Effect.fail(malformed('/id'))
    const { platformTenantId } = scope
    const scan = yield* withStorage((storage) =>
      storage.scans.get({ platformTenantId, scanId: parsed.data.toLowerCase() }),
    )
    return scan ?? (yield* Effect.fail(new NotFoundError('scan')))
  })
}
