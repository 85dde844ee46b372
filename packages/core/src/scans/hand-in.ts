import type { Logger } from '../logging/logger.ts'
import type { Queue } from '../queue/queue.ts'
import type { ScanStore, Storage } from '../storage/storage.ts'
import type { SqlTransaction } from '../storage/transaction.ts'
import { entryOf, type Scan } from './scan.ts'

type NewScan = Omit<Parameters<ScanStore['insert']>[0], 'alongside'>

/**
 * Stores a new scan and brings it into the queue. Where both live in one database that is one transaction; otherwise the queue is told after the scan is stored,
 * and the sweep brings in what a crash or a failing queue left out in between.
 */
export interface HandIn {
  store(scan: NewScan): Promise<Scan | 'limit_reached' | null>
}

/** So many failures in a row, while the scan alone could be stored, and it is not tried again: a role without rights will not get any. */
const patience = 3

export function handIn(params: { storage: Storage; queue: Queue; logger: Logger }): HandIn {
  const { storage, queue, logger } = params
  let oneDatabase: Promise<boolean> | null = null
  let failures = 0

  const together = async (): Promise<boolean> => {
    if (!queue.enqueueWithin || failures >= patience) return false
    oneDatabase ??= inOneDatabase(storage, queue).catch(() => {
      // Not answered: asked again next time.
      oneDatabase = null
      return false
    })
    return oneDatabase
  }
  const after = async (scan: NewScan) => {
    const stored = await storage.scans.insert(scan)
    if (stored === null || stored === 'limit_reached') return stored
    try {
      await queue.enqueue(entryOf(stored))
    } catch {
      logger.warn('the queue took no scan; the sweep hands it in again', { scanId: stored.id })
    }
    return stored
  }

  return {
    store: async (scan) => {
      if (!(await together())) return after(scan)
      const entry = entryOf(scan.scan)
      let refused: unknown = null
      const alongside = async (transaction: SqlTransaction) => {
        refused = null
        try {
          await queue.enqueueWithin?.({ entry, transaction })
        } catch (error) {
          refused = error
          throw error
        }
      }
      try {
        const stored = await storage.scans.insert({ ...scan, alongside })
        failures = 0
        return stored
      } catch (error) {
        if (refused === null) throw error
        const stored = await after(scan)
        failures += 1
        const message = 'a scan could not be enqueued in the transaction that stores it, and was enqueued afterwards'
        logger.warn(message, { scanId: scan.scan.id, triedAgain: failures < patience })
        return stored
      }
    },
  }
}

async function inOneDatabase(storage: Storage, queue: Queue): Promise<boolean> {
  // Also opens the queue's connection: it must not be opened for the first time inside a transaction of a database with one session.
  const [mine, its] = await Promise.all([storage.databaseIdentity?.() ?? null, queue.databaseIdentity?.() ?? null])
  return mine !== null && mine === its
}
