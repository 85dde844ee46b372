import type { AuditEntry } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { audited } from './audit.ts'
import type { Changes } from './changes.ts'
import { isRowId } from './storable.ts'

/** Tables whose rows belong to a platform tenant and have an id of their own. */
type Table = 'm365_tenants' | 'webhook_endpoints' | 'webhook_deliveries' | 'exceptions' | 'schedules'

interface Key {
  platformTenantId: string
  id: string
}

type Write = Key & { audit?: AuditEntry | null | undefined }

export function selectById<Row>(tx: Tx, table: Table, { platformTenantId, id }: Key): Promise<Row | null> {
  return tx.row<Row>(
    `select row_to_json(r)::text from :schema.${table} r where r.platform_tenant_id = $1::text and r.id = $2::text::uuid`,
    [platformTenantId, id],
  )
}

export async function getById<Row, Entity>(
  db: Database,
  table: Table,
  key: Key,
  map: (row: Row) => Entity,
): Promise<Entity | null> {
  if (!isRowId(key.id)) return null
  const row = await db.readTenant(key.platformTenantId, (tx) => selectById<Row>(tx, table, key))
  return row && map(row)
}

/** Null when there is none. `changes` is for this one call: it gets the key's values too. */
export async function updateById<Row, Entity>(
  db: Database,
  table: Table,
  { platformTenantId, id, audit }: Write,
  changes: Changes,
  map: (row: Row) => Entity,
): Promise<Entity | null> {
  if (!isRowId(id)) return null
  const { values, clause } = changes
  const statement = `update :schema.${table} r set ${clause}
    where r.platform_tenant_id = ${values.add(platformTenantId)} and r.id = ${values.add(id, 'uuid')}
    returning row_to_json(r)::text`
  const row = await db.asTenant(platformTenantId, (tx) =>
    audited(tx, platformTenantId, audit, tx.row<Row>(statement, values.list)),
  )
  return row && map(row)
}

/** false when there is none. */
export async function deleteById(db: Database, table: Table, { platformTenantId, id, audit }: Write): Promise<boolean> {
  if (!isRowId(id)) return false
  return db.asTenant(platformTenantId, (tx) => {
    const gone = tx.texts(
      `delete from :schema.${table} r where r.platform_tenant_id = $1::text and r.id = $2::text::uuid returning r.id::text`,
      [platformTenantId, id],
    )
    return audited(
      tx,
      platformTenantId,
      audit,
      gone.then((ids) => ids.length > 0),
    )
  })
}
