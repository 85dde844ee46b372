export type { PgliteDatabase, PgliteTransaction } from './driver/pglite-driver.ts'
export { type Migration, migrations } from './migrations/migrations.ts'
export { type PgliteStorageOptions, pgliteStorage } from './pglite.ts'
export type { SchemaOptions } from './schema-names.ts'
