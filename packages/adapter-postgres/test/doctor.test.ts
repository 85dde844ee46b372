import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverDiagnosis } from '../src/doctor/diagnosis.ts'
import { migrations, pgliteStorage, postgresStorage, type SqlStorage } from '../src/index.ts'
import { missingPostgres, newDatabase, type TestDatabase } from './databases.ts'

const missing = missingPostgres()
const newest = migrations().length

describe.skipIf(missing)(`doctor on PostgreSQL${missing ? ` (${missing})` : ''}`, () => {
  const suffix = randomBytes(4).toString('hex')
  const names = { schema: 'clinic', appRole: `app_${suffix}`, workerRole: `worker_${suffix}` }
  const { appRole, workerRole } = names
  let database: TestDatabase
  /** By a login that may do nothing but work. */
  let storage: SqlStorage
  let login: { url: string; name: string }

  beforeAll(async () => {
    database = await newDatabase()
    login = await database.addLogin()
    await database.admin(`alter role ${login.name} nocreaterole`)
    const superuser = postgresStorage({ url: database.url, ...names })
    await superuser.migrate()
    await superuser.close()
    await database.admin(`grant ${appRole}, ${workerRole} to ${login.name}`)
    await database.admin(`grant usage on schema clinic to ${login.name}`)
    await database.admin(`grant select on clinic.migrations to ${login.name}`)
    storage = postgresStorage({ url: login.url, ...names })
  })
  afterAll(async () => {
    await storage?.close()
    await database?.drop([appRole, workerRole])
  })

  const found = async (of: SqlStorage = storage) =>
    (await of.doctor()).map(({ code, severity, message }) => `${severity} ${code}: ${message}`)

  it('finds nothing wrong with what the migrations made and a login that only works', async () => {
    expect(await found()).toEqual([])
  })

  it.each<[what: string, harm: string, cure: string, expected: string[]]>([
    [
      'BYPASSRLS',
      `alter role ${appRole} bypassrls`,
      `alter role ${appRole} nobypassrls`,
      [`error role_unbound: role ${appRole} has BYPASSRLS`],
    ],
    [
      'a superuser',
      `alter role ${workerRole} superuser`,
      `alter role ${workerRole} nosuperuser`,
      [`error role_unbound: role ${workerRole} is superuser`],
    ],
    [
      'a role that may log in and make roles',
      `alter role ${appRole} login createrole`,
      `alter role ${appRole} nologin nocreaterole`,
      [`warning role_strong: role ${appRole} may create roles`, `warning role_strong: role ${appRole} may log in`],
    ],
    [
      'row security off',
      'alter table clinic.scans disable row level security',
      'alter table clinic.scans enable row level security',
      ['error row_security: table scans has no forced row level security'],
    ],
    [
      'row security not forced',
      'alter table clinic.credentials no force row level security',
      'alter table clinic.credentials force row level security',
      ['error row_security: table credentials has no forced row level security'],
    ],
    [
      'TRUNCATE',
      `grant truncate on clinic.scan_events to public`,
      `revoke truncate on clinic.scan_events from public`,
      [
        `error grant_excess: role ${appRole} has TRUNCATE on clinic.scan_events`,
        `error grant_excess: role ${workerRole} has TRUNCATE on clinic.scan_events`,
      ],
    ],
    [
      'the right to make tables',
      `grant create on schema clinic to ${appRole}`,
      `revoke create on schema clinic from ${appRole}`,
      [`error grant_excess: role ${appRole} has CREATE on schema clinic`],
    ],
    [
      'a worker that reads credentials',
      `grant select on clinic.credentials to ${workerRole}`,
      `revoke select on clinic.credentials from ${workerRole}`,
      [`warning grant_excess: role ${workerRole} has SELECT on clinic.credentials`],
    ],
    [
      'a grant too few',
      `revoke insert on clinic.scans from ${appRole}`,
      `grant insert on clinic.scans to ${appRole}`,
      [`error grant_missing: role ${appRole} lacks INSERT on clinic.scans`],
    ],
    [
      'columns that cannot be updated',
      `revoke update (status) on clinic.scans from ${workerRole}`,
      `grant update (status) on clinic.scans to ${workerRole}`,
      [`error grant_missing: role ${workerRole} lacks UPDATE of status on clinic.scans`],
    ],
    [
      'a worker that reads the secrets of endpoints',
      `grant select (secrets) on clinic.webhook_endpoints to ${workerRole}`,
      `revoke select (secrets) on clinic.webhook_endpoints from ${workerRole}`,
      [`warning grant_excess: role ${workerRole} has SELECT of secrets on clinic.webhook_endpoints`],
    ],
    [
      'an audit log that can be changed',
      `grant update, delete on clinic.audit_log to ${appRole}`,
      `revoke update, delete on clinic.audit_log from ${appRole}`,
      [
        `warning grant_excess: role ${appRole} has DELETE on clinic.audit_log`,
        `warning grant_excess: role ${appRole} has UPDATE on clinic.audit_log`,
      ],
    ],
    [
      'a policy too many',
      'create policy backdoor on clinic.scans using (true)',
      'drop policy backdoor on clinic.scans',
      ['error policy: table scans has a further policy backdoor'],
    ],
    [
      'a policy for another role',
      'alter policy every_scan on clinic.scans to public',
      `alter policy every_scan on clinic.scans to ${workerRole}`,
      ['error policy: policy every_scan of table scans is not the one of the migrations'],
    ],
    [
      'an older schema',
      `delete from clinic.migrations where version = ${newest}`,
      '',
      [`error schema_version: schema clinic is at version ${newest - 1}, this package needs ${newest}`],
    ],
  ])('finds %s', async (_, harm, cure, expected) => {
    const kept = await database.admin<Record<string, string>>(
      `select *, applied_at::text as at from clinic.migrations where version = ${newest}`,
    )
    await database.admin(harm)
    const during = await found()
    const row = kept[0]
    await database.admin(
      cure || `insert into clinic.migrations values (${newest}, '${row?.name}', '${row?.checksum}', '${row?.at}')`,
    )
    expect(during.sort()).toEqual(expected)
    expect(await found()).toEqual([])
  })

  it('finds a role of ours that owns a table, or may become its owner', async () => {
    const owns = `error role_owner: role ${appRole} owns table evidence`
    await database.admin(`alter table clinic.evidence owner to ${appRole}`)
    expect(await found()).toContain(owns)
    // Its grants were lost to the ownership.
    await database.admin(
      `alter table clinic.evidence owner to current_user; grant select on clinic.evidence to ${appRole}`,
    )
    const owner = await database.addLogin()
    await database.admin(`alter table clinic.evidence owner to ${owner.name}; grant ${owner.name} to ${appRole}`)
    expect(await found()).toContain(`error role_owner: role ${appRole} is a member of ${owner.name}, which owns tables`)
    await database.admin(`alter table clinic.evidence owner to current_user; revoke ${owner.name} from ${appRole}`)
    expect(await found()).toEqual([])
  })

  it('finds a schema that is newer, changed, missing or out of reach', async () => {
    await database.admin(`insert into clinic.migrations values (${newest + 5}, 'future', 'x')`)
    expect(await found()).toEqual([
      expect.stringMatching(new RegExp(`schema_version: .*version ${newest + 5}.*up to ${newest}`)),
    ])
    await database.admin(`delete from clinic.migrations where version = ${newest + 5}`)
    await database.admin(`revoke select on clinic.migrations from ${login.name}`)
    expect(await found()).toEqual([expect.stringContaining('error schema_unreadable')])
    await database.admin(`grant select on clinic.migrations to ${login.name}`)
    const nowhere = postgresStorage({ url: login.url, ...names, schema: 'nowhere' })
    expect(await found(nowhere)).toEqual(['error schema_missing: schema nowhere is missing'])
    await nowhere.close()
  })

  it('finds a login that cannot take the roles, is superuser or owns the tables', async () => {
    await database.admin(`revoke ${workerRole} from ${login.name}`)
    expect(await found()).toEqual([`error login_not_member: login ${login.name} may not take the role ${workerRole}`])
    await database.admin(`grant ${workerRole} to ${login.name}`)
    const superuser = postgresStorage({ url: database.url, ...names })
    expect(await found(superuser)).toEqual([expect.stringMatching(/^warning login_strong: login \S+ is superuser$/)])
    await superuser.close()
    const tables = await database.admin<{ t: string }>(
      `select tablename as t from pg_tables where schemaname = 'clinic'`,
    )
    for (const { t } of tables) await database.admin(`alter table clinic.${t} owner to ${login.name}`)
    expect(await found()).toEqual([expect.stringMatching(/^warning login_strong: .* owns tables of schema clinic/)])
    for (const { t } of tables) await database.admin(`alter table clinic.${t} owner to current_user`)
    await database.admin(`grant select on clinic.migrations to ${login.name}`)
    expect(await found()).toEqual([])
  })

  it('says what to do', async () => {
    await database.admin(`alter role ${appRole} bypassrls`)
    const [first] = await storage.doctor()
    await database.admin(first?.action ?? '')
    expect(await storage.doctor()).toEqual([])
  })
})

describe('doctor on PGlite', () => {
  it('finds the schema missing, and after migrate() nothing', async () => {
    const storage = pgliteStorage()
    try {
      expect(await storage.doctor()).toMatchObject([
        { code: 'schema_missing', action: expect.stringContaining('migrate()') },
      ])
      await storage.migrate()
      expect(await storage.doctor()).toEqual([])
    } finally {
      await storage.close()
    }
  })
})

describe('server version', () => {
  it.each([130_022, 90_624])('refuses %s', (version) => {
    expect(serverDiagnosis(version)).toMatchObject([{ code: 'server_too_old', severity: 'error' }])
  })

  it.each([140_000, 180_004])('takes %s', (version) => {
    expect(serverDiagnosis(version)).toEqual([])
  })
})
