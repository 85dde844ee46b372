export type { PgBossQueueOptions } from './options.ts'
export { type PgBossQueue, pgBossQueue } from './pg-boss-queue.ts'
