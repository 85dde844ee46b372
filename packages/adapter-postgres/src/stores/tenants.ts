import type {
  CredentialStore,
  M365Tenant,
  M365TenantPatch,
  M365TenantStore,
  Page,
  StoredCredential,
} from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { audited, writeAudit } from './audit.ts'
import { deleteById, getById, updateById } from './by-id.ts'
import { Changes } from './changes.ts'
import { newestFirst, readCursor, readPage, Values } from './paging.ts'
import { type CredentialRow, type TenantRow, toCredential, toTenant } from './rows.ts'
import { isRowId, storableJson } from './storable.ts'

export function tenantStore(db: Database): M365TenantStore {
  return {
    insert: ({ tenant, credential, audit }) =>
      db.asTenant(tenant.platformTenantId, async (tx) => {
        const row = await tx.row<TenantRow>(
          `insert into :schema.m365_tenants as t (platform_tenant_id, id, m365_tenant_id, name, default_domain, description, status, inputs,
            last_test, created_at, updated_at, created_by, updated_by)
          values ($1::text, $2::text::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text::jsonb, $9::text::jsonb,
            $10::text::timestamptz, $11::text::timestamptz, $12::text, $13::text)
          on conflict do nothing
          returning row_to_json(t)::text`,
          [
            tenant.platformTenantId,
            tenant.id,
            tenant.m365TenantId,
            tenant.name,
            tenant.defaultDomain,
            tenant.description,
            tenant.status,
            storableJson(tenant.inputs),
            tenant.lastTest && storableJson(tenant.lastTest),
            tenant.createdAt,
            tenant.updatedAt,
            tenant.createdBy,
            tenant.updatedBy,
          ],
        )
        if (!row) return null
        if (credential) await putCredential(tx, credential)
        await writeAudit(tx, tenant.platformTenantId, audit)
        return toTenant(row)
      }),
    get: (key) => getById(db, 'm365_tenants', key, toTenant),
    getWithCredential: async ({ platformTenantId, id }) => {
      if (!isRowId(id)) return null
      return db.readTenant(platformTenantId, async (tx) => {
        const row = await tx.row<{ tenant: TenantRow; credential: CredentialRow | null }>(
          `select json_build_object('tenant', row_to_json(t), 'credential', row_to_json(c))::text
            from :schema.m365_tenants t
            left join :schema.credentials c on c.platform_tenant_id = t.platform_tenant_id and c.m365_tenant_id = t.id
            where t.platform_tenant_id = $1::text and t.id = $2::text::uuid`,
          [platformTenantId, id],
        )
        return row && { tenant: toTenant(row.tenant), credential: row.credential && toCredential(row.credential) }
      })
    },
    getByM365TenantId: ({ platformTenantId, m365TenantId }) =>
      db.readTenant(platformTenantId, async (tx) => {
        const row = await tx.row<TenantRow>(
          `select row_to_json(t)::text from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.m365_tenant_id = $2::text`,
          [platformTenantId, m365TenantId],
        )
        return row && toTenant(row)
      }),
    list: (params) => listTenants(db, params),
    update: ({ patch, ...write }) => updateById(db, 'm365_tenants', write, changesOf(patch), toTenant),
    delete: (write) => deleteById(db, 'm365_tenants', write),
  }
}

async function listTenants(
  db: Database,
  { platformTenantId, status, q, cursor, limit }: Parameters<M365TenantStore['list']>[0],
): Promise<Page<M365Tenant>> {
  const at = readCursor(newestFirst, cursor)
  const values = new Values()
  const conditions = [`t.platform_tenant_id = ${values.add(platformTenantId)}`]
  if (status !== null) conditions.push(`t.status = ${values.add(status)}`)
  if (q !== null && q !== '') {
    const needle = `lower(${values.add(q)})`
    // strpos knows no wildcards, so %, _ and \ are what they are.
    const places = ['t.name', 't.default_domain', `coalesce(t.description, '')`, 't.m365_tenant_id']
    conditions.push(`(${places.map((place) => `strpos(lower(${place}), ${needle}) > 0`).join(' or ')})`)
  }
  return db.readTenant(platformTenantId, (tx) =>
    readPage<TenantRow, M365Tenant>({
      tx,
      keyset: newestFirst,
      from: ':schema.m365_tenants t',
      conditions,
      values,
      at,
      limit,
      map: toTenant,
    }),
  )
}

function changesOf(patch: M365TenantPatch): Changes {
  return new Changes()
    .set('name', patch.name)
    .set('default_domain', patch.defaultDomain)
    .set('description', patch.description)
    .set('status', patch.status)
    .json('inputs', patch.inputs)
    .json('last_test', patch.lastTest)
    .set('updated_at', patch.updatedAt, 'timestamptz')
    .set('updated_by', patch.updatedBy)
}

export function credentialStore(db: Database): CredentialStore {
  return {
    get: async ({ platformTenantId, m365TenantId }) => {
      if (!isRowId(m365TenantId)) return null
      return db.readTenant(platformTenantId, async (tx) => {
        const row = await tx.row<CredentialRow>(
          `select row_to_json(c)::text from :schema.credentials c where c.platform_tenant_id = $1::text and c.m365_tenant_id = $2::text::uuid`,
          [platformTenantId, m365TenantId],
        )
        return row && toCredential(row)
      })
    },
    put: async ({ credential, audit }) => {
      const { platformTenantId } = credential
      if (!isRowId(credential.m365TenantId)) return false
      return db.asTenant(platformTenantId, (tx) => audited(tx, platformTenantId, audit, putCredential(tx, credential)))
    },
  }
}

/** The select locks the M365 tenant, so that it cannot be deleted between the look and the write. */
async function putCredential(tx: Tx, credential: StoredCredential): Promise<boolean> {
  const stored = await tx.texts(
    `insert into :schema.credentials (platform_tenant_id, m365_tenant_id, id, kind, client_id, thumbprint, expires_at, sealed, created_at, updated_at)
      select t.platform_tenant_id, t.id, $3::text::uuid, $4::text, $5::text, $6::text, $7::text::timestamptz, $8::text::jsonb,
        $9::text::timestamptz, $10::text::timestamptz
      from :schema.m365_tenants t where t.platform_tenant_id = $1::text and t.id = $2::text::uuid for key share
      on conflict (platform_tenant_id, m365_tenant_id) do update set id = excluded.id, kind = excluded.kind, client_id = excluded.client_id,
        thumbprint = excluded.thumbprint, expires_at = excluded.expires_at, sealed = excluded.sealed, created_at = excluded.created_at,
        updated_at = excluded.updated_at
      returning 'stored'`,
    [
      credential.platformTenantId,
      credential.m365TenantId,
      credential.id,
      credential.kind,
      credential.clientId,
      credential.thumbprint,
      credential.expiresAt,
      storableJson(credential.sealed),
      credential.createdAt,
      credential.updatedAt,
    ],
  )
  return stored.length > 0
}
