import { randomUUID } from 'node:crypto'
import * as Effect from 'effect/Effect'
import * as z from 'zod'
import type { Run } from '../internal/run.ts'
import { type Scope, withStorage } from '../internal/services.ts'
import type { Page } from '../paging/page.ts'
import type { AuditEntry } from '../storage/audit.ts'
import { pageSchema } from '../tenants/m365-tenant-input.ts'
import { validate } from '../validation/validate.ts'

const filter = z
  .string('must be text')
  .max(200)
  .nullish()
  .transform((value) => value ?? null)

const listSchema = z.strictObject({
  resourceType: filter,
  resourceId: filter,
  action: filter,
  actor: filter,
  since: z
    .date()
    .nullish()
    .transform((since) => since ?? null),
  ...pageSchema,
})
export type ListAuditInput = z.input<typeof listSchema>

/** What was done under one platform tenant: one entry per write, stored in the same transaction. It cannot be changed, and outlives what it tells of. */
export interface AuditLog {
  /** Newest first. Filters that are left out match all. */
  list(input?: ListAuditInput): Promise<Page<AuditEntry>>
}

export function auditLog(run: Run, scope: Scope): AuditLog {
  return {
    list: (input) =>
      run(
        Effect.flatMap(validate(listSchema, input ?? {}), (wanted) =>
          withStorage((storage) => storage.audit.list({ platformTenantId: scope.platformTenantId, ...wanted })),
        ),
      ),
  }
}

/** What a write is told with. `detail` names what changed and never holds a value that was handed in. */
export interface AuditNote {
  action: string
  resource: AuditEntry['resource']
  detail?: Record<string, unknown>
}

export function auditEntry(scope: Scope, at: Date, note: AuditNote): AuditEntry {
  const { platformTenantId, actor, requestId } = scope
  const { action, resource, detail = {} } = note
  return { id: randomUUID(), platformTenantId, at, actor, action, resource, requestId, detail }
}

export function m365TenantResource(id: string): AuditEntry['resource'] {
  return { type: 'm365_tenant', id }
}

export function scanResource(id: string): AuditEntry['resource'] {
  return { type: 'scan', id }
}

/** Names of the fields that are not what they were. */
export function changedFields(before: object, after: object): string[] {
  const old = before as Record<string, unknown>
  return Object.entries(after)
    .filter(([name, value]) => value !== undefined && JSON.stringify(old[name]) !== JSON.stringify(value))
    .map(([name]) => name)
    .sort()
}
