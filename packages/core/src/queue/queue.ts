import type { SqlTransaction } from '../storage/transaction.ts'

export interface QueueEntry {
  platformTenantId: string
  /** Row id of the M365 tenant. */
  m365TenantId: string
  scanId: string
}

/** `done`: the entry is spent. `later`: not possible now, deliver it again after `delayMs`. */
export type DeliveryOutcome = { kind: 'done' } | { kind: 'later'; delayMs: number }

/**
 * Brings scans to workers, first in, first out; which scan a worker then takes is the storage's choice, so that platform tenants get their turn. It is a hint, never the truth: the scan row is. So delivery is at least once, an entry may be lost with the process
 * (the worker's sweep enqueues it again), and `deliver` must bear being called twice for one scan.
 */
export interface Queue {
  /** Idempotent by scanId while the entry waits. Entries hold ids only, never secrets. */
  enqueue(entry: QueueEntry): Promise<void>
  /**
   * Enqueues within a transaction of the storage: the entry is there when it commits, and is not when it does not. Core uses it when storage and queue give the
   * same `databaseIdentity`, which is asked for before.
   */
  enqueueWithin?(params: { entry: QueueEntry; transaction: SqlTransaction }): Promise<void>
  /** Names the running database that the entries are kept in, as {@link Storage.databaseIdentity} does. null: it cannot be told. */
  databaseIdentity?(): Promise<string | null>
  /** Starts to deliver, at most `concurrency` at once. Called once. `deliver` never throws. */
  consume(params: { concurrency: number; deliver: (entry: QueueEntry) => Promise<DeliveryOutcome> }): Promise<void>
  /** Drops a waiting entry; nothing happens when it is not there or already delivered. */
  remove(params: { scanId: string }): Promise<void>
  /** Whether entries can be taken and delivered now. Never rejects. */
  health?(): Promise<{ ok: boolean; detail: string }>
  /** No new delivery from now on; resolves when those under way have ended. Idempotent. */
  close(): Promise<void>
}
