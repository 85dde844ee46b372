import type { Database, Tx } from '../database.ts'
import type { Diagnosis } from './diagnosis.ts'

interface Row {
  code: Diagnosis['code']
  subject: string
  message: string
}

/**
 * What would let one platform tenant see another's rows although the SQL is right: a role that row security does not bind, or a table without it.
 * Read from the catalogue. Empty when all is well. `migrate()` refuses on these.
 */
export async function isolationProblems(db: Database): Promise<Diagnosis[]> {
  return db.asLogin((tx) => readIsolation(db, tx))
}

export async function readIsolation(db: Database, tx: Tx): Promise<Diagnosis[]> {
  const found = await tx.rows<Row>(`
    with ours as (select oid, rolname, rolsuper, rolbypassrls from pg_roles where rolname in (:app_name, :worker_name)),
    tables as (select oid, relname, relowner, relrowsecurity, relforcerowsecurity from pg_class
      where relnamespace = to_regnamespace(:schema_name) and relkind in ('r', 'p'))
    select json_build_object('code', code, 'subject', subject, 'message', message)::text from (
      select 'role_unbound' as code, rolname::text as subject, format('role %s is superuser', rolname) as message from ours where rolsuper
      union all
      select 'role_unbound', rolname, format('role %s has BYPASSRLS', rolname) from ours where rolbypassrls
      union all
      select 'role_missing', wanted, format('role %s is missing', wanted) from unnest(array[:app_name, :worker_name]) as w(wanted)
        where not exists (select from ours where rolname = wanted)
      union all
      select 'role_owner', r.rolname, format('role %s owns table %s', r.rolname, t.relname) from tables t join ours r on r.oid = t.relowner
      union all
      select 'role_owner', r.rolname, format('role %s is a member of %s, which owns tables', r.rolname, o.rolname)
        from ours r join pg_roles o on o.oid in (select relowner from tables) and o.oid <> r.oid
        where not r.rolsuper and pg_has_role(r.oid, o.oid, 'MEMBER')
      union all
      select 'row_security', relname, format('table %s has no forced row level security', relname) from tables
        where relname <> 'migrations' and not (relrowsecurity and relforcerowsecurity)
    ) problems`)
  return found.map(({ code, subject, message }) => ({
    code,
    severity: 'error',
    message,
    action: remedy(db, code, subject),
  }))
}

function remedy(db: Database, code: Diagnosis['code'], subject: string): string {
  const { schema } = db.names
  switch (code) {
    case 'role_unbound':
      return `alter role ${subject} nosuperuser nobypassrls`
    case 'role_missing':
      return `create role ${subject} nologin, and grant it what the migrations grant; or run migrate() with a login that may create roles on an empty schema`
    case 'role_owner':
      return `Give the tables of schema ${schema} another owner, of whom ${subject} is no member.`
    default:
      return `alter table ${schema}.${subject} enable row level security, force row level security`
  }
}
