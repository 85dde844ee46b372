import { createHash } from 'node:crypto'
import { type SchemaNames, type SchemaOptions, schemaNames, withNames } from '../schema-names.ts'
import { scans } from './0001-scans.ts'
import { turns } from './0002-turns.ts'
import { remoteRuns } from './0003-remote-runs.ts'
import { outbox } from './0004-outbox.ts'

export interface Migration {
  version: number
  name: string
  /** Of the text before names are put in: the same in every installation. */
  checksum: string
  sql: string
}

/** Forward only. A shipped text is never edited: its checksum is in every ledger. */
const texts: readonly { name: string; sql: string }[] = [
  { name: 'scans', sql: scans },
  { name: 'turns', sql: turns },
  { name: 'remote-runs', sql: remoteRuns },
  { name: 'outbox', sql: outbox },
]

export function plannedMigrations(): Migration[] {
  return texts.map(({ name, sql }, index) => ({
    version: index + 1,
    name,
    checksum: createHash('sha256').update(sql).digest('hex'),
    sql,
  }))
}

/** What has to stand before the first migration. Safe to run again. */
export const ledger = `
create schema if not exists :schema;
create table if not exists :schema.migrations (
  version integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);
`

/** The ledger row goes in before the migration's own statements: of two migrators that got this far, the second stops here. */
export function ledgerRow(migration: Migration): string {
  return `insert into :schema.migrations (version, name, checksum)
    values (${migration.version}, '${migration.name}', '${migration.checksum}');`
}

/**
 * The migrations as SQL, for a host that applies schema changes with a tool and a login of its own. Each text is to be run in one transaction, in
 * order, and keeps the ledger itself, so that `migrate()` then finds nothing to do.
 */
export function migrations(options: SchemaOptions = {}): Migration[] {
  const names: SchemaNames = schemaNames(options)
  return plannedMigrations().map((migration) => ({
    ...migration,
    sql: withNames(`${migration.version === 1 ? ledger : ''}${ledgerRow(migration)}\n${migration.sql}`, names),
  }))
}
