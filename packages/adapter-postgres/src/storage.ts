import { isTenantscopeError, type Storage } from '@tenantscope/core'
import { Database } from './database.ts'
import type { Diagnosis } from './doctor/diagnosis.ts'
import { examine } from './doctor/doctor.ts'
import { isolationProblems } from './doctor/isolation.ts'
import type { Driver } from './driver/driver.ts'
import { storageError } from './driver/errors.ts'
import { GrowthHub } from './growth-hub.ts'
import { migrate } from './migrations/migrate.ts'
import { type SchemaOptions, schemaNames } from './schema-names.ts'
import { auditStore } from './stores/audit.ts'
import { exceptionStore } from './stores/exceptions.ts'
import { idempotencyStore } from './stores/idempotency.ts'
import { remoteRunStore } from './stores/remote-runs.ts'
import { eventStore, evidenceStore, resultStore, scanStore } from './stores/scans.ts'
import { scheduleStore } from './stores/schedules.ts'
import { credentialStore, tenantStore } from './stores/tenants.ts'
import { webhookStore } from './stores/webhooks.ts'
import { workStore } from './stores/work.ts'

/** What the storages of this package have besides the contract. */
export interface SqlStorage extends Storage {
  /** Looks at server, schema, roles, row security and grants, and says what is wrong and what to do. Empty when all is well. Changes nothing. */
  doctor(): Promise<Diagnosis[]>
}

/** The Storage over any driver. */
export function sqlStorage(driver: Driver, options: SchemaOptions & { statementTimeoutMs: number }): SqlStorage {
  const db = new Database(driver, schemaNames(options), options)
  const hub = new GrowthHub(driver, db.names.channel)
  let closing: Promise<void> | null = null
  return {
    name: driver.name,
    migrate: () => migrate(db),
    m365Tenants: tenantStore(db),
    credentials: credentialStore(db),
    scans: scanStore(db),
    results: resultStore(db),
    events: eventStore(db),
    evidence: evidenceStore(db),
    webhooks: webhookStore(db),
    audit: auditStore(db),
    idempotency: idempotencyStore(db),
    exceptions: exceptionStore(db),
    schedules: scheduleStore(db),
    work: workStore(db),
    remoteRuns: remoteRunStore(db),
    listen: async (onGrowth) => {
      try {
        return await hub.add(onGrowth)
      } catch (error) {
        throw storageError(error)
      }
    },
    databaseIdentity: () => databaseIdentity(db),
    health: () => health(db),
    doctor: () => examine(db),
    close: () => {
      closing ??= hub.close().then(() => db.close())
      return closing
    },
  }
}

/** Of the cluster, the database in it, and this run of the server: a copy is started at another moment. Null where the login may not look. */
async function databaseIdentity(db: Database): Promise<string | null> {
  try {
    const [identity] = await db.asLogin((tx) =>
      tx.texts(
        `select concat_ws('/', c.system_identifier, d.oid, extract(epoch from pg_postmaster_start_time()))
          from pg_control_system() c, pg_database d where d.datname = current_database()`,
      ),
    )
    return identity ?? null
  } catch (error) {
    if (isTenantscopeError(error) && error.code === 'storage_refused') return null
    throw error
  }
}

async function health(db: Database): Promise<{ ok: boolean; detail: string }> {
  try {
    const [state] = await db.asLogin((tx) =>
      tx.texts(
        `select format('PostgreSQL %s, schema %s %s', current_setting('server_version'), :schema_name, case when to_regclass(:schema_name || '.migrations')
          is null then 'is missing: run migrate()' else 'is there' end)`,
      ),
    )
    if (state?.endsWith('migrate()')) return { ok: false, detail: state }
    const problems = await isolationProblems(db)
    return problems.length > 0
      ? {
          ok: false,
          detail: `Platform tenants are not kept apart: ${problems.map(({ message }) => message).join('; ')}.`,
        }
      : { ok: true, detail: state ?? '' }
  } catch (error) {
    return { ok: false, detail: isTenantscopeError(error) ? error.message : 'The database failed.' }
  }
}
