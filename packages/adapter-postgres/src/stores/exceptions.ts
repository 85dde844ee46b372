import type { ExceptionStore, RiskException, RiskExceptionPatch } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { audited } from './audit.ts'
import { deleteById, getById, updateById } from './by-id.ts'
import { Changes } from './changes.ts'
import { newestFirst, readCursor, readPage, Values } from './paging.ts'
import { isRowId } from './storable.ts'

interface ExceptionRow {
  platform_tenant_id: string
  id: string
  m365_tenant_id: string | null
  benchmark_id: string
  control_id: string
  entity_id: string | null
  reason: string
  requested_by: string
  approved_by: string | null
  expires_at: string
  created_at: string
  updated_at: string
  created_by: string
  updated_by: string
}

export function exceptionStore(db: Database): ExceptionStore {
  return {
    insert: async ({ exception, audit }) => {
      const { platformTenantId, m365TenantId } = exception
      if (m365TenantId !== null && !isRowId(m365TenantId)) return null
      return db.asTenant(platformTenantId, (tx) => audited(tx, platformTenantId, audit, insert(tx, exception)))
    },
    get: (key) => getById(db, 'exceptions', key, toException),
    list: async ({ platformTenantId, m365TenantId, benchmarkId, controlId, validAt, cursor, limit }) => {
      const at = readCursor(newestFirst, cursor)
      const values = new Values()
      const conditions = [`x.platform_tenant_id = ${values.add(platformTenantId)}`]
      if (m365TenantId !== null) {
        const own = isRowId(m365TenantId) ? ` or x.m365_tenant_id = ${values.add(m365TenantId, 'uuid')}` : ''
        conditions.push(`(x.m365_tenant_id is null${own})`)
      }
      if (benchmarkId !== null) conditions.push(`x.benchmark_id = ${values.add(benchmarkId)}`)
      if (controlId !== null) conditions.push(`x.control_id = ${values.add(controlId)}`)
      if (validAt !== null) conditions.push(`x.expires_at > ${values.add(validAt, 'timestamptz')}`)
      const page = { keyset: newestFirst, from: ':schema.exceptions x', conditions, values, at, limit }
      return db.readTenant(platformTenantId, (tx) =>
        readPage<ExceptionRow, RiskException>({ tx, ...page, map: toException }),
      )
    },
    update: ({ patch, ...write }) => updateById(db, 'exceptions', write, changesOf(patch), toException),
    delete: (write) => deleteById(db, 'exceptions', write),
  }
}

/** Null when it names an M365 tenant that is not there. The select locks that one, so that it cannot be deleted between the look and the write. */
async function insert(tx: Tx, exception: RiskException): Promise<RiskException | null> {
  const row = await tx.row<ExceptionRow>(
    `with named as (select t.id from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.id = $3::text::uuid for key share)
    insert into :schema.exceptions as x (platform_tenant_id, id, m365_tenant_id, benchmark_id, control_id, entity_id, reason, requested_by, approved_by,
      expires_at, created_at, updated_at, created_by, updated_by)
    select $1::text, $2::text::uuid, $3::text::uuid, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text::timestamptz,
      $11::text::timestamptz, $12::text::timestamptz, $13::text, $14::text
    where $3::text is null or exists (select from named)
    returning row_to_json(x)::text`,
    [
      exception.platformTenantId,
      exception.id,
      exception.m365TenantId,
      exception.benchmarkId,
      exception.controlId,
      exception.entityId,
      exception.reason,
      exception.requestedBy,
      exception.approvedBy,
      exception.expiresAt,
      exception.createdAt,
      exception.updatedAt,
      exception.createdBy,
      exception.updatedBy,
    ],
  )
  return row && toException(row)
}

function changesOf(patch: RiskExceptionPatch): Changes {
  return new Changes()
    .set('reason', patch.reason)
    .set('requested_by', patch.requestedBy)
    .set('approved_by', patch.approvedBy)
    .set('expires_at', patch.expiresAt, 'timestamptz')
    .set('updated_at', patch.updatedAt, 'timestamptz')
    .set('updated_by', patch.updatedBy)
}

function toException(row: ExceptionRow): RiskException {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    benchmarkId: row.benchmark_id,
    controlId: row.control_id,
    entityId: row.entity_id,
    reason: row.reason,
    requestedBy: row.requested_by,
    approvedBy: row.approved_by,
    expiresAt: new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }
}
