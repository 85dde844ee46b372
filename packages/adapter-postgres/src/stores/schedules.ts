import type { Page, Schedule, SchedulePatch, ScheduleStore } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { audited } from './audit.ts'
import { deleteById, getById, updateById } from './by-id.ts'
import { Changes } from './changes.ts'
import { emptyPage, newestFirst, readCursor, readPage, Values } from './paging.ts'
import { toDate } from './rows.ts'
import { isRowId, storableJson } from './storable.ts'

interface ScheduleRow {
  platform_tenant_id: string
  id: string
  m365_tenant_id: string
  cron: string
  time_zone: string
  benchmark_id: string
  benchmark_version: string
  options: Schedule['options']
  enabled: boolean
  next_run_at: string | null
  last_run_at: string | null
  last_scan_id: string | null
  created_at: string
  updated_at: string
  created_by: string
  updated_by: string
}

export function scheduleStore(db: Database): ScheduleStore {
  return {
    insert: async ({ schedule, audit }) => {
      const { platformTenantId, m365TenantId } = schedule
      if (!isRowId(m365TenantId)) return null
      return db.asTenant(platformTenantId, (tx) => audited(tx, platformTenantId, audit, insert(tx, schedule)))
    },
    get: (key) => getById(db, 'schedules', key, toSchedule),
    list: (params) => list(db, params),
    update: ({ patch, ...write }) => updateById(db, 'schedules', write, changesOf(patch), toSchedule),
    delete: (write) => deleteById(db, 'schedules', write),
  }
}

/** Null when the M365 tenant is not there. The select locks it, so that it cannot be deleted between the look and the write. */
async function insert(tx: Tx, schedule: Schedule): Promise<Schedule | null> {
  const row = await tx.row<ScheduleRow>(
    `insert into :schema.schedules as c (platform_tenant_id, id, m365_tenant_id, cron, time_zone, benchmark_id, benchmark_version, options, enabled,
      next_run_at, last_run_at, last_scan_id, created_at, updated_at, created_by, updated_by)
    select t.platform_tenant_id, $3::text::uuid, t.id, $4::text, $5::text, $6::text, $7::text, $8::text::jsonb, $9::text::boolean,
      $10::text::timestamptz, $11::text::timestamptz, $12::text::uuid, $13::text::timestamptz, $14::text::timestamptz, $15::text, $16::text
    from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.id = $2::text::uuid for key share
    returning row_to_json(c)::text`,
    [
      schedule.platformTenantId,
      schedule.m365TenantId,
      schedule.id,
      schedule.cron,
      schedule.timeZone,
      schedule.benchmark.id,
      schedule.benchmark.version,
      storableJson(schedule.options),
      schedule.enabled,
      schedule.nextRunAt,
      schedule.lastRunAt,
      schedule.lastScanId,
      schedule.createdAt,
      schedule.updatedAt,
      schedule.createdBy,
      schedule.updatedBy,
    ],
  )
  return row && toSchedule(row)
}

async function list(
  db: Database,
  { platformTenantId, m365TenantId, enabled, cursor, limit }: Parameters<ScheduleStore['list']>[0],
): Promise<Page<Schedule>> {
  const at = readCursor(newestFirst, cursor)
  if (m365TenantId !== null && !isRowId(m365TenantId)) return emptyPage()
  const values = new Values()
  const conditions = [`c.platform_tenant_id = ${values.add(platformTenantId)}`]
  if (m365TenantId !== null) conditions.push(`c.m365_tenant_id = ${values.add(m365TenantId, 'uuid')}`)
  if (enabled !== null) conditions.push(`c.enabled = ${values.add(enabled, 'boolean')}`)
  const page = { keyset: newestFirst, from: ':schema.schedules c', conditions, values, at, limit }
  return db.readTenant(platformTenantId, (tx) => readPage<ScheduleRow, Schedule>({ tx, ...page, map: toSchedule }))
}

function changesOf(patch: SchedulePatch): Changes {
  return new Changes()
    .set('cron', patch.cron)
    .set('time_zone', patch.timeZone)
    .set('benchmark_id', patch.benchmark?.id)
    .set('benchmark_version', patch.benchmark?.version)
    .json('options', patch.options)
    .set('enabled', patch.enabled, 'boolean')
    .set('next_run_at', patch.nextRunAt, 'timestamptz')
    .set('last_run_at', patch.lastRunAt, 'timestamptz')
    .set('last_scan_id', patch.lastScanId, 'uuid')
    .set('updated_at', patch.updatedAt, 'timestamptz')
    .set('updated_by', patch.updatedBy)
}

function toSchedule(row: ScheduleRow): Schedule {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    m365TenantId: row.m365_tenant_id,
    cron: row.cron,
    timeZone: row.time_zone,
    benchmark: { id: row.benchmark_id, version: row.benchmark_version },
    options: row.options,
    enabled: row.enabled,
    nextRunAt: toDate(row.next_run_at),
    lastRunAt: toDate(row.last_run_at),
    lastScanId: row.last_scan_id,
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }
}
