import { InvalidInputError } from '@tenantscope/core'

/** The names that differ between installations. Everything else in the SQL is fixed. */
export interface SchemaNames {
  schema: string
  /** Takes the place of the login in every transaction of one platform tenant. */
  appRole: string
  /** Takes the place of the login in the transactions of workers. */
  workerRole: string
  /** Of LISTEN and NOTIFY. */
  channel: string
}

export interface SchemaOptions {
  /** Schema that holds the tables; created by migrate(). Default `tenantscope`. */
  schema?: string
  /** Default `tenantscope_app`. Roles belong to the whole server: give each installation on it its own pair if they must not share. */
  appRole?: string
  /** Default `tenantscope_worker`. */
  workerRole?: string
}

/** Names go into SQL as text, so they are held to a pattern that needs no escaping. Leaves room for the channel's suffix within 63 bytes. */
const pattern = /^[a-z_][a-z0-9_]{0,47}$/

export function schemaNames(options: SchemaOptions): SchemaNames {
  const schema = options.schema ?? 'tenantscope'
  const appRole = options.appRole ?? 'tenantscope_app'
  const workerRole = options.workerRole ?? 'tenantscope_worker'
  const wrong = Object.entries({ schema, appRole, workerRole })
    .filter(([, name]) => !pattern.test(name) || name.startsWith('pg_'))
    .map(([key]) => ({
      pointer: `/${key}`,
      detail: 'must be 1 to 48 of a-z, 0-9 and _, must not begin with a digit or with pg_.',
    }))
  if (appRole === workerRole) wrong.push({ pointer: '/workerRole', detail: 'must be another role than appRole.' })
  if (wrong.length > 0) throw new InvalidInputError(wrong)
  return { schema, appRole, workerRole, channel: `${schema}_growth` }
}

/** Puts the names in: `:schema.scans` → `"tenantscope".scans`, `:app_name` → `'tenantscope_app'`. `::text` is left alone. */
export function withNames(sql: string, names: SchemaNames): string {
  const words: Record<string, string> = {
    schema: `"${names.schema}"`,
    app: `"${names.appRole}"`,
    worker: `"${names.workerRole}"`,
    schema_name: `'${names.schema}'`,
    app_name: `'${names.appRole}'`,
    worker_name: `'${names.workerRole}'`,
    channel_name: `'${names.channel}'`,
  }
  return sql.replace(
    /(?<!:):(schema_name|app_name|worker_name|channel_name|schema|app|worker)\b/g,
    (_, word: string) => {
      return words[word] ?? word
    },
  )
}
