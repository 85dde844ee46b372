import type { Database } from './database.ts'

/**
 * What would let one platform tenant see another's rows although the SQL is right: a role that row security does not bind, or a table without it.
 * Read from the catalogue. Empty when all is well.
 */
export async function isolationProblems(db: Database): Promise<string[]> {
  return db.asLogin(async (tx) => {
    const found = await tx.texts(`
      select format('role %s is superuser', rolname) from pg_roles where rolname in (:app_name, :worker_name) and rolsuper
      union all
      select format('role %s has BYPASSRLS', rolname) from pg_roles where rolname in (:app_name, :worker_name) and rolbypassrls
      union all
      select format('role %s is missing', wanted) from unnest(array[:app_name, :worker_name]) as w(wanted)
        where not exists (select from pg_roles where rolname = wanted)
      union all
      select format('role %s owns table %s', r.rolname, c.relname) from pg_class c join pg_roles r on r.oid = c.relowner
        where c.relnamespace = to_regnamespace(:schema_name) and c.relkind in ('r', 'p') and r.rolname in (:app_name, :worker_name)
      union all
      select format('table %s has no forced row level security', relname) from pg_class
        where relnamespace = to_regnamespace(:schema_name) and relkind in ('r', 'p') and relname <> 'migrations'
          and not (relrowsecurity and relforcerowsecurity)`)
    return found.filter((problem) => problem !== null)
  })
}
