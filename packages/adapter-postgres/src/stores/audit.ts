import { type AuditEntry, type AuditStore, checkAudit } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { newestBy, readCursor, readPage, Values } from './paging.ts'
import { storableJson } from './storable.ts'

interface AuditRow {
  platform_tenant_id: string
  id: string
  at: string
  actor: string
  action: string
  resource_type: string
  resource_id: string
  request_id: string | null
  detail: Record<string, unknown>
}

/** To be called after the write that it tells of, when that did something: an entry that is refused undoes the write too. */
export async function writeAudit(
  tx: Tx,
  platformTenantId: string,
  audit: AuditEntry | null | undefined,
): Promise<void> {
  checkAudit(platformTenantId, audit)
  if (!audit) return
  await tx.texts(
    `insert into :schema.audit_log as a (platform_tenant_id, id, at, actor, action, resource_type, resource_id, request_id, detail)
      values ($1::text, $2::text::uuid, $3::text::timestamptz, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text::jsonb) returning a.id::text`,
    [
      platformTenantId,
      audit.id,
      audit.at,
      audit.actor,
      audit.action,
      audit.resource.type,
      audit.resource.id,
      audit.requestId,
      storableJson(audit.detail),
    ],
  )
}

/** `write`, and after it the entry, unless the write says that it did nothing. */
export async function audited<T>(
  tx: Tx,
  platformTenantId: string,
  audit: AuditEntry | null | undefined,
  write: Promise<T>,
): Promise<T> {
  const outcome = await write
  if (outcome !== null && outcome !== false) await writeAudit(tx, platformTenantId, audit)
  return outcome
}

const newestAudit = newestBy<AuditRow>('at', (row) => row.at)

export function auditStore(db: Database): AuditStore {
  return {
    list: async ({ platformTenantId, resourceType, resourceId, action, actor, since, cursor, limit }) => {
      const at = readCursor(newestAudit, cursor)
      const values = new Values()
      const conditions = [`a.platform_tenant_id = ${values.add(platformTenantId)}`]
      const filters = { resource_type: resourceType, resource_id: resourceId, action, actor }
      for (const [column, value] of Object.entries(filters)) {
        if (value !== null) conditions.push(`a.${column} = ${values.add(value)}`)
      }
      if (since !== null) conditions.push(`a.at >= ${values.add(since, 'timestamptz')}`)
      return db.readTenant(platformTenantId, (tx) =>
        readPage<AuditRow, AuditEntry>({
          tx,
          keyset: newestAudit,
          from: ':schema.audit_log a',
          conditions,
          values,
          at,
          limit,
          map: toAudit,
        }),
      )
    },
  }
}

function toAudit(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    at: new Date(row.at),
    actor: row.actor,
    action: row.action,
    resource: { type: row.resource_type, id: row.resource_id },
    requestId: row.request_id,
    detail: row.detail,
  }
}
