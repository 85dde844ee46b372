import { isTenantscopeError, type Storage } from '@tenantscope/core'
import { Database } from './database.ts'
import type { Driver } from './driver/driver.ts'
import { storageError } from './driver/errors.ts'
import { GrowthHub } from './growth-hub.ts'
import { isolationProblems } from './isolation.ts'
import { migrate } from './migrations/migrate.ts'
import { type SchemaOptions, schemaNames } from './schema-names.ts'
import { eventStore, evidenceStore, resultStore, scanStore } from './stores/scans.ts'
import { credentialStore, tenantStore } from './stores/tenants.ts'
import { workStore } from './stores/work.ts'

/** The Storage over any driver. */
export function sqlStorage(driver: Driver, options: SchemaOptions & { statementTimeoutMs: number }): Storage {
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
    work: workStore(db),
    listen: async (onGrowth) => {
      try {
        return await hub.add(onGrowth)
      } catch (error) {
        throw storageError(error)
      }
    },
    health: () => health(db),
    close: () => {
      closing ??= hub.close().then(() => db.close())
      return closing
    },
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
      ? { ok: false, detail: `Platform tenants are not kept apart: ${problems.join('; ')}.` }
      : { ok: true, detail: state ?? '' }
  } catch (error) {
    return { ok: false, detail: isTenantscopeError(error) ? error.message : 'The database failed.' }
  }
}
