import type { IdempotencyStore, StoredResponse } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { storableJson } from './storable.ts'

export function idempotencyStore(db: Database): IdempotencyStore {
  return {
    begin: (params) =>
      db.asTenant(params.platformTenantId, async (tx) => {
        // A key that is freed between the two statements of a round was there for the first and is gone for the second.
        for (let round = 0; ; round += 1) {
          if (await take(tx, params)) return { kind: 'new' }
          const held = await look(tx, params)
          if (held) return held
          if (round === 10) return { kind: 'in_progress' }
        }
      }),
    complete: ({ platformTenantId, key, fingerprint, response }) =>
      db.asTenant(platformTenantId, async (tx) => {
        const done = await tx.texts(
          `update :schema.idempotency_keys k set response = $4::text::jsonb
            where k.platform_tenant_id = $1::text and k.key = $2::text and k.fingerprint = $3::text and k.response is null returning 'done'`,
          [platformTenantId, key, fingerprint, storableJson(response)],
        )
        return done.length > 0
      }),
    abandon: ({ platformTenantId, key, fingerprint }) =>
      db.asTenant(platformTenantId, async (tx) => {
        await tx.texts(
          `delete from :schema.idempotency_keys k
            where k.platform_tenant_id = $1::text and k.key = $2::text and k.fingerprint = $3::text and k.response is null returning 'gone'`,
          [platformTenantId, key, fingerprint],
        )
      }),
  }
}

type Begin = Parameters<IdempotencyStore['begin']>[0]

/** A new key, or one whose owner has been silent for too long. The conflict waits for whoever inserts the same key, so one of several gets it. */
async function take(tx: Tx, { platformTenantId, key, fingerprint, at, lockMs }: Begin): Promise<boolean> {
  const taken = await tx.texts(
    `insert into :schema.idempotency_keys as k (platform_tenant_id, key, fingerprint, begun_at, locked_until)
      values ($1::text, $2::text, $3::text, $4::text::timestamptz, clock_timestamp() + $5::text::double precision * interval '1 millisecond')
      on conflict (platform_tenant_id, key) do update set begun_at = excluded.begun_at, locked_until = excluded.locked_until
        where k.platform_tenant_id = $1::text and k.response is null and k.fingerprint = excluded.fingerprint and k.locked_until <= clock_timestamp()
      returning 'taken'`,
    [platformTenantId, key, fingerprint, at, lockMs],
  )
  return taken.length > 0
}

async function look(tx: Tx, { platformTenantId, key, fingerprint }: Begin) {
  const held = await tx.row<{ fingerprint: string; response: StoredResponse | null }>(
    `select json_build_object('fingerprint', k.fingerprint, 'response', k.response)::text from :schema.idempotency_keys k
      where k.platform_tenant_id = $1::text and k.key = $2::text`,
    [platformTenantId, key],
  )
  if (!held) return null
  if (held.fingerprint !== fingerprint) return { kind: 'mismatch' as const }
  return held.response ? { kind: 'done' as const, response: held.response } : { kind: 'in_progress' as const }
}

/** Across platform tenants, under the worker's role: it may delete keys and read nothing of them but their age. */
export async function pruneIdempotencyKeys(tx: Tx, olderThan: Date): Promise<number> {
  const [pruned] = await tx.texts(
    `with gone as (delete from :schema.idempotency_keys k where k.begun_at < $1::text::timestamptz returning k.begun_at)
      select count(*)::text from gone`,
    [olderThan],
  )
  return Number(pruned)
}
