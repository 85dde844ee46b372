import { deliveriesAtOncePerEndpoint, type WebhookOutcome, type WorkStore } from '@tenantscope/core'
import { type Database, enterTenant, type Tx } from '../database.ts'
import { lockName } from './lock.ts'
import { isRowId } from './storable.ts'
import { type DeliveryRow, thisMoment, toDelivery } from './webhooks.ts'

/** The sender's side of the outbox: across platform tenants. */
export function deliveryWork(db: Database): Pick<WorkStore, 'claimDeliveries' | 'settleDelivery'> {
  return {
    claimDeliveries: ({ leaseMs, limit }) =>
      db.asWorker(async (tx) => {
        // One claimer at a time: two that count at once would each give an endpoint its full share.
        const [, rows] = await Promise.all([
          lockName(db, tx, 'webhook_deliveries'),
          tx.rows<DeliveryRow>(claim, [limit, leaseMs, deliveriesAtOncePerEndpoint]),
        ])
        return rows.map(toDelivery)
      }),
    settleDelivery: async ({ deliveryId, platformTenantId, attempt, outcome, at }) => {
      if (!isRowId(deliveryId)) return false
      return db.asWorker(async (tx) => {
        await enterTenant(tx, platformTenantId)
        return settle(tx, { deliveryId, platformTenantId, attempt, outcome, at })
      })
    },
  }
}

const free = 'd.leased_until is null or d.leased_until <= clock_timestamp()'

const claim = `
  with busy as (
    select d.platform_tenant_id, d.endpoint_id, count(*) as n from :schema.webhook_deliveries d
    where d.status = 'pending' and not (${free}) group by d.platform_tenant_id, d.endpoint_id
  ), due as (
    select d.platform_tenant_id, d.endpoint_id, d.id, d.next_attempt_at,
      row_number() over (partition by d.platform_tenant_id, d.endpoint_id order by d.next_attempt_at, d.id) as place
    from :schema.webhook_deliveries d where d.status = 'pending' and d.next_attempt_at <= clock_timestamp() and (${free})
  ), picked as (
    select u.platform_tenant_id, u.id from due u
      left join busy b on b.platform_tenant_id = u.platform_tenant_id and b.endpoint_id = u.endpoint_id
    where u.place + coalesce(b.n, 0) <= $3::text::int
    order by u.next_attempt_at, u.id limit $1::text::int
  ), claimed as (
    update :schema.webhook_deliveries d set attempts = d.attempts + 1,
      leased_until = clock_timestamp() + $2::text::double precision * interval '1 millisecond'
    from picked p
    where d.platform_tenant_id = p.platform_tenant_id and d.id = p.id and d.status = 'pending' and (${free})
    returning d.*
  )
  select row_to_json(c)::text from claimed c order by c.next_attempt_at, c.id`

async function settle(
  tx: Tx,
  params: { deliveryId: string; platformTenantId: string; attempt: number; outcome: WebhookOutcome; at: Date },
): Promise<boolean> {
  const { deliveryId, platformTenantId, attempt, outcome, at } = params
  const retry = outcome.kind === 'retry'
  const row = await tx.row<{ endpoint_id: string }>(
    `update :schema.webhook_deliveries d set status = $4::text, leased_until = null, last_attempt_at = $5::text::timestamptz,
      response_status = $6::text::int, error = $7::text, completed_at = case when $4::text = 'pending' then null else $5::text::timestamptz end,
      next_attempt_at = case when $4::text = 'pending' then ${thisMoment} + $8::text::double precision * interval '1 millisecond' end
    where d.platform_tenant_id = $1::text and d.id = $2::text::uuid and d.status = 'pending' and d.attempts = $3::text::int
    returning json_build_object('endpoint_id', d.endpoint_id)::text`,
    [
      platformTenantId,
      deliveryId,
      attempt,
      retry ? 'pending' : outcome.kind,
      at,
      outcome.responseStatus,
      outcome.kind === 'delivered' ? null : outcome.error,
      retry ? outcome.delayMs : null,
    ],
  )
  if (!row) return false
  if (outcome.kind === 'failed' && outcome.disableEndpoint !== null) {
    await tx.texts(
      `update :schema.webhook_endpoints e set status = 'disabled', disabled_reason = $3::text, updated_at = $4::text::timestamptz
        where e.platform_tenant_id = $1::text and e.id = $2::text::uuid and e.status = 'enabled' returning e.id::text`,
      [platformTenantId, row.endpoint_id, outcome.disableEndpoint, at],
    )
  }
  return true
}
