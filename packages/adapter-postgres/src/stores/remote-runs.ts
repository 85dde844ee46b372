import type { InboxMessage, RemoteRun, RemoteRunStore, Scan } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { entered } from './locked-scan.ts'
import { toDate } from './rows.ts'
import { isRowId, storableJson } from './storable.ts'

interface RunRow {
  platform_tenant_id: string
  scan_id: string
  attempt: number
  sealed_key: RemoteRun['sealedKey']
  opened_at: string
  closed_at: string | null
  last_message_at: string | null
  consumed: number
  accepted: number
  rejected: number
}

interface MessageRow {
  id: string
  sequence: number
  byte_offset: number
  events: number
  bytes: number
  body: unknown
}

/** Inboxes of remote runs: found by the scan's id alone, then inside its platform tenant. */
export function remoteRunStore(db: Database): RemoteRunStore {
  /** Runs `change` with the open run of this attempt locked; null when there is none. */
  const open = <T>(
    params: { scanId: string; attempt: number },
    change: (tx: Tx, run: RunRow, scan: Scan) => Promise<T | null>,
  ): Promise<T | null> =>
    entered(db, params.scanId, '', async (tx, scan) => {
      const run = await tx.row<RunRow>(
        `select row_to_json(r)::text from :schema.remote_runs r where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid
          and r.attempt = $3::text::int and r.closed_at is null for update`,
        [scan.platformTenantId, scan.id, params.attempt],
      )
      return run && change(tx, run, scan)
    })
  return {
    open: async ({ scanId, attempt, sealedKey, at }) => {
      const opened = await entered(db, scanId, 'for update', async (tx, scan) => {
        if (scan.status !== 'running' || scan.attempt !== attempt) return null
        const key = [scan.platformTenantId, scan.id]
        // Messages of an earlier attempt go with its row.
        await tx.texts(
          'delete from :schema.remote_runs r where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid returning r.attempt::text',
          key,
        )
        await tx.texts(
          `insert into :schema.remote_runs as r (platform_tenant_id, scan_id, attempt, sealed_key, opened_at, consumed, accepted, rejected)
            values ($1::text, $2::text::uuid, $3::text::int, $4::text::jsonb, $5::text::timestamptz, 0, 0, 0) returning r.attempt::text`,
          [...key, attempt, storableJson(sealedKey), at],
        )
        return true
      })
      return opened ?? false
    },
    find: ({ scanId }) =>
      entered(db, scanId, '', async (tx, scan) => {
        const row = await tx.row<RunRow>(
          'select row_to_json(r)::text from :schema.remote_runs r where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid',
          [scan.platformTenantId, scan.id],
        )
        return row && { run: toRun(row), scan }
      }),
    append: async (params) => {
      const outcome = await open(params, (tx, run, scan) => append(tx, run, scan, params))
      return outcome ?? 'ended'
    },
    take: async (params) => {
      const messages = await open(params, (tx, run) => take(tx, run, params))
      return messages ?? []
    },
    countRejected: async ({ scanId, attempt, at }) => {
      if (!isRowId(scanId)) return
      await entered(db, scanId, '', (tx, scan) =>
        tx.texts(
          `update :schema.remote_runs r set rejected = r.rejected + 1, last_message_at = $4::text::timestamptz
            where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid and r.attempt = $3::text::int returning r.attempt::text`,
          [scan.platformTenantId, scan.id, attempt, at],
        ),
      )
    },
    close: async (params) => {
      await open(params, async (tx, run) => {
        const key = [run.platform_tenant_id, run.scan_id]
        await Promise.all([
          tx.texts(
            `update :schema.remote_runs r set closed_at = $3::text::timestamptz, consumed = $4::text::bigint
              where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid returning r.attempt::text`,
            [...key, params.at, params.consumed],
          ),
          tx.texts(
            'delete from :schema.remote_messages m where m.platform_tenant_id = $1::text and m.scan_id = $2::text::uuid returning m.id',
            key,
          ),
        ])
        return true
      })
    },
  }
}

async function append(
  tx: Tx,
  run: RunRow,
  scan: Scan,
  params: Parameters<RemoteRunStore['append']>[0],
): Promise<'stored' | 'known' | 'full' | 'ended'> {
  const { message, attempt, at, maxWaiting, maxWaitingBytes } = params
  if (scan.status !== 'running' || scan.attempt !== attempt) return 'ended'
  const key = [run.platform_tenant_id, run.scan_id]
  const [waiting] = await tx.rows<{ messages: number; bytes: number; known: boolean; next: boolean }>(
    `select json_build_object('messages', count(*), 'bytes', coalesce(sum(m.bytes), 0), 'known', coalesce(bool_or(m.id = $3::text), false),
      'next', coalesce(bool_or(m.sequence <= $4::text::bigint), false))::text
      from :schema.remote_messages m where m.platform_tenant_id = $1::text and m.scan_id = $2::text::uuid`,
    [...key, message.id, run.consumed],
  )
  const { messages = 0, bytes = 0, known = false, next = false } = waiting ?? {}
  const taken = message.events > 0 && message.sequence + message.events <= run.consumed
  const room = messages < maxWaiting && bytes + message.bytes <= maxWaitingBytes
  const onlyNext = message.sequence <= run.consumed && !next
  const outcome = known || taken ? 'known' : room || onlyNext ? 'stored' : 'full'
  await tx.texts(
    `update :schema.remote_runs r set last_message_at = $3::text::timestamptz, accepted = r.accepted + $4::text::int
      where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid returning r.attempt::text`,
    [...key, at, outcome === 'stored' ? 1 : 0],
  )
  if (outcome !== 'stored') return outcome
  await tx.texts(
    `with added as (
      insert into :schema.remote_messages (platform_tenant_id, scan_id, id, sequence, byte_offset, events, bytes, body)
      values ($1::text, $2::text::uuid, $3::text, $4::text::bigint, $5::text::bigint, $6::text::int, $7::text::bigint, $8::text::jsonb)
      returning scan_id)
    select pg_notify(:channel_name, scan_id::text || ':0')::text from added`,
    [...key, message.id, message.sequence, message.offset, message.events, message.bytes, storableJson(message.body)],
  )
  return outcome
}

async function take(
  tx: Tx,
  run: RunRow,
  params: { handled: readonly string[]; consumed: number; limit: number },
): Promise<InboxMessage[]> {
  const key = [run.platform_tenant_id, run.scan_id]
  if (params.handled.length > 0 || params.consumed !== run.consumed) {
    await Promise.all([
      tx.texts(
        `delete from :schema.remote_messages m where m.platform_tenant_id = $1::text and m.scan_id = $2::text::uuid
          and m.id in (select jsonb_array_elements_text($3::text::jsonb)) returning m.id`,
        [...key, storableJson(params.handled)],
      ),
      tx.texts(
        `update :schema.remote_runs r set consumed = $3::text::bigint
          where r.platform_tenant_id = $1::text and r.scan_id = $2::text::uuid returning r.attempt::text`,
        [...key, params.consumed],
      ),
    ])
  }
  const rows = await tx.rows<MessageRow>(
    `select row_to_json(m)::text from (
      select m.id, m.sequence, m.byte_offset, m.events, m.bytes, m.body from :schema.remote_messages m
      where m.platform_tenant_id = $1::text and m.scan_id = $2::text::uuid
      order by m.sequence, m.byte_offset, m.id limit $3::text::int) m`,
    [...key, params.limit],
  )
  return rows.map(({ byte_offset: offset, ...message }) => ({ ...message, offset }))
}

function toRun(row: RunRow): RemoteRun {
  return {
    platformTenantId: row.platform_tenant_id,
    scanId: row.scan_id,
    attempt: row.attempt,
    sealedKey: row.sealed_key,
    openedAt: new Date(row.opened_at),
    closedAt: toDate(row.closed_at),
    lastMessageAt: toDate(row.last_message_at),
    consumed: row.consumed,
    accepted: row.accepted,
    rejected: row.rejected,
  }
}
