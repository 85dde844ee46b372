import type {
  Page,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEndpointPatch,
  WebhookEventType,
  WebhookStore,
} from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { writeAudit } from './audit.ts'
import { deleteById, getById, selectById, updateById } from './by-id.ts'
import { Changes } from './changes.ts'
import { lockName } from './lock.ts'
import { emptyPage, newestFirst, readCursor, readPage, Values } from './paging.ts'
import { toDate } from './rows.ts'
import { isRowId, storableJson } from './storable.ts'

interface EndpointRow {
  platform_tenant_id: string
  id: string
  url: string
  description: string | null
  event_types: WebhookEventType[]
  status: WebhookEndpoint['status']
  disabled_reason: string | null
  secrets: { sealed: WebhookEndpoint['secrets'][number]['sealed']; expiresAt: string | null }[]
  created_at: string
  updated_at: string
  created_by: string
  updated_by: string
}

export interface DeliveryRow {
  platform_tenant_id: string
  id: string
  endpoint_id: string
  event_type: WebhookEventType
  scan_id: string | null
  payload: unknown
  status: WebhookDelivery['status']
  attempts: number
  next_attempt_at: string | null
  last_attempt_at: string | null
  response_status: number | null
  error: string | null
  created_at: string
  completed_at: string | null
}

export function webhookStore(db: Database): WebhookStore {
  return {
    insertEndpoint: ({ endpoint, limit, audit }) =>
      db.asTenant(endpoint.platformTenantId, async (tx) => {
        const row = await insertEndpoint(db, tx, endpoint, limit)
        if (!row) return 'limit_reached'
        await writeAudit(tx, endpoint.platformTenantId, audit)
        return toEndpoint(row)
      }),
    getEndpoint: (key) => getById(db, 'webhook_endpoints', key, toEndpoint),
    listEndpoints: async ({ platformTenantId, cursor, limit }) => {
      const at = readCursor(newestFirst, cursor)
      const values = new Values()
      const conditions = [`e.platform_tenant_id = ${values.add(platformTenantId)}`]
      const page = { keyset: newestFirst, from: ':schema.webhook_endpoints e', conditions, values, at, limit }
      return db.readTenant(platformTenantId, (tx) =>
        readPage<EndpointRow, WebhookEndpoint>({ tx, ...page, map: toEndpoint }),
      )
    },
    updateEndpoint: ({ patch, ...write }) => updateById(db, 'webhook_endpoints', write, changesOf(patch), toEndpoint),
    deleteEndpoint: (write) => deleteById(db, 'webhook_endpoints', write),
    getDelivery: ({ platformTenantId, deliveryId: id }) =>
      getById(db, 'webhook_deliveries', { platformTenantId, id }, toDelivery),
    listDeliveries: (params) => listDeliveries(db, params),
    enqueue: async (event) => {
      const ids = [event.scanId, event.endpointId].filter((id) => id !== null)
      if (!ids.every(isRowId)) return 0
      return db.asTenant(event.platformTenantId, async (tx) => {
        const added = await addDeliveries(tx, event)
        if (added > 0) await writeAudit(tx, event.platformTenantId, event.audit)
        return added
      })
    },
    redeliver: async ({ platformTenantId, deliveryId, audit }) => {
      if (!isRowId(deliveryId)) return null
      return db.asTenant(platformTenantId, async (tx) => {
        const row = await tx.row<DeliveryRow>(
          `update :schema.webhook_deliveries d set status = 'pending', attempts = 0, next_attempt_at = ${thisMoment}, leased_until = null, completed_at = null
            where d.platform_tenant_id = $1::text and d.id = $2::text::uuid and (d.leased_until is null or d.leased_until <= clock_timestamp())
            returning row_to_json(d)::text`,
          [platformTenantId, deliveryId],
        )
        if (!row) {
          const key = { platformTenantId, id: deliveryId }
          const found = await selectById<DeliveryRow>(tx, 'webhook_deliveries', key)
          return found && toDelivery(found)
        }
        await writeAudit(tx, platformTenantId, audit)
        return toDelivery(row)
      })
    },
  }
}

/** Cut, not rounded: a time that is due now must not lie half a millisecond ahead. */
export const thisMoment = `date_trunc('milliseconds', clock_timestamp())`

/** Null when there are `limit` already. The lock lets one insert of a platform tenant count at a time; it ends with the transaction. */
async function insertEndpoint(db: Database, tx: Tx, endpoint: WebhookEndpoint, limit: number) {
  const [, row] = await Promise.all([
    lockName(db, tx, `webhook_endpoints ${endpoint.platformTenantId}`),
    tx.row<EndpointRow>(
      `insert into :schema.webhook_endpoints as e (platform_tenant_id, id, url, description, event_types, status, disabled_reason, secrets,
        created_at, updated_at, created_by, updated_by)
      select $1::text, $2::text::uuid, $3::text, $4::text, $5::text::jsonb, $6::text, $7::text, $8::text::jsonb, $9::text::timestamptz,
        $10::text::timestamptz, $11::text, $12::text
      where (select count(*) from :schema.webhook_endpoints o where o.platform_tenant_id = $1::text) < $13::text::bigint
      returning row_to_json(e)::text`,
      [
        endpoint.platformTenantId,
        endpoint.id,
        endpoint.url,
        endpoint.description,
        storableJson(endpoint.eventTypes),
        endpoint.status,
        endpoint.disabledReason,
        storableJson(endpoint.secrets),
        endpoint.createdAt,
        endpoint.updatedAt,
        endpoint.createdBy,
        endpoint.updatedBy,
        limit,
      ],
    ),
  ])
  return row
}

function changesOf(patch: WebhookEndpointPatch): Changes {
  return new Changes()
    .set('url', patch.url)
    .set('description', patch.description)
    .json('event_types', patch.eventTypes)
    .set('status', patch.status)
    .set('disabled_reason', patch.disabledReason)
    .json('secrets', patch.secrets)
    .set('updated_at', patch.updatedAt, 'timestamptz')
    .set('updated_by', patch.updatedBy)
}

async function listDeliveries(
  db: Database,
  { platformTenantId, endpointId, status, cursor, limit }: Parameters<WebhookStore['listDeliveries']>[0],
): Promise<Page<WebhookDelivery>> {
  const at = readCursor(newestFirst, cursor)
  if (!isRowId(endpointId)) return emptyPage()
  const values = new Values()
  const conditions = [
    `d.platform_tenant_id = ${values.add(platformTenantId)}`,
    `d.endpoint_id = ${values.add(endpointId, 'uuid')}`,
  ]
  if (status !== null) conditions.push(`d.status = ${values.add(status)}`)
  const page = { keyset: newestFirst, from: ':schema.webhook_deliveries d', conditions, values, at, limit }
  return db.readTenant(platformTenantId, (tx) =>
    readPage<DeliveryRow, WebhookDelivery>({ tx, ...page, map: toDelivery }),
  )
}

/**
 * One pending delivery for each endpoint that wants it; the number of them. The select locks the endpoints, so that none is deleted between the look and the
 * write: the outbox must not make a scan's end fail. Under either role, inside the platform tenant.
 */
export async function addDeliveries(tx: Tx, event: Parameters<WebhookStore['enqueue']>[0]): Promise<number> {
  const { platformTenantId, eventType, scanId, payload, endpointId, at } = event
  const [added] = await tx.texts(
    `with wanted as (
      select e.platform_tenant_id, e.id from :schema.webhook_endpoints e
      where e.platform_tenant_id = $1::text and e.status = 'enabled'
        and case when $5::text is null then e.event_types = '[]' or e.event_types @> to_jsonb($2::text) else e.id = $5::text::uuid end
        and ($3::text is null or exists (select from :schema.scans s where s.platform_tenant_id = $1::text and s.id = $3::text::uuid))
      order by e.id for key share
    ), added as (
      insert into :schema.webhook_deliveries (platform_tenant_id, id, endpoint_id, event_type, scan_id, payload, status, attempts, next_attempt_at, created_at)
      select w.platform_tenant_id, gen_random_uuid(), w.id, $2::text, $3::text::uuid, $4::text::jsonb, 'pending', 0, ${thisMoment}, $6::text::timestamptz
      from wanted w returning id)
    select count(*)::text from added`,
    [
      platformTenantId,
      eventType,
      scanId,
      payload === null || payload === undefined ? null : storableJson(payload),
      endpointId,
      at,
    ],
  )
  return Number(added)
}

function toEndpoint(row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    url: row.url,
    description: row.description,
    eventTypes: row.event_types,
    status: row.status,
    disabledReason: row.disabled_reason,
    secrets: row.secrets.map(({ sealed, expiresAt }) => ({ sealed, expiresAt: toDate(expiresAt) })),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }
}

export function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    platformTenantId: row.platform_tenant_id,
    endpointId: row.endpoint_id,
    eventType: row.event_type,
    scanId: row.scan_id,
    payload: row.payload,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: toDate(row.next_attempt_at),
    lastAttemptAt: toDate(row.last_attempt_at),
    responseStatus: row.response_status,
    error: row.error,
    createdAt: new Date(row.created_at),
    completedAt: toDate(row.completed_at),
  }
}
