import { isTenantscopeError } from '@tenantscope/core'
import type { Database, Tx } from '../database.ts'
import { ledgerProblem, readLedger } from '../migrations/migrate.ts'
import { plannedMigrations } from '../migrations/migrations.ts'
import { type Diagnosis, serverDiagnosis } from './diagnosis.ts'
import { readGrants, readPolicies } from './grants.ts'
import { readIsolation } from './isolation.ts'

/** Looks at server, schema, roles, row security, policies and grants. Changes nothing. Rejects only when the database cannot be asked. */
export async function examine(db: Database): Promise<Diagnosis[]> {
  const server = await db.asLogin(async (tx) => {
    const [version] = await tx.texts(`select current_setting('server_version_num')`)
    return serverDiagnosis(Number(version))
  })
  const schema = await examineSchema(db)
  if (schema.some((one) => one.code === 'schema_missing')) return [...server, ...schema]
  const rest = await db.asLogin(async (tx) => [
    ...(await readIsolation(db, tx)),
    ...(await readStrongRoles(tx)),
    ...(await readGrants(db, tx)),
    ...(await readPolicies(db, tx)),
    // PGlite has one login, and who holds the process holds the data.
    ...(db.driver.sessions === 'many' ? await readLogin(db, tx) : []),
  ])
  return [...server, ...schema, ...rest]
}

async function examineSchema(db: Database): Promise<Diagnosis[]> {
  const { schema } = db.names
  try {
    const applied = await db.asLogin((tx) => readLedger(tx))
    const planned = plannedMigrations()
    const problem = ledgerProblem(applied, planned, schema)
    if (problem) return [{ code: 'schema_version', severity: 'error', ...problem }]
    if (applied.length === planned.length) return []
    const code = applied.length === 0 ? 'schema_missing' : 'schema_version'
    const message =
      applied.length === 0
        ? `schema ${schema} is missing`
        : `schema ${schema} is at version ${applied.length}, this package needs ${planned.length}`
    const action = 'Run migrate(), or apply migrations() with your own tool.'
    return [{ code, severity: 'error', message, action }]
  } catch (error) {
    // Without a connection nothing can be said; a refusal is an answer.
    if (!isTenantscopeError(error) || error.code !== 'storage_refused') throw error
    const message = `the migrations of schema ${schema} cannot be read`
    const action = `Grant the login usage on schema ${schema} and select on ${schema}.migrations.`
    return [{ code: 'schema_unreadable', severity: 'error', message, action }]
  }
}

async function readStrongRoles(tx: Tx): Promise<Diagnosis[]> {
  const found = await tx.rows<{ role: string; can: string; not: string }>(`
    select json_build_object('role', rolname, 'can', can, 'not', no)::text
    from pg_roles cross join lateral (values (rolcanlogin, 'log in', 'nologin'), (rolcreaterole, 'create roles', 'nocreaterole')) as v(may, can, no)
    where rolname in (:app_name, :worker_name) and may and not rolsuper`)
  return found.map(({ role, can, not }) => ({
    code: 'role_strong',
    severity: 'warning',
    message: `role ${role} may ${can}`,
    action: `alter role ${role} ${not}`,
  }))
}

/** The login takes the roles in each transaction. What it is itself counts as soon as somebody finds a way to send SQL of their own. */
async function readLogin(db: Database, tx: Tx): Promise<Diagnosis[]> {
  const found = await tx.rows<{
    problem: 'superuser' | 'bypassrls' | 'owner' | 'not_member'
    login: string
    role: string
  }>(`
    with me as (select oid, rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user)
    select json_build_object('problem', problem, 'login', login, 'role', role)::text from (
      select 'superuser' as problem, rolname::text as login, '' as role from me where rolsuper
      union all
      select 'bypassrls', rolname, '' from me where rolbypassrls and not rolsuper
      union all
      select distinct 'owner', me.rolname::text, '' from me join pg_class c on c.relowner = me.oid
        where c.relnamespace = to_regnamespace(:schema_name) and c.relkind in ('r', 'p') and not me.rolsuper
      union all
      select 'not_member', me.rolname, r.rolname from me join pg_roles r on r.rolname in (:app_name, :worker_name)
        where not pg_has_role(me.oid, r.oid, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
    ) problems`)
  const strong =
    'Connect with a login that is neither superuser nor BYPASSRLS and owns nothing, a member of both roles.'
  return found.map(({ problem, login, role }): Diagnosis => {
    switch (problem) {
      case 'not_member':
        return {
          code: 'login_not_member',
          severity: 'error',
          message: `login ${login} may not take the role ${role}`,
          action: `grant ${role} to ${login}`,
        }
      case 'owner':
        return {
          code: 'login_strong',
          severity: 'warning',
          message: `login ${login} owns tables of schema ${db.names.schema} and could turn row security off`,
          action: 'Apply migrations() with another login than the one that works (see the README).',
        }
      default:
        return {
          code: 'login_strong',
          severity: 'warning',
          message: `login ${login} ${problem === 'superuser' ? 'is superuser' : 'has BYPASSRLS'}`,
          action: strong,
        }
    }
  })
}
