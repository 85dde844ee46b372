import type { Database, Tx } from '../database.ts'
import type { Diagnosis } from './diagnosis.ts'

type Who = 'app' | 'worker'

const all = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

/** What the migrations grant on whole tables. */
const granted: Readonly<Record<string, Readonly<Record<Who, readonly string[]>>>> = {
  m365_tenants: { app: all, worker: [] },
  credentials: { app: all, worker: [] },
  scans: { app: ['SELECT', 'INSERT'], worker: ['SELECT'] },
  scan_results: { app: ['SELECT', 'INSERT'], worker: ['SELECT', 'INSERT', 'UPDATE'] },
  scan_events: { app: ['SELECT', 'INSERT'], worker: ['SELECT', 'INSERT'] },
  evidence: { app: ['SELECT'], worker: ['SELECT', 'INSERT', 'UPDATE'] },
  remote_runs: { app: [], worker: all },
  remote_messages: { app: [], worker: all },
  webhook_endpoints: { app: all, worker: [] },
  webhook_deliveries: { app: ['SELECT', 'INSERT'], worker: ['SELECT', 'INSERT'] },
  audit_log: { app: ['SELECT', 'INSERT'], worker: [] },
  idempotency_keys: { app: all, worker: ['DELETE'] },
  exceptions: { app: all, worker: [] },
  schedules: { app: all, worker: [] },
}

/** And on some columns of tables; one of them stands for all. */
const grantedColumns: readonly { table: string; column: string; privilege: 'SELECT' | 'UPDATE'; who: Who }[] = [
  { table: 'scans', column: 'status', privilege: 'UPDATE', who: 'app' },
  { table: 'scans', column: 'status', privilege: 'UPDATE', who: 'worker' },
  { table: 'webhook_deliveries', column: 'status', privilege: 'UPDATE', who: 'app' },
  { table: 'webhook_deliveries', column: 'status', privilege: 'UPDATE', who: 'worker' },
  { table: 'webhook_endpoints', column: 'event_types', privilege: 'SELECT', who: 'worker' },
  { table: 'webhook_endpoints', column: 'status', privilege: 'UPDATE', who: 'worker' },
  { table: 'idempotency_keys', column: 'begun_at', privilege: 'SELECT', who: 'worker' },
]

/** Columns that a role must not read although it may read others of the table. */
const hiddenColumns: readonly { table: string; column: string; who: Who }[] = [
  { table: 'webhook_endpoints', column: 'secrets', who: 'worker' },
  { table: 'idempotency_keys', column: 'response', who: 'worker' },
]

/** Tables whose rows workers see across platform tenants, and those that they see inside the one they entered. */
const everyRow: Readonly<Record<string, string>> = {
  scans: 'every_scan',
  webhook_deliveries: 'every_delivery',
  idempotency_keys: 'every_key',
}
const entered = ['scan_results', 'scan_events', 'evidence', 'remote_runs', 'remote_messages', 'webhook_endpoints']

const policies: Readonly<Record<string, readonly { name: string; who: Who; bound: boolean }[]>> = Object.fromEntries(
  Object.keys(granted).map((table) => [
    table,
    [
      { name: 'platform_tenant', who: 'app' as const, bound: true },
      ...(everyRow[table] ? [{ name: everyRow[table], who: 'worker' as const, bound: false }] : []),
      ...(entered.includes(table) ? [{ name: 'entered_tenant', who: 'worker' as const, bound: true }] : []),
    ],
  ]),
)

interface Privilege {
  role: string
  table: string
  privilege: string
}

/** What the roles may do to the tables, against what the migrations gave them; also by PUBLIC and by roles that they are members of. */
export async function readGrants(db: Database, tx: Tx): Promise<Diagnosis[]> {
  const { schema, appRole, workerRole } = db.names
  const held = await tx.rows<Privilege>(
    `
    select json_build_object('role', r.rolname, 'table', c.relname, 'privilege', p)::text
    from pg_class c cross join pg_roles r
      cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as p
    where c.relnamespace = to_regnamespace(:schema_name) and c.relkind in ('r', 'p') and r.rolname in (:app_name, :worker_name)
      and not r.rolsuper and has_table_privilege(r.oid, c.oid, p)
    union all
    select json_build_object('role', r.rolname, 'table', c.relname, 'privilege', w.privilege || ' of ' || w.column)::text
    from jsonb_to_recordset($1::text::jsonb) as w("table" text, "column" text, privilege text)
      join pg_class c on c.oid = to_regclass(:schema_name || '.' || w.table)
      join pg_attribute a on a.attrelid = c.oid and a.attname = w.column
      cross join pg_roles r
    where r.rolname in (:app_name, :worker_name) and not r.rolsuper and has_column_privilege(r.oid, c.oid, a.attnum, w.privilege)
    union all
    select json_build_object('role', rolname, 'table', '', 'privilege', 'PRESENT')::text from pg_roles
    where rolname in (:app_name, :worker_name) and not rolsuper
    union all
    select json_build_object('role', r.rolname, 'table', '', 'privilege', p)::text
    from pg_roles r cross join unnest(array['USAGE', 'CREATE']) as p
    where r.rolname in (:app_name, :worker_name) and not r.rolsuper and has_schema_privilege(r.oid, to_regnamespace(:schema_name), p)`,
    [JSON.stringify([...grantedColumns, ...hiddenColumns.map((hidden) => ({ ...hidden, privilege: 'SELECT' }))])],
  )
  const found: Diagnosis[] = []
  for (const [who, role] of [
    ['app', appRole],
    ['worker', workerRole],
  ] as const) {
    const has = new Set(held.filter((one) => one.role === role).map((one) => `${one.table} ${one.privilege}`))
    // A superuser has everything; a role that is not there has nothing. Both are said elsewhere.
    if (!has.has(' PRESENT')) continue
    if (!has.has(' USAGE')) found.push(missing(role, 'USAGE', `schema ${schema}`))
    if (has.has(' CREATE')) found.push(excess(role, 'CREATE', `schema ${schema}`))
    for (const { table, column, privilege } of grantedColumns.filter((one) => one.who === who)) {
      if (has.has(`${table} ${privilege} of ${column}`)) continue
      found.push(missing(role, `${privilege} of ${column}`, `${schema}.${table}`))
    }
    for (const { table, column } of hiddenColumns.filter((one) => one.who === who)) {
      if (has.has(`${table} SELECT of ${column}`)) found.push(excess(role, `SELECT of ${column}`, `${schema}.${table}`))
    }
    for (const [table, wanted] of Object.entries(granted)) {
      for (const privilege of [...all, 'TRUNCATE', 'REFERENCES', 'TRIGGER']) {
        const holds = has.has(`${table} ${privilege}`)
        if (wanted[who].includes(privilege)) {
          if (!holds) found.push(missing(role, privilege, `${schema}.${table}`))
        } else if (holds) {
          found.push(excess(role, privilege, `${schema}.${table}`))
        }
      }
    }
  }
  return found
}

function missing(role: string, privilege: string, object: string): Diagnosis {
  return {
    code: 'grant_missing',
    severity: 'error',
    message: `role ${role} lacks ${privilege} on ${object}`,
    action: `Grant ${privilege} on ${object} to ${role}, as the migrations do.`,
  }
}

function excess(role: string, privilege: string, object: string): Diagnosis {
  return {
    code: 'grant_excess',
    // Neither TRUNCATE nor a table of one's own knows row security.
    severity: privilege === 'TRUNCATE' || privilege === 'CREATE' ? 'error' : 'warning',
    message: `role ${role} has ${privilege} on ${object}`,
    action: `revoke ${privilege.toLowerCase()} on ${object} from ${role} (and from PUBLIC, and from roles that it is a member of)`,
  }
}

interface Policy {
  table: string
  name: string
  roles: string[]
  permissive: boolean
  bound: boolean
}

/** Permissive policies add up: one too many, or one for another role, opens a table. */
export async function readPolicies(db: Database, tx: Tx): Promise<Diagnosis[]> {
  const { schema } = db.names
  const roles: Record<Who, string> = { app: db.names.appRole, worker: db.names.workerRole }
  const held = await tx.rows<Policy>(`
    select json_build_object('table', c.relname, 'name', p.polname, 'permissive', p.polpermissive,
      'roles', (select coalesce(json_agg(coalesce(r.rolname, 'public')), '[]') from unnest(p.polroles) as o(id) left join pg_roles r on r.oid = o.id),
      'bound', coalesce(pg_get_expr(p.polqual, p.polrelid) like '%tenantscope.platform_tenant%', false))::text
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = to_regnamespace(:schema_name)`)
  const problem = (message: string, action: string): Diagnosis => ({
    code: 'policy',
    severity: 'error',
    message,
    action,
  })
  const found: Diagnosis[] = []
  for (const [table, wanted] of Object.entries(policies)) {
    for (const { name, who, bound } of wanted) {
      const policy = held.find((one) => one.table === table && one.name === name)
      if (policy && policy.roles.join() === roles[who] && (policy.bound || !bound)) continue
      const what = policy ? 'is not the one of the migrations' : 'is missing'
      found.push(
        problem(`policy ${name} of table ${table} ${what}`, `Create it as the migrations do, for ${roles[who]} only.`),
      )
    }
    for (const policy of held) {
      if (policy.table !== table || !policy.permissive || wanted.some((one) => one.name === policy.name)) continue
      found.push(
        problem(
          `table ${table} has a further policy ${policy.name}`,
          `drop policy ${policy.name} on ${schema}.${table}`,
        ),
      )
    }
  }
  return found
}
