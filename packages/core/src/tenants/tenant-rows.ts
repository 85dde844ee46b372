import * as Effect from 'effect/Effect'
import { auditEntry, m365TenantResource } from '../audit/audit.ts'
import { InvalidInputError, NotFoundError, type TenantscopeError } from '../errors/errors.ts'
import { now, type Scope, type StorageService, withStorage } from '../internal/services.ts'
import type { TenantWithCredential } from '../storage/storage.ts'
import type { M365Tenant } from './m365-tenant.ts'

const rowId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** By row id or GUID: both are GUIDs, and a row id wins. */
export function findTenant(scope: Scope, id: string): Effect.Effect<M365Tenant, TenantscopeError, StorageService> {
  return Effect.gen(function* () {
    const { platformTenantId } = scope
    const key = yield* tenantKey(id)
    const tenant =
      (yield* withStorage((storage) => storage.m365Tenants.get({ platformTenantId, id: key }))) ??
      (yield* withStorage((storage) => storage.m365Tenants.getByM365TenantId({ platformTenantId, m365TenantId: key })))
    return tenant ?? (yield* Effect.fail(new NotFoundError('M365 tenant')))
  })
}

/** The same, and the credential that it had at that moment. */
export function findTenantWithCredential(
  scope: Scope,
  id: string,
): Effect.Effect<TenantWithCredential, TenantscopeError, StorageService> {
  const byRowId = (rowId: string) =>
    withStorage((storage) =>
      storage.m365Tenants.getWithCredential({ platformTenantId: scope.platformTenantId, id: rowId }),
    )
  return Effect.gen(function* () {
    const found = (yield* byRowId(yield* tenantKey(id))) ?? (yield* byRowId((yield* findTenant(scope, id)).id))
    return found ?? (yield* Effect.fail(new NotFoundError('M365 tenant')))
  })
}

function tenantKey(id: string): Effect.Effect<string, TenantscopeError> {
  const key = typeof id === 'string' ? id.toLowerCase() : ''
  return rowId.test(key) ? Effect.succeed(key) : Effect.fail(malformed('/id'))
}

export function malformed(pointer: string): InvalidInputError {
  return new InvalidInputError([{ pointer, detail: 'must be a GUID such as 660636d5-cb4e-4816-b1b8-f5afc446f583.' }])
}

export function patchTenant(
  scope: Scope,
  id: string,
  fields: {
    [K in 'name' | 'defaultDomain' | 'description' | 'status' | 'inputs' | 'lastTest']?: M365Tenant[K] | undefined
  },
  note: { action: string; fields: string[] },
) {
  return Effect.gen(function* () {
    const updatedAt = yield* now
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    const { platformTenantId, actor: updatedBy } = scope
    const { action, fields: changed } = note
    const audit = auditEntry(scope, updatedAt, {
      action,
      resource: m365TenantResource(id),
      detail: { fields: changed },
    })
    const updated = yield* withStorage((storage) =>
      storage.m365Tenants.update({ platformTenantId, id, patch: { ...given, updatedAt, updatedBy }, audit }),
    )
    return updated ?? (yield* Effect.fail(new NotFoundError('M365 tenant')))
  })
}
